"""A logistic scorecard taken out of a scikit-learn pipeline: one weight rule per field.

``SCORECARD_TYPES`` are the types such a pipeline is made of; a file with another is not loaded.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .contract import Contract
from .errors import BundleInvalid
from .values import Row, Scalar

SCORECARD_TYPES = frozenset(
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


class Rule(Protocol):
    """What the values of one field count."""

    def amount(self, value: Scalar) -> float:
        """What this value adds to the log-odds."""


@dataclass(frozen=True, slots=True)
class LinearCard:
    """Log-odds of bad as an intercept plus one amount per field."""

    intercept: float
    rules: Mapping[str, Rule]

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
