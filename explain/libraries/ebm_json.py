"""Explainable boosting machines (EBM) of the package interpret, read from their own JSON.

Such a model is a sum of tables: one over the bins of each field, and one for each interaction. Its
file, from ``model.to_json("model.json")``, says all of them, so it is scored here, and the package
is not needed. A gap lies in the first bin of its field, a value that training never met in the
last; a bound belongs to the bin above it. Where a field has several lists of bins, a term of so
many fields uses the list of that number, or the last.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ..additive import Binning, Cuts, Groups, SumOfTables, Table
from ..declared.contract import Contract, Field
from ..errors import BundleInvalid, FileTooLarge
from ..values import ADDITIVITY_TOLERANCE, LOG_ODDS, Row, Scalar, Scale

VERSIONS = ("1.0",)
LINK = "logit"
AXES_MAX = 4
TEXT_CHARS_MAX = 64 * 1024 * 1024
CELLS_MAX = 2_000_000
"""Of all tables together."""

TRUTHS: Mapping[str, float] = {"False": 0.0, "True": 1.0}
"""What a column of booleans is told as, and what the contract makes of it."""


class EbmError(ValueError):
    """What a file says is no model, or none that can be read; says where."""


class EbmModel:
    """A binary classifier of tables, on the contract's fields by name."""

    precision = ADDITIVITY_TOLERANCE
    scale: Scale = LOG_ODDS

    def __init__(self, text: str, contract: Contract, path: str) -> None:
        self.features = tuple(field.name for field in contract.features)
        if len(text) > TEXT_CHARS_MAX:
            raise FileTooLarge(path, len(text), TEXT_CHARS_MAX)
        try:
            told = _parsed(text)
            if problems := (*_output_problems(told), *_name_problems(told, contract)):
                raise BundleInvalid(path, problems)
            self.additive = _sum_of_tables(told, contract)
        except EbmError as refused:
            raise BundleInvalid(path, (str(refused),)) from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            raise BundleInvalid(path, ("this is no EBM in JSON",)) from None

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Log-odds of bad."""
        return [self.additive.score(row) for row in rows]


def _parsed(text: str) -> Mapping[str, Any]:
    """The model in the file; EbmError for anything that is none."""
    try:
        told = json.loads(text)
        version, model = told["version"], told["ebm"]
        model["features"], model["terms"], model["outputs"], model["intercept"]
    except (ValueError, KeyError, TypeError, RecursionError):
        msg = "this is no EBM in JSON: write it with to_json"
        raise EbmError(msg) from None
    if version not in VERSIONS:
        msg = f"version {version!r} of the format is not known, {' or '.join(VERSIONS)} is"
        raise EbmError(msg)
    return dict(model)


def _output_problems(told: Mapping[str, Any]) -> list[str]:
    """What keeps the model's answer from being one log-odds of bad."""
    outputs = told["outputs"]
    if len(outputs) != 1 or len(told["intercept"]) != 1:
        return ["the model must have one output: train it on two classes"]
    (output,) = outputs
    problems = []
    if output.get("task") != "classification":
        problems.append(f"the model must be a classifier, it is for {output.get('task')!r}")
    elif output.get("link") != LINK:
        problems.append(f"the model's link must be {LINK!r}, not {output.get('link')!r}")
    elif [_as_number(name) for name in output["classes"]] != [0.0, 1.0]:
        problems.append(f"the model's classes must be 0 and 1, not {output['classes']!r}")
    return problems


def _name_problems(told: Mapping[str, Any], contract: Contract) -> list[str]:
    """Where the model's features are not the contract's."""
    found = [str(feature["name"]) for feature in told["features"]]
    own = [field.name for field in contract.features]
    problems = [f"the model has no feature {name}" for name in own if name not in found]
    problems += [f"{name} is no feature of the contract" for name in found if name not in own]
    problems += [f"{name} is told twice" for name in dict.fromkeys(found) if found.count(name) > 1]
    return problems


