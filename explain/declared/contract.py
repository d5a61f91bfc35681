"""The data contract: which fields a model may be given, and what they may hold."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from ..errors import ContractBroken, FieldProblem
from ..values import Row, Scalar

FieldType = Literal["number", "integer", "money", "category", "boolean", "text"]
Role = Literal["feature", "context", "monitor_only"]
WhenMissing = Literal["refuse", "refer", "allow"]

TEXT_LENGTH_MAX = 500
PROBLEMS_MAX = 100
NAME_LENGTH_SHOWN = 64
NOT_GIVEN = "not given"

NUMERIC: frozenset[str] = frozenset({"number", "integer", "money"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an application: what it means, what it may hold, who owns it.

    ``feature`` fields are scored; ``context`` fields are shown to the officer and not scored;
    ``monitor_only`` fields (sex, age, nationality and the like) are neither. A ``money`` field
    holds whole currency units, with decimals where there are any. ``levels`` maps each category
    level to its words, in the model's order. A missing value is refused, sends the case to a
    person (``refer``), or is what the model was trained to meet (``allow``).
    """

    name: str
    label: str
    type: FieldType
    role: Role = "feature"
    missing: WhenMissing = "refuse"
    minimum: float | None = None
    maximum: float | None = None
    levels: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    unit_one: str = ""
    owner: str = ""
    source: str = ""
    freshness_days_max: int | None = None

    def __post_init__(self) -> None:
        """Refuse a field that nothing could satisfy."""
        low, high = self.minimum, self.maximum
        if (self.type == "category") != bool(self.levels):
            msg = f"{self.name}: a category has levels, nothing else has"
            raise ValueError(msg)
        if low is not None and high is not None and low > high:
            msg = f"{self.name}: minimum {low:g} is above maximum {high:g}"
            raise ValueError(msg)
        if self.type == "text" and self.role == "feature":
            msg = f"{self.name}: free text is never scored"
            raise ValueError(msg)

    @property
    def required(self) -> bool:
        """Whether an application without this field is refused."""
        return self.missing == "refuse"

    def in_words(self, value: Scalar) -> str:
        """The value as a person reads it: "48 months", "DM 5,951", a level's words."""
        if value is None:
            return NOT_GIVEN
        if isinstance(value, str):
            return self.levels.get(value, value)
        if self.type == "boolean":
            return "yes" if value else "no"
        digits = f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
        if self.type == "money":
            return f"{self.unit} {digits}".strip()
        unit = self.unit_one if value == 1 and self.unit_one else self.unit
        return f"{digits}{unit}" if unit == "%" else f"{digits} {unit}".strip()

    def takes(self, number: float) -> bool:
        """Whether a number lies where this field's may."""
        return not _read_number(self, number)[0]

    def advice(self, code: str) -> str:
        """What the sender should do about a problem with this field; never what was sent."""
        if code == "missing":
            return f"Give {self.label.lower()}; an application cannot be scored without it."
        if code == "unknown_level":
            return f"Use one of: {', '.join(self.levels)}."
        if code == "not_finite":
            return "Give a finite number."
        if code == "out_of_range":
            return self._range_advice()
        kinds = {
            "number": "a JSON number",
            "money": "a JSON number, without a currency sign",
            "integer": "a whole JSON number",
            "category": "one of the level names, as text",
            "boolean": "true or false",
            "text": "text",
        }
        return f"Give {kinds[self.type]}."

    def _range_advice(self) -> str:
        """The allowed range in words."""
        if self.type == "text":
            return f"Give at most {TEXT_LENGTH_MAX} characters."
        low = None if self.minimum is None else f"{self.minimum:g}"
        high = None if self.maximum is None else f"{self.maximum:g}"
        if low is not None and high is not None:
            return f"Give a value from {low} to {high}."
        return f"Give a value of at least {low}." if low else f"Give a value of at most {high}."


@dataclass(frozen=True, slots=True)
class CheckedFields:
    """An application that met the contract, its three kinds of field kept apart.

    ``features`` has every feature of the contract, in its order, missing ones as None.
    ``warnings`` are for a person to weigh: stale fields, and missing ones that ask for a person.
    """

    features: Row
    context: Row
    monitor: Row
    warnings: tuple[FieldProblem, ...] = ()


