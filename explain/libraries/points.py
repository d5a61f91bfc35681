"""Points scorecards: every characteristic in bins, each bin worth points, the points added up.

The industry's form of a logistic regression on weights of evidence. ``points_to_double`` points
double the odds of good to bad, and ``base_points`` stand for odds of ``base_odds`` to 1, so that

    odds of good = base_odds * 2 ** ((points - base_points) / points_to_double)

(N. Siddiqi, Credit Risk Scorecards, Wiley 2006, chapter 6, scaling).
"""

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field as Limit
from pydantic import ValidationError, model_validator

from ..declared.contract import Contract
from ..declared.plain_yaml import PlainYamlError
from ..declared.plain_yaml import read as read_yaml
from ..declared.policy_schema import FieldName, Strict, faults
from ..errors import BundleInvalid
from ..scorecard import LinearCard, Rule
from ..values import ADDITIVITY_TOLERANCE, LOG_ODDS, Row, Scalar, Scale

Number = Annotated[float, Limit(allow_inf_nan=False, ge=-1e6, le=1e6)]
Positive = Annotated[float, Limit(allow_inf_nan=False, gt=0, le=1e6)]


class BinSpec(Strict):
    """Numbers below ``below`` that are in no bin before; the last bin has no bound."""

    points: Number
    below: Annotated[float, Limit(allow_inf_nan=False)] | None = None


class CharacteristicSpec(Strict):
    """The points of one field: ``bins`` of a number, or ``levels`` of a category.

    ``missing`` are the points where the field has no value.
    """

    bins: Annotated[tuple[BinSpec, ...], Limit(max_length=200)] = ()
    levels: Annotated[dict[str, Number], Limit(default_factory=dict)]
    missing: Number | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        """Either bins in order with an open end, or levels."""
        if bool(self.bins) == bool(self.levels):
            msg = "give bins or levels"
            raise ValueError(msg)
        bounds = [told.below for told in self.bins[:-1]]
        closed = self.bins and self.bins[-1].below is not None
        known = [bound for bound in bounds if bound is not None]
        if closed or len(known) != len(bounds) or known != sorted(set(known)):
            msg = "each bin but the last has a bound, above that of the bin before"
            raise ValueError(msg)
        return self


class PointsSpec(Strict):
    """A whole scorecard as its file says it; more points are a lower risk."""

    format: Literal["1"]
    base_points: Number
    base_odds: Positive
    points_to_double: Positive
    initial_points: Number = 0.0
    characteristics: Annotated[dict[FieldName, CharacteristicSpec], Limit(min_length=1)]


@dataclass(frozen=True, slots=True)
class Bins:
    """What the bin of a number counts, in log-odds; ``bounds`` belong to the bin above them."""

    bounds: tuple[float, ...]
    amounts: tuple[float, ...]
    missing: float | None

    def amount(self, value: Scalar) -> float:
        """What this value adds; TypeError for anything that is no number and has no points."""
        if value is None and self.missing is not None:
            return self.missing
        if not isinstance(value, float):
            msg = "a number is needed"
            raise TypeError(msg)
        return self.amounts[bisect.bisect_right(self.bounds, value)]


@dataclass(frozen=True, slots=True)
class Levels:
    """What each level of a category counts, in log-odds."""

    amounts: Mapping[str, float]
    missing: float | None

    def amount(self, value: Scalar) -> float:
        """What this level adds; KeyError for one without points."""
        if value is None and self.missing is not None:
            return self.missing
        return self.amounts[str(value)]


class PointsScorecard:
    """A points scorecard read from plain YAML; it needs no library."""

    precision = ADDITIVITY_TOLERANCE
    scale: Scale = LOG_ODDS

    def __init__(self, text: str, contract: Contract, path: str) -> None:
        spec = _read(text, path)
        if problems := _problems(spec, contract):
            raise BundleInvalid(path, problems)
        self.features = tuple(field.name for field in contract.features)
        self._per_point = -math.log(2.0) / spec.points_to_double
        self._offset = spec.base_points - math.log2(spec.base_odds) * spec.points_to_double
        told = {name: spec.characteristics[name] for name in self.features}
        self._points = {name: _rule(one, 1.0) for name, one in told.items()}
        self._initial = spec.initial_points
        rules = {name: _rule(one, self._per_point) for name, one in told.items()}
        self.card = LinearCard(self._per_point * (self._initial - self._offset), rules)

    def points(self, row: Row) -> float:
        """The applicant's points."""
        told = (rule.amount(row[name]) for name, rule in self._points.items())
        return math.fsum([self._initial, *told])

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Log-odds of bad, from the points."""
        return [self._per_point * (self.points(row) - self._offset) for row in rows]


def _read(text: str, path: str) -> PointsSpec:
    """The file by its schema; BundleInvalid names every fault."""
    try:
        return PointsSpec.model_validate(read_yaml(text))
    except ValidationError as refused:
        raise BundleInvalid(path, tuple(faults(refused))) from None
    except PlainYamlError as refused:
        raise BundleInvalid(path, (str(refused),)) from None


def _problems(spec: PointsSpec, contract: Contract) -> tuple[str, ...]:
    """What the contract's features and the scorecard's characteristics deny each other."""
    problems = [
        f"{name} is no feature of the contract"
        for name in spec.characteristics
        if name not in {field.name for field in contract.features}
    ]
    for field in contract.features:
        told = spec.characteristics.get(field.name)
        if told is None:
            problems.append(f"{field.name} has no points")
            continue
        if bool(told.levels) != bool(field.levels):
            problems.append(f"{field.name} needs {'levels' if field.levels else 'bins'}")
        without = [level for level in field.levels if told.levels and level not in told.levels]
        problems += [f"{field.name}: level {level} has no points" for level in without]
        strange = [level for level in told.levels if field.levels and level not in field.levels]
        problems += [f"{field.name}: {level} is no level of the contract" for level in strange]
        if not field.required and told.missing is None:
            problems.append(f"{field.name} may be missing and has no points for that")
    return tuple(problems)


def _rule(told: CharacteristicSpec, per_point: float) -> Rule:
    """The points of a characteristic on another scale."""
    missing = None if told.missing is None else per_point * told.missing
    if told.levels:
        return Levels({level: per_point * n for level, n in told.levels.items()}, missing)
    bounds = tuple(one.below for one in told.bins if one.below is not None)
    return Bins(bounds, tuple(per_point * one.points for one in told.bins), missing)
