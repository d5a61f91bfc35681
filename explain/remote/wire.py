"""What three protocols for asking models look like: the path, the question and the answer.

KServe V1 (``:predict``), the Open Inference Protocol V2 (``/infer``) and MLflow (``/invocations``).
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..declared.contract import Contract
from ..values import Row
from .spec import RemoteSpec


class NonsenseAnswerError(ValueError):
    """An answer that cannot be scores; says why without repeating it."""


class Wire(NamedTuple):
    """One protocol."""

    path: Callable[[RemoteSpec], str]
    question: Callable[["Cells"], Mapping[str, Any]]
    numbers: Callable[[RemoteSpec, Any, int], list[Any]]


class Cells:
    """Rows as a protocol sends them, fields in the contract's order."""

    def __init__(self, spec: RemoteSpec, contract: Contract, rows: Sequence[Row]) -> None:
        self.spec = spec
        self.names = [field.name for field in contract.features]
        codes = spec.categories == "codes"
        tables = {
            field.name: {level: code for code, level in enumerate(field.levels)} if codes else {}
            for field in contract.features
        }
        self.texts = {f.name for f in contract.features if f.levels and not codes}
        self.rows = [[self._cell(row, name, tables[name]) for name in self.names] for row in rows]

    def _cell(self, row: Row, name: str, codes: Mapping[str, int]) -> Any:
        """One value: a gap by its stand-in, a category by its code where so agreed."""
        value = row[name]
        if value is None:
            return self.spec.gap
        return codes[value] if codes and isinstance(value, str) else value


def _kserve_path(spec: RemoteSpec) -> str:
    return f"{spec.place.path.rstrip('/')}/v1/models/{spec.model}:predict"


def _kserve_question(cells: Cells) -> Mapping[str, Any]:
    if cells.spec.rows == "lists":
        return {"instances": cells.rows}
    return {"instances": [dict(zip(cells.names, row, strict=True)) for row in cells.rows]}


def _predictions(spec: RemoteSpec, told: Any, count: int) -> list[Any]:
    predictions = told.get("predictions") if isinstance(told, dict) else None
    if not isinstance(predictions, list) or len(predictions) != count:
        msg = "it has not one prediction per row"
        raise NonsenseAnswerError(msg)
    return [_picked(one, spec.answer) for one in predictions]


def _picked(told: Any, answer: str) -> Any:
    """The number for one row."""
    if not answer:
        return told
    try:
        return told[int(answer)] if isinstance(told, list) else told[answer]
    except (IndexError, KeyError, TypeError, ValueError):
        msg = f"a prediction has no {answer}"
        raise NonsenseAnswerError(msg) from None


def _infer_path(spec: RemoteSpec) -> str:
    version = f"/versions/{spec.version}" if spec.version else ""
    return f"{spec.place.path.rstrip('/')}/v2/models/{spec.model}{version}/infer"


def _infer_question(cells: Cells) -> Mapping[str, Any]:
    count, wanted = len(cells.rows), [{"name": cells.spec.output}]
    if cells.spec.tensor:
        numbers = [float(cell) for row in cells.rows for cell in row]
        told = _tensor(cells.spec.tensor, [count, len(cells.names)], "FP64", numbers)
        return {"inputs": [told], "outputs": wanted}
    columns = zip(*cells.rows, strict=True)
    inputs = []
    for name, column in zip(cells.names, columns, strict=True):
        text = name in cells.texts
        values = list(map(str if text else float, column))
        inputs.append(_tensor(name, [count, 1], "BYTES" if text else "FP64", values))
    return {"inputs": inputs, "outputs": wanted}


def _tensor(name: str, shape: list[int], datatype: str, values: list[Any]) -> Mapping[str, Any]:
    return {"name": name, "shape": shape, "datatype": datatype, "data": values}


def _outputs(spec: RemoteSpec, told: Any, count: int) -> list[Any]:
    outputs = told.get("outputs") if isinstance(told, dict) else None
    if spec.version and told.get("model_version") != spec.version:
        msg = f"it is not of version {spec.version}"
        raise NonsenseAnswerError(msg)
    for output in outputs if isinstance(outputs, list) else ():
        if isinstance(output, dict) and output.get("name") == spec.output:
            return _column(output, spec.answer, count)
    msg = f"it has no output {spec.output}"
    raise NonsenseAnswerError(msg)


def _column(output: Mapping[str, Any], answer: str, count: int) -> list[Any]:
    """One number per row, out of a tensor of one or several columns."""
    flat, shape = _flat(output.get("data")), output.get("shape")
    width = len(flat) // count
    place = int(answer) if answer.isdecimal() else 0
    whole = len(flat) == count * width and shape in ([count, width], [count] * (width == 1))
    if not whole or place >= width or (width > 1 and not answer):
        msg = "its output has not the agreed number per row"
        raise NonsenseAnswerError(msg)
    return flat[place::width]


def _flat(values: Any) -> list[Any]:
    """The values of a tensor, whether its rows are told apart or not."""
    if not isinstance(values, list):
        return []
    return [one for row in values for one in (row if isinstance(row, list) else [row])]


def _invocations_path(spec: RemoteSpec) -> str:
    return f"{spec.place.path.rstrip('/')}/invocations"


def _invocations_question(cells: Cells) -> Mapping[str, Any]:
    return {"dataframe_split": {"columns": cells.names, "data": cells.rows}}


WIRES: Mapping[str, Wire] = {
    "remote-kserve-v1": Wire(_kserve_path, _kserve_question, _predictions),
    "remote-oip-v2": Wire(_infer_path, _infer_question, _outputs),
    "remote-mlflow": Wire(_invocations_path, _invocations_question, _predictions),
}


def scores_in(
    wire: Wire, spec: RemoteSpec, body: bytes, count: int, *, probabilities: bool
) -> list[float]:
    """The scores that an answer holds, one per row; NonsenseAnswerError for anything else."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        msg = "it is no JSON"
        raise NonsenseAnswerError(msg) from None
    scores = []
    for number in wire.numbers(spec, told, count):
        if isinstance(number, bool) or not isinstance(number, int | float):
            msg = "a score is no number"
            raise NonsenseAnswerError(msg)
        if not math.isfinite(number):
            msg = "a score is not finite"
            raise NonsenseAnswerError(msg)
        if probabilities and not 0.0 <= number <= 1.0:
            msg = "a probability lies outside 0..1"
            raise NonsenseAnswerError(msg)
        scores.append(float(number))
    return scores