class Contract:
    """All fields of one bundle, checked in one pass that names every faulty field.

    ``features`` are the scored ones, in the model's order.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = tuple(fields)
        self.features = tuple(f for f in self.fields if f.role == "feature")
        self._by_name = {f.name: f for f in self.fields}
        if len(self._by_name) != len(self.fields):
            msg = "a field is declared twice"
            raise ValueError(msg)
        self._ages = {f.name: f for f in self.fields if f.freshness_days_max is not None}

    def __getitem__(self, name: str) -> Field:
        """The field of this name; KeyError when there is none."""
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        """Whether the contract has a field of this name."""
        return name in self._by_name

    def check(
        self,
        fields: Mapping[str, object],
        fields_meta: Mapping[str, object] | None = None,
        now: datetime | None = None,
    ) -> CheckedFields:
        """Check an application; raises ContractBroken naming every faulty field.

        ``fields_meta`` may say ``as_of`` (RFC 3339 or a date) per field; with ``now``, a field
        older than the contract allows becomes a warning.
        """
        kept: dict[str, dict[str, Scalar]] = {"feature": {}, "context": {}, "monitor_only": {}}
        problems: list[FieldProblem] = []
        warnings: list[FieldProblem] = []
        known = self._by_name
        if not fields.keys() <= known.keys():
            problems += _unknown(fields, known)
        for spec in self.fields:
            value = fields.get(spec.name)
            if value is None:
                if spec.missing != "allow":
                    fault = FieldProblem(spec.name, "missing", spec.advice("missing"))
                    (problems if spec.missing == "refuse" else warnings).append(fault)
                kept[spec.role][spec.name] = None
                continue
            code, scalar = _read(spec, value)
            if code:
                problems.append(FieldProblem(spec.name, code, spec.advice(code)))
            else:
                kept[spec.role][spec.name] = scalar
        if fields_meta:
            problems += _unknown(fields_meta, known)
            warnings += _ages(self._ages, fields_meta, now, problems)
        if problems:
            raise ContractBroken(tuple(problems[:PROBLEMS_MAX]))
        return CheckedFields(
            kept["feature"], kept["context"], kept["monitor_only"], tuple(warnings)
        )

    def aged(self, fields_meta: Mapping[str, object], now: datetime) -> tuple[FieldProblem, ...]:
        """Fields that are older than agreed, or dated in the future, as of this time."""
        return tuple(_ages(self._ages, fields_meta, now, []))

    def from_text(self, cells: Mapping[str, str | None]) -> dict[str, object]:
        """Type the text cells of a file by the contract; an empty cell is missing.

        A cell that cannot be read as its field's type is left as text, so that ``check`` names
        the field; columns the contract does not know are kept for the same reason.
        """
        typed: dict[str, object] = {}
        for name, cell in cells.items():
            if cell is None or cell == "":
                continue
            spec = self._by_name.get(name)
            typed[name] = cell if spec is None else _from_text(spec, cell)
        return typed


def _read(spec: Field, value: object) -> tuple[str, Scalar]:
    """The fault's code, or an empty code and the scalar."""
    kind = type(value)
    if spec.type in NUMERIC:
        return _read_number(spec, value) if kind in (int, float) else ("wrong_type", None)
    if spec.type == "boolean":
        return ("", 1.0 if value else 0.0) if kind is bool else ("wrong_type", None)
    if not isinstance(value, str):
        return "wrong_type", None
    if spec.type == "category":
        return ("", value) if value in spec.levels else ("unknown_level", None)
    return ("", value) if len(value) <= TEXT_LENGTH_MAX else ("out_of_range", None)


def _read_number(spec: Field, value: object) -> tuple[str, Scalar]:
    """A number within its range; minus zero becomes zero, so that equal rows score equal."""
    try:
        number = float(value) + 0.0  # type: ignore[arg-type] # an int or float by the caller
    except OverflowError:
        return "out_of_range", None
    if not math.isfinite(number):
        return "not_finite", None
    if spec.type == "integer" and number != int(number):
        return "wrong_type", None
    if spec.minimum is not None and number < spec.minimum:
        return "out_of_range", None
    if spec.maximum is not None and number > spec.maximum:
        return "out_of_range", None
    return "", number


def _unknown(given: Mapping[str, object], known: Mapping[str, Field]) -> list[FieldProblem]:
    """A problem for every name the contract does not have."""
    detail = "Leave it out: the contract has no field of this name."
    names = [str(name)[:NAME_LENGTH_SHOWN] for name in given if name not in known]
    return [FieldProblem(name, "unknown_field", detail) for name in sorted(names)]


def _ages(
    limits: Mapping[str, Field],
    fields_meta: Mapping[str, object],
    now: datetime | None,
    problems: list[FieldProblem],
) -> list[FieldProblem]:
    """Warnings for stale fields; a date that cannot be read is a problem."""
    warnings = []
    for name, meta in fields_meta.items():
        as_of = meta.get("as_of") if isinstance(meta, Mapping) else None
        if as_of is None:
            continue
        try:
            when = datetime.fromisoformat(as_of)
        except (TypeError, ValueError):
            detail = "Give as_of as a date or an RFC 3339 time."
            problems.append(FieldProblem(str(name)[:NAME_LENGTH_SHOWN], "wrong_type", detail))
            continue
        if now is None or name not in limits:
            continue
        days = (now - (when if when.tzinfo else when.replace(tzinfo=UTC))).days
        allowed = limits[name].freshness_days_max or 0
        if days > allowed:
            detail = f"{limits[name].label} is {days} days old; at most {allowed} are agreed."
            warnings.append(FieldProblem(name, "stale", detail))
        elif days < -1:
            detail = f"{limits[name].label} is dated in the future."
            warnings.append(FieldProblem(name, "from_future", detail))
    return warnings


def _from_text(spec: Field, cell: str) -> object:
    """A text cell as the JSON value its field asks for, or the cell itself."""
    if spec.type == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(cell.lower(), cell)
    if spec.type not in NUMERIC:
        return cell
    try:
        number = float(cell)
    except ValueError:
        return cell
    # A spelling that JSON would not have is no number here either.
    if not math.isfinite(number) or not cell.isascii() or "_" in cell:
        return cell
    return int(number) if number == int(number) else number
