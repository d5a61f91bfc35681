"""What the columns of a linear model make of one field's value, and what that adds to its score.

Every column of a model whose fields stay apart is a chain of steps over the value of one field. As
soon as a chain has few possible values, it is kept as a table, and further steps change the table
once instead of every value that comes. A category has few values from the start.
"""

import bisect
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from ..declared.contract import Field
from ..scorecard import Rule
from ..values import Scalar

Step = Callable[[Scalar], Scalar]
"""What one transformer does to a value; a gap is None and stays one unless a step fills it."""

NO_COLUMN = -1.0
"""The answer of a search for values that no column stands for."""


class StepError(ValueError):
    """A value cannot go through a step: one never met, or a gap that nothing fills."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A gap becomes a value."""

    value: Scalar

    def __call__(self, value: Scalar) -> Scalar:
        """The value, or what stands for none."""
        return self.value if value is None else value


@dataclass(frozen=True, slots=True)
class Scaled:
    """``(value - centre) / size``, in this order of rounding."""

    centre: float
    size: float

    def __call__(self, value: Scalar) -> Scalar:
        """The value on the new scale."""
        return None if value is None else (_number(value) - self.centre) / self.size


@dataclass(frozen=True, slots=True)
class Stretched:
    """``value * factor + offset``, held between the bounds where there are any."""

    factor: float
    offset: float
    low: float = -math.inf
    high: float = math.inf

    def __call__(self, value: Scalar) -> Scalar:
        """The value on the new scale."""
        if value is None:
            return None
        return min(max(_number(value) * self.factor + self.offset, self.low), self.high)


@dataclass(frozen=True, slots=True)
class Binned:
    """The number of the bin a value lies in; a bound belongs to the bin above it."""

    bounds: tuple[float, ...]

    def __call__(self, value: Scalar) -> Scalar:
        """From 0; StepError for a gap."""
        return float(bisect.bisect_right(self.bounds, _number(value)))


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in a table for a value; ``other`` for values it has not, None to refuse them."""

    answers: Mapping[Scalar, Scalar]
    other: float | None = None

    def __call__(self, value: Scalar) -> Scalar:
        """The answer; StepError for a value that was never met."""
        if value in self.answers:
            return self.answers[value]
        if self.other is None:
            what = "a gap" if value is None else repr(value)
            msg = f"{what} was never met in training"
            raise StepError(msg)
        return self.other


@dataclass(frozen=True, slots=True)
class Is:
    """1 for one value, 0 for all others."""

    value: Scalar

    def __call__(self, value: Scalar) -> Scalar:
        """Whether it is."""
        return 1.0 if value == self.value else 0.0


@dataclass(frozen=True, slots=True)
class Column:
    """One column at some place of a model: a field, and what became of its value on the way.

    With a ``table`` what ``steps`` give is looked up in it.
    """

    field: str
    steps: tuple[Step, ...] = ()
    table: Mapping[Scalar, Scalar] | None = None

    @classmethod
    def of(cls, field: Field) -> "Column":
        """The field as it comes in."""
        values: list[Scalar] = [*field.levels] or [0.0, 1.0]
        few = bool(field.levels) or field.type == "boolean"
        gap = [] if field.required else [None]
        return cls(field.name, (), {value: value for value in [*values, *gap]} if few else None)

    def then(self, step: Step) -> "Column":
        """The column after one more step."""
        if self.table is None:
            return replace(self, steps=(*self.steps, step))
        try:
            return replace(self, table={key: step(value) for key, value in self.table.items()})
        except StepError as refused:
            msg = f"{self.field}: {refused}"
            raise StepError(msg) from None

    def among(self, step: Step, answers: Collection[Scalar]) -> "Column":
        """The column after a step that gives only these answers."""
        if self.table is not None:
            return self.then(step)
        return Column(self.field, (*self.steps, step), {one: one for one in answers})

    def value(self, given: Scalar) -> Scalar:
        """What stands in this column for a value of the field."""
        for step in self.steps:
            given = step(given)
        return given if self.table is None else self.table[given]


@dataclass(frozen=True, slots=True)
class Sloped:
    """Each unit of what the steps give counts the same."""

    steps: tuple[Step, ...]
    weight: float

    def amount(self, value: Scalar) -> float:
        """What this value adds; StepError for a gap and for anything else that is no number."""
        for step in self.steps:
            value = step(value)
        return self.weight * _number(value)


@dataclass(frozen=True, slots=True)
class Listed:
    """Each of the few things that the steps can give counts an amount of its own."""

    steps: tuple[Step, ...]
    amounts: Mapping[Scalar, float]

    def amount(self, value: Scalar) -> float:
        """What this value adds; KeyError for one that no contract lets through."""
        for step in self.steps:
            value = step(value)
        return self.amounts[value]


@dataclass(frozen=True, slots=True)
class Summed:
    """Several rules over the same value."""

    rules: tuple[Rule, ...]

    def amount(self, value: Scalar) -> float:
        """What they add together."""
        return math.fsum([rule.amount(value) for rule in self.rules])


def rule_of(field: Field, columns: Iterable[tuple[Column, float]]) -> Rule:
    """What a field's values count, by all its columns and their weights.

    StepError where a value that the contract lets through reaches a weight as a gap or as text.
    """
    slopes: dict[tuple[Step, ...], float] = {}
    lists: dict[tuple[int, ...], tuple[tuple[Step, ...], dict[Scalar, float]]] = {}
    for column, weight in columns:
        if column.table is None:
            slopes[column.steps] = slopes.get(column.steps, 0.0) + weight
            continue
        # Columns of one encoder come from the very same steps.
        _, amounts = lists.setdefault(tuple(map(id, column.steps)), (column.steps, {}))
        for key, value in column.table.items():
            amounts[key] = amounts.get(key, 0.0) + weight * _number(value)
    rules: tuple[Rule, ...] = (
        *(Sloped(steps, weight) for steps, weight in slopes.items()),
        *(Listed(steps, amounts) for steps, amounts in lists.values()),
    )
    rule = rules[0] if len(rules) == 1 else Summed(rules)
    if not field.required:
        rule.amount(None)
    return rule


def met(rule: Rule) -> list[Scalar]:
    """Values that a rule's searches know."""
    if isinstance(rule, Summed):
        return [value for part in rule.rules for value in met(part)]
    steps = rule.steps if isinstance(rule, Listed) else ()
    return [value for step in steps if isinstance(step, Found) for value in step.answers]


def _number(value: Scalar) -> float:
    """The value, where it is a number."""
    if not isinstance(value, float):
        what = "a gap" if value is None else f"the text {value!r}"
        msg = f"{what} stands where a number is needed"
        raise StepError(msg)
    return value
