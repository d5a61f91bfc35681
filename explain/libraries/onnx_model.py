"""Models in ONNX, asked through onnxruntime: one probability of bad for each row.

What goes in is one tensor of all features in the contract's order, or one tensor for each feature,
named as it. Text tensors are given levels, tensors of numbers the codes of levels, and NaN for a
gap. What comes out of classifiers is a probability for each class, in a map (ZipMap) or in two
columns of which the second is of bad; or it is one column.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..adapters import Encoder
from ..declared.contract import Contract, Field
from ..errors import BundleInvalid
from ..values import PROBABILITY, Row, Scalar, Scale
from .tree_models import SINGLE_PRECISION

TEXT = "tensor(string)"
FLOATS = ("tensor(float)", "tensor(double)")
WHOLE = ("tensor(int64)", "tensor(int32)", "tensor(bool)")
DTYPES: Mapping[str, str] = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(bool)": "bool",
    TEXT: "object",
}

MATRIX, PAIR = 2, 2
"""A tensor of rows has two axes, an answer of two classes two columns.

A row alone is asked about twice: one row is multiplied in another order than several are.
"""

CLASSES = ((0, 1), ("0", "1"))
"""Good and bad, as maps name them."""

OUT_OF_RANGE = 1e-6
"""By so much a probability in single precision may leave 0..1; it is taken for the end."""

WORDS_MAX = 200

NO_FOLDER = "/nonexistent"
"""Where weights outside of the file would have to lie: nowhere."""


class _Input(NamedTuple):
    """One tensor that a model asks for."""

    name: str
    kind: str
    axes: int


class OnnxModel:
    """A classifier in ONNX; it is only asked."""

    precision = SINGLE_PRECISION
    scale: Scale = PROBABILITY

    def __init__(self, content: bytes, contract: Contract, path: str) -> None:
        self.features = tuple(field.name for field in contract.features)
        self._encoder = Encoder(contract)
        self._session = _session(content, path)
        inputs = [_Input(i.name, i.type, len(i.shape)) for i in self._session.get_inputs()]
        whole = len(inputs) == 1 and inputs[0].name not in self.features
        problems = list(_tensor_problems(inputs, contract, whole=whole))
        answers = [o for o in self._session.get_outputs() if "map(" in o.type or o.type in FLOATS]
        if len(answers) != 1:
            told = ", ".join(o.name for o in self._session.get_outputs())
            problems.append(f"the model must have one output of probabilities; it has {told}")
        if problems:
            raise BundleInvalid(path, tuple(problems))
        self._matrix = inputs[0] if whole else None
        self._inputs = {one.name: one for one in inputs}
        self._answer = answers[0].name
        self._try(contract, path)

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Probabilities of bad by onnxruntime; ValueError for what is none."""
        asked = [*rows, *rows][:PAIR] if len(rows) < PAIR else rows
        (told,) = self._session.run([self._answer], self._given(asked))
        return [_probability(one) for one in _of_bad(told, len(asked))][: len(rows)]

    def _given(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Rows as the model's tensors."""
        import numpy as np

        if self._matrix is not None:
            name, kind, _ = self._matrix
            if kind == TEXT:
                cells = [[row[feature] for feature in self.features] for row in rows]
                return {name: np.array(cells, object).reshape(len(rows), len(self.features))}
            with np.errstate(over="ignore"):
                return {name: self._encoder.encode(rows).astype(DTYPES[kind])}
        codes = self._encoder.encode(rows)
        given = {}
        for place, name in enumerate(self.features):
            one = self._inputs[name]
            column: Any = codes[:, place]
            if one.kind == TEXT:
                column = np.array([row[name] for row in rows], object)
            with np.errstate(over="ignore"):
                column = column.astype(DTYPES[one.kind])
            given[name] = column.reshape(-1, 1) if one.axes == MATRIX else column
        return given

    def _try(self, contract: Contract, path: str) -> None:
        """Ask about two rows that the contract lets through; BundleInvalid where that fails."""
        row = {field.name: _some_value(field) for field in contract.features}
        try:
            self.score([row, row])
        except Exception as failed:  # noqa: BLE001 # onnxruntime has kinds of its own
            problem = f"onnxruntime cannot score a row of the contract ({_words(failed)})"
            raise BundleInvalid(path, (problem,)) from None


def _session(content: bytes, path: str) -> Any:
    """The model in onnxruntime's hands, on one thread; BundleInvalid where it takes none."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 4  # what it says may hold values
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", NO_FOLDER
    )
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as refused:  # noqa: BLE001 # onnxruntime has kinds of its own
        problem = f"onnxruntime cannot read this model ({_words(refused)})"
        if "xternal data" in str(refused):
            problem += ": save it with all of its weights in the file"
        raise BundleInvalid(path, (problem,)) from None


def _tensor_problems(inputs: Sequence[_Input], contract: Contract, *, whole: bool) -> "list[str]":
    """What keeps the model's inputs from being the contract's features."""
    if whole:
        (one,) = inputs
        if one.axes != MATRIX:
            return [f"the tensor {one.name} must have two axes: rows and features"]
        return [p for field in contract.features for p in _field_problems(one, field)]
    own = {field.name: field for field in contract.features}
    found = {one.name for one in inputs}
    problems = [f"{name} is no feature of the contract" for name in sorted(found - own.keys())]
    problems += [f"the model has no input {name}" for name in own if name not in found]
    for one in inputs:
        if one.name in own:
            problems += _field_problems(one, own[one.name])
    return problems


def _field_problems(one: _Input, field: Field) -> list[str]:
    """What a tensor cannot hold of a field."""
    if one.kind not in DTYPES:
        return [f"{field.name}: a {one.kind} cannot be given"]
    problems = []
    if one.kind == TEXT and not field.levels:
        problems.append(f"{field.name} is a number in the contract and text in the model")
    if one.kind in WHOLE and field.type in ("number", "money"):
        problems.append(f"{field.name} may have decimals: export it as a float tensor")
    if one.kind not in FLOATS and not field.required:
        problems.append(f"{field.name} may be missing, and a {one.kind} has no gaps")
    return problems


def _some_value(field: Field) -> Scalar:
    """A value that the contract lets through."""
    if field.levels:
        return next(iter(field.levels))
    ends = (field.minimum, field.maximum)
    return float(next((end for end in ends if end is not None), 0.0))


def _of_bad(told: Any, count: int) -> list[Any]:
    """One number for each row; ValueError for an answer of another shape."""
    if isinstance(told, list):
        bad = next((key for good, key in CLASSES if told and set(told[0]) == {good, key}), None)
        numbers = [row.get(bad) for row in told if bad in row]
    else:
        shape = told.shape
        two = len(shape) == MATRIX and shape[1] == PAIR
        one = shape in ((count,), (count, 1))
        numbers = (told[:, 1] if two else told.reshape(-1) if one else told[:0]).tolist()
    if len(numbers) != count:
        msg = "it answers neither a probability nor those of the classes 0 and 1"
        raise ValueError(msg)
    return list(map(float, numbers))


def _probability(told: float) -> float:
    """A number of single precision as a probability; ValueError where it is none."""
    held = min(max(told, 0.0), 1.0)
    if abs(held - told) > OUT_OF_RANGE:  # what is no number stays none, and is told of later
        msg = "it answers no probability: a number lies outside of 0..1"
        raise ValueError(msg)
    return held


def _words(failed: Exception) -> str:
    """What a library says, the beginning of it."""
    return " ".join(str(failed).split())[:WORDS_MAX] or type(failed).__name__
