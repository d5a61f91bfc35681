"""What an application may become: along each field that may change, every value it may take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..declared.change_rules import YES_OR_NO, limits_of
from ..declared.contract import NUMERIC, Contract, Field
from ..declared.policy_schema import Bounded, ChangeSpec, ChangesSpec, Follows, NoHeavier
from ..values import Row, Scalar

Allowed = Callable[[str, Scalar], bool]
"""Whether no fixed rule of the policy speaks against this value of this field."""

LENIENT = 1e-9
"""Relations are looked at in floating point first, and exactly before anything is proposed."""


@dataclass(frozen=True, slots=True)
class Axis:
    """All that one field may be, the stated value among it, with the fields that follow it.

    ``settings`` holds values of ``names`` in the field's order, ``stated`` the place of what was
    stated. ``sizes`` says how large each change is: of numbers the share of the declared range that
    lies between, of levels 1. ``open`` are the settings that no fixed rule speaks against.
    """

    names: tuple[str, ...]
    settings: tuple[tuple[Scalar, ...], ...]
    stated: int
    sizes: tuple[float, ...]
    open: tuple[bool, ...]

    @property
    def field(self) -> str:
        """The field that is changed."""
        return self.names[0]

    @property
    def others(self) -> tuple[int, ...]:
        """Places of all settings but the stated one."""
        return tuple(place for place in range(len(self.settings)) if place != self.stated)


@dataclass(frozen=True, slots=True)
class Bound:
    """``sign`` times (field less a sum of others) is not above 0."""

    field: str
    times: tuple[tuple[str, Fraction], ...]
    plus: Fraction
    sign: int

    @property
    def names(self) -> frozenset[str]:
        """The fields it is between."""
        return frozenset({self.field, *(name for name, _ in self.times)})

    def excess(self, value: Callable[[str], Any], number: Callable[[Fraction], Any]) -> Any:
        """How far it is broken: above 0 where it is."""
        total = number(self.plus)
        for name, factor in self.times:
            total = total + number(factor) * value(name)
        return self.sign * (value(self.field) - total)


@dataclass(frozen=True, slots=True)
class Weight:
    """The field for each unit of ``over`` is not above ``stated``."""

    field: str
    over: str
    stated: Fraction

    @property
    def names(self) -> frozenset[str]:
        """The fields it is between."""
        return frozenset({self.field, self.over})

    def excess(self, value: Callable[[str], Any], number: Callable[[Fraction], Any]) -> Any:
        """How far it is broken: above 0 where it is."""
        return value(self.field) - number(self.stated) * value(self.over)


@dataclass(frozen=True, slots=True)
class Room:
    """Where one application may go. ``relations`` are held where a field they are of changes."""

    row: Row
    axes: tuple[Axis, ...]
    relations: tuple[Bound | Weight, ...]

    def touched(self, axes: Sequence[Axis]) -> tuple[Bound | Weight, ...]:
        """The relations that a change along these axes can break."""
        changed = {name for axis in axes for name in axis.names}
        return tuple(one for one in self.relations if one.names & changed)

    def changed(self, axes: Sequence[Axis], places: Sequence[int]) -> dict[str, Scalar]:
        """The application with these settings."""
        row = dict(self.row)
        for axis, place in zip(axes, places, strict=True):
            row.update(zip(axis.names, axis.settings[place], strict=True))
        return row

    def holds(self, axes: Sequence[Axis], row: Row) -> bool:
        """Whether the relations hold to the last digit; what is not known holds nothing."""

        def value(name: str) -> Fraction:
            return _exact(row[name])

        touched = self.touched(axes)
        if any(row[name] is None for one in touched for name in one.names):
            return False
        return all(one.excess(value, lambda told: told) <= 0 for one in touched)


def room_of(row: Row, spec: ChangesSpec, contract: Contract, allowed: Allowed) -> Room:
    """Where an application may go by what its policy declares.

    A field without a value stays without one. Axes with nothing on them are left out.
    """
    followers = [one for one in spec.relations if isinstance(one, Follows)]
    axes: list[Axis] = []
    for one in spec.fields:
        stated = row[one.field]
        if stated is None:
            continue
        mine = [told for told in followers if told.of == one.field and row[told.field] is not None]
        axis = _axis(row, one, mine, contract, allowed)
        if len(axis.settings) > 1:
            axes.append(axis)
    relations: list[Bound | Weight] = []
    for told in spec.relations:
        if isinstance(told, Bounded):
            sign = 1 if told.kind == "at_most" else -1
            times = tuple((name, Fraction(factor)) for name, factor in told.times.items())
            relations.append(Bound(told.field, times, Fraction(told.plus), sign))
        elif isinstance(told, NoHeavier) and row[told.field] is not None:
            over = row[told.over]
            if over is not None:
                stated_now = _exact(row[told.field]) / _exact(over)
                relations.append(Weight(told.field, told.over, stated_now))
    return Room(row, tuple(axes), tuple(relations))


def _axis(
    row: Row, one: ChangeSpec, followers: Sequence[Follows], contract: Contract, allowed: Allowed
) -> Axis:
    """One field's axis: what was stated, and all that it may become."""
    field = contract[one.field]
    stated = row[one.field]
    numeric = field.type in NUMERIC
    choices = _numbers(one, field, stated) if numeric else _levels(one, field, stated)
    names = (one.field, *(told.field for told in followers))
    settings, sizes = [], []
    low, high = limits_of(one, field)
    reach = Fraction(high - low) if numeric and low is not None and high is not None else None
    for value in choices:
        moved = [_moved(row, told, stated, value) for told in followers]
        fits = [contract[name].takes(number) for name, number in zip(names[1:], moved, strict=True)]
        if value == stated:
            settings.append(tuple(row[name] for name in names))
            sizes.append(0.0)
        elif all(fits):
            settings.append((value, *moved))
            sizes.append(float(abs(_exact(value) - _exact(stated)) / reach) if reach else 1.0)
    opened = tuple(
        all(allowed(name, value) for name, value in zip(names, setting, strict=True))
        for setting in settings
    )
    return Axis(names, tuple(settings), sizes.index(0.0), tuple(sizes), opened)