def _sum_of_tables(told: Mapping[str, Any], contract: Contract) -> SumOfTables:
    """The model as tables; EbmError names the first term or feature that cannot be one."""
    binnings = {
        feature["name"]: list(_binnings(feature, contract[feature["name"]]))
        for feature in told["features"]
    }
    readings: dict[tuple[str, int], tuple[int, Binning]] = {}
    tables, cells = [], 0
    for term in told["terms"]:
        names = term["term_features"]
        label = " x ".join(names)
        if not 0 < len(names) <= AXES_MAX or len(set(names)) != len(names):
            msg = f"term {label or '?'} must be of one to {AXES_MAX} features"
            raise EbmError(msg)
        axes, sizes = [], []
        for name in names:
            level = min(len(binnings[name]), len(names)) - 1
            key = name, level
            place, binning = readings.setdefault(key, (len(readings), binnings[name][level]))
            axes.append(place)
            sizes.append(binning.count)
        cells += math.prod(sizes)
        if cells > CELLS_MAX:
            msg = f"its tables have more than {CELLS_MAX:,} cells: train with fewer bins or pairs"
            raise EbmError(msg)
        values = tuple(_cells(term["scores"], sizes, label))
        tables.append(Table(tuple(axes), tuple(sizes), values))
    kept = tuple((name, binning) for (name, _), (_, binning) in readings.items())
    return SumOfTables(_finite(told["intercept"][0], "the intercept"), kept, tuple(tables))


def _binnings(feature: Mapping[str, Any], field: Field) -> Iterator[Binning]:
    """The lists of bins of a feature, the finest first."""
    name, kind = field.name, feature["type"]
    if kind == "continuous":
        if field.levels:
            msg = f"{name} must be nominal in the model, as it is a category in the contract"
            raise EbmError(msg)
        for told in feature["cuts"]:
            bounds = tuple(_finite(bound, f"{name}: a cut") for bound in told)
            if any(not low < high for low, high in pairwise(bounds)):
                msg = f"{name}: cuts must rise"
                raise EbmError(msg)
            yield Cuts(bounds)
    elif kind in ("nominal", "ordinal"):
        for told in feature["categories"]:
            yield _groups(told, field)
    else:
        msg = f"{name}: features of the type {kind!r} cannot be read"
        raise EbmError(msg)


def _groups(told: Sequence[Any], field: Field) -> Groups:
    """Bins of categories; several may share one."""
    bins: dict[Scalar, int] = {}
    for place, group in enumerate(told, start=1):
        for text in group if isinstance(group, list) else [group]:
            value = text if field.levels else _number_of(text, field.name)
            if bins.setdefault(value, place) != place:
                msg = f"{field.name}: {text} lies in two bins"
                raise EbmError(msg)
    needed: Sequence[Scalar] = (0.0, 1.0) if field.type == "boolean" else [*field.levels]
    for value in needed:
        if value not in bins:
            msg = f"{field.name}: {value} of the contract was never met in training"
            raise EbmError(msg)
    return Groups(bins, len(told) + 2)


def _number_of(text: Any, name: str) -> float:
    """A number that training took for a category."""
    number = TRUTHS.get(text) if isinstance(text, str) else None
    number = _as_number(text) if number is None else number
    if number is None or not math.isfinite(number):
        msg = f"{name} must be continuous in the model, as it is a number in the contract"
        raise EbmError(msg)
    return number


def _cells(told: Any, sizes: Sequence[int], label: str) -> Iterator[float]:
    """The cells of a table, the last axis running fastest."""
    if not isinstance(told, list) or len(told) != sizes[0]:
        msg = f"term {label}: its scores do not fit the bins of its features"
        raise EbmError(msg)
    for part in told:
        if len(sizes) > 1:
            yield from _cells(part, sizes[1:], label)
        else:
            yield _finite(part, f"term {label}: a score")


def _finite(told: Any, what: str) -> float:
    """A number; EbmError for anything else."""
    if type(told) not in (int, float) or not math.isfinite(told):
        msg = f"{what} is no finite number"
        raise EbmError(msg)
    return float(told)


def _as_number(told: Any) -> float | None:
    """A class or a category by its number; None where it has none."""
    try:
        return float(told)
    except (TypeError, ValueError):
        return None
