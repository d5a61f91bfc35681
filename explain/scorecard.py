"""A logistic scorecard taken out of a scikit-learn pipeline: one weight rule per field.

The pipeline is read with skops after its list of types has been held against the one below; a type
that is not on it is named and nothing is loaded.
"""

import io
import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .contract import Contract
from .errors import BundleInvalid, FileTooLarge, UnsafeModelFile
from .values import Row, Scalar

SAFE_TYPES = frozenset(
    {
        "builtins.dict",
        "builtins.list",
        "builtins.slice",
        "builtins.str",
        "builtins.tuple",
        "numpy.float64",
        "numpy.int64",
        "numpy.ndarray",
        "sklearn.compose._column_transformer.ColumnTransformer",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.preprocessing._encoders.OneHotEncoder",
    }
)
SAFE_LOADERS = frozenset(
    {
        "DictNode",
        "JsonNode",
        "ListNode",
        "NdArrayNode",
        "ObjectNode",
        "SliceNode",
        "TupleNode",
        "TypeNode",
    }
)
UNPACKED_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Slope:
    """A number counts ``weight`` per unit away from ``centre``."""

    weight: float
    centre: float

    def amount(self, value: Scalar) -> float:
        """What this value adds to the log-odds; TypeError for anything that is no number."""
        if not isinstance(value, float):
            msg = "a number is needed"
            raise TypeError(msg)
        return self.weight * (value - self.centre)


@dataclass(frozen=True, slots=True)
class Points:
    """Each level of a category counts its own points."""

    points: Mapping[str, float]

    def amount(self, value: Scalar) -> float:
        """What this level adds to the log-odds; KeyError for a level the model never met."""
        return self.points[str(value)]


@dataclass(frozen=True, slots=True)
class LinearCard:
    """Log-odds of bad as an intercept plus one amount per field."""

    intercept: float
    rules: Mapping[str, Slope | Points]

    @classmethod
    def of_pipeline(cls, pipeline: Any, contract: Contract, path: str) -> "LinearCard":
        """Take the weights out of the pipeline; BundleInvalid when it has another shape."""
        names = tuple(f.name for f in contract.features)
        rules: dict[str, Slope | Points] = {}
        try:
            columns, logit = pipeline.named_steps.values()
            weights = [float(w) for w in logit.coef_[0]]
            if list(logit.classes_) != [0, 1]:
                raise ValueError  # noqa: TRY301 # told below, like every other odd shape
            for _, step, places in columns.transformers_:
                fields = [names[place] for place in places]
                taken = _rules(step, fields, weights)
                weights = weights[sum(width for _, width in taken.values()) :]
                rules |= {name: rule for name, (rule, _) in taken.items()}
            if weights or set(rules) != set(names):
                raise ValueError  # noqa: TRY301
        except (AttributeError, IndexError, TypeError, ValueError):
            shape = "the pipeline must be ColumnTransformer(OneHotEncoder, StandardScaler) over"
            promise = f"{shape} the contract's features, then LogisticRegression for 0 and 1"
            raise BundleInvalid(path, (promise,)) from None
        return cls(float(logit.intercept_[0]), {name: rules[name] for name in names})

    def amounts(self, row: Row) -> list[float]:
        """What each field adds, in contract order."""
        return [rule.amount(row[name]) for name, rule in self.rules.items()]

    def score(self, row: Row) -> float:
        """Log-odds of bad."""
        return math.fsum([self.intercept, *self.amounts(row)])

    def means(self, rows: Sequence[Row]) -> list[float]:
        """The mean amount of each field over the background rows."""
        columns = zip(*(self.amounts(row) for row in rows), strict=True)
        return [math.fsum(column) / len(rows) for column in columns]


def _rules(
    step: Any, fields: Sequence[str], weights: Sequence[float]
) -> dict[str, tuple[Slope | Points, int]]:
    """The rule of each field of one transformer, with how many weights it took."""
    taken: dict[str, tuple[Slope | Points, int]] = {}
    kind = type(step).__name__
    if kind == "StandardScaler":
        for place, name in enumerate(fields):
            slope = Slope(weights[place] / float(step.scale_[place]), float(step.mean_[place]))
            taken[name] = (slope, 1)
    elif kind == "OneHotEncoder":
        used = 0
        dropped = step.drop_idx_ if step.drop_idx_ is not None else [None] * len(fields)
        for name, levels, drop in zip(fields, step.categories_, dropped, strict=True):
            kept = [str(level) for place, level in enumerate(levels) if place != drop]
            points = {str(level): 0.0 for level in levels}
            points |= dict(zip(kept, weights[used : used + len(kept)], strict=True))
            taken[name] = (Points(points), len(kept))
            used += len(kept)
    elif fields:
        raise ValueError
    return taken


def read_pipeline(content: bytes, path: str) -> Any:
    """Read a skops archive whose every type is on the list; UnsafeModelFile otherwise."""
    unsafe = _unsafe_types(content, path)
    if unsafe:
        raise UnsafeModelFile(path, unsafe)
    import skops.io

    untrusted = skops.io.get_untrusted_types(data=content)
    if untrusted:
        raise UnsafeModelFile(path, tuple(untrusted))
    return skops.io.loads(content, trusted=[])


def _unsafe_types(content: bytes, path: str) -> tuple[str, ...]:
    """Types and loaders named in the archive that are not on the lists, sorted."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
            if size > UNPACKED_BYTES_MAX:
                raise FileTooLarge(path, size, UNPACKED_BYTES_MAX)
            schema = json.loads(archive.read("schema.json"))
    except (zipfile.BadZipFile, KeyError, ValueError, RecursionError):
        return ("no skops archive",)
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            waiting += node.values()
            if "__loader__" in node or "__class__" in node:
                found |= _unsafe_names(node)
    return tuple(sorted(found))


def _unsafe_names(node: Mapping[str, Any]) -> set[str]:
    """The node's type and loader where they are not on the lists."""
    kind = f"{node.get('__module__')}.{node.get('__class__')}"
    loader = str(node.get("__loader__"))
    unsafe = set() if kind in SAFE_TYPES else {kind}
    return unsafe if loader in SAFE_LOADERS else unsafe | {f"{kind} by {loader}"}