def _numbers(one: ChangeSpec, field: Field, stated: Scalar) -> list[Scalar]:
    """Multiples of the step within the limits on the allowed side, and the stated number."""
    low, high = limits_of(one, field)
    assert low is not None
    assert high is not None
    step = Decimal(one.step or "1")
    first, last = -(-low // step), high // step  # decimal division truncates, so limits are held
    found = [float(step * place) for place in range(int(first), int(last) + 1)]
    assert isinstance(stated, float)
    kept = [
        number
        for number in found
        if float(low) <= number <= float(high)
        and number != stated
        and one.direction in ("either", "up" if number > stated else "down")
    ]
    return [*sorted([*kept, stated])]


def _levels(one: ChangeSpec, field: Field, stated: Scalar) -> list[Scalar]:
    """Levels it may become, on the allowed side in the contract's order, and the stated one."""
    order: dict[Scalar, int] = {level: place for place, level in enumerate(field.levels)}
    order |= {} if field.levels else {0.0: 0, 1.0: 1}
    told = [level if field.levels else YES_OR_NO[level] for level in one.to]
    kept = [
        level
        for level in dict.fromkeys(told)
        if level != stated
        and one.direction in ("either", "up" if order[level] > order[stated] else "down")
    ]
    return sorted([*kept, stated], key=lambda level: order[level])


def _moved(row: Row, told: Follows, stated: Scalar, value: Scalar) -> float:
    """What a field becomes that follows another; as stated where that stays."""
    by = Fraction(told.times) * (_exact(value) - _exact(stated))
    return float(_exact(row[told.field]) + by)


def _exact(value: Scalar) -> Fraction:
    """A number as it is written."""
    assert isinstance(value, float)
    return Fraction(repr(value))
