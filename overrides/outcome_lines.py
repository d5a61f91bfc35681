"""What the lender's books say of loans: records, read line by line, each fault named."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from overrides.canonical import parse_strict
from overrides.errors import NotCanonical, OutcomeRefused
from overrides.instants import EARLIEST
from overrides.journal import Json
from overrides.values import OutcomeKind

LINE_BYTES_MAX = 16_384
ID_CHARS_MAX = 200
DAYS_PAST_DUE_MAX = 36_500
MONTHS_MAX = 1_200
AMOUNT_MAX = 2**53 - 1

REQUIRED = ("application_id", "observed_at", "kind", "value")
OPTIONAL = ("months_on_book", "bundle", "account_id", "currency")

AMOUNT_KINDS = frozenset(
    {OutcomeKind.DISBURSED, OutcomeKind.WRITTEN_OFF, OutcomeKind.RECOVERY, OutcomeKind.SOLD}
)
_CURRENCY = re.compile("[A-Z]{3}")
_YES = frozenset({"", "true", "1", "yes"})
_NO = frozenset({"false", "0", "no"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRecord:
    """One thing the books say of one application's loan.

    ``value`` is days past due for ``max_days_past_due``; an amount in minor units, or empty, for
    ``disbursed``, ``written_off``, ``recovery`` and ``sold``; empty for a mere event. ``bundle``
    is empty where the application's id is enough. ``account`` is the account's number in the
    books where a loan has several, and ``currency`` (ISO 4217) what amounts are in; "" if untold.
    """

    application_id: str
    kind: OutcomeKind
    value: str
    observed_at: datetime
    months_on_book: int | None = None
    bundle: str = ""
    account: str = ""
    currency: str = ""

    def __post_init__(self) -> None:
        """Refuse what the books cannot have said; raises ``OutcomeRefused``."""
        if not 0 < len(self.application_id) <= ID_CHARS_MAX:
            raise OutcomeRefused(problem=f"application_id must have 1 to {ID_CHARS_MAX} characters")
        if len(self.account) > ID_CHARS_MAX:
            raise OutcomeRefused(problem=f"account_id must have at most {ID_CHARS_MAX} characters")
        if self.currency and not _CURRENCY.fullmatch(self.currency):
            raise OutcomeRefused(problem="currency must be three capital letters, such as EUR")
        if self.observed_at.tzinfo is None:
            raise OutcomeRefused(problem="observed_at has no time zone")
        if self.observed_at < EARLIEST:
            raise OutcomeRefused(problem=f"observed_at lies before {EARLIEST.year}")
        months = self.months_on_book
        if months is not None and not 0 <= months <= MONTHS_MAX:
            raise OutcomeRefused(problem=f"months_on_book must lie between 0 and {MONTHS_MAX}")
        if self.value != _exact_value(self.kind, self.value):
            raise OutcomeRefused(problem=f"{self.kind} has no value {self.value!r}")


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """A line of an outcome file: its number (the first is 1), and a record or what is wrong."""

    number: int
    record: OutcomeRecord | None
    problem: str = ""


def read_record(members: Mapping[str, Json]) -> OutcomeRecord:
    """Record from parsed members, text or JSON; raises ``OutcomeRefused`` naming the member."""
    missing = [name for name in REQUIRED if name not in members]
    if missing:
        raise OutcomeRefused(problem=f"{', '.join(missing)} missing")
    unknown = sorted(set(members) - {*REQUIRED, *OPTIONAL})
    if unknown:
        raise OutcomeRefused(problem=f"there is no {', '.join(name[:40] for name in unknown)}")
    try:
        kind = OutcomeKind(_text("kind", members["kind"]).strip())
    except ValueError:
        raise OutcomeRefused(problem=f"kind is none of {', '.join(OutcomeKind)}") from None
    return OutcomeRecord(
        application_id=_text("application_id", members["application_id"]).strip(),
        kind=kind,
        value=_exact_value(kind, _plain(members["value"])),
        observed_at=read_instant(_text("observed_at", members["observed_at"]).strip()),
        months_on_book=_months(members.get("months_on_book")),
        bundle=_text("bundle", members.get("bundle") or "").strip(),
        account=_text("account_id", members.get("account_id") or "").strip(),
        currency=_text("currency", members.get("currency") or "").strip(),
    )


def _text(name: str, value: Json) -> str:
    """A member that must be text."""
    if not isinstance(value, str):
        raise OutcomeRefused(problem=f"{name} must be text")
    return value


def _plain(value: Json) -> str:
    """A JSON value in the spelling a CSV cell has."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | str):
        return str(value).strip()
    raise OutcomeRefused(problem="value must be a whole number, or nothing")


def _exact_value(kind: OutcomeKind, text: str) -> str:
    """The one spelling of a value of this kind."""
    word = text.lower()
    if kind is OutcomeKind.MAX_DAYS_PAST_DUE:
        return str(_whole("days past due", text, DAYS_PAST_DUE_MAX))
    if kind in AMOUNT_KINDS and word not in {"", "true", "yes", "false", "no"}:
        amount = _whole(f"the amount of {kind} in minor units", text, AMOUNT_MAX)
        if amount or kind is OutcomeKind.RECOVERY:
            return str(amount)
    elif word in _YES:
        return ""
    elif word not in _NO:
        raise OutcomeRefused(problem=f"{kind} is a mere event: leave its value empty")
    raise OutcomeRefused(problem=f"a record that {kind} did not happen says nothing: leave it out")


def _whole(what: str, text: str, most: int) -> int:
    """A whole number from 0 to ``most``."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        raise OutcomeRefused(problem=f"{what} must be a whole number")
    if int(text) > most:
        raise OutcomeRefused(problem=f"{what} must be at most {most}")
    return int(text)


def _months(value: Json) -> int | None:
    """Months on book, None where the cell is empty."""
    text = _plain(value)
    return _whole("months_on_book", text, MONTHS_MAX) if text else None


def read_instant(text: str) -> datetime:
    """An RFC 3339 instant, or a date, which is taken as its first moment in UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise OutcomeRefused(
            problem="observed_at must be a date or an instant such as 2026-11-22T00:00:00Z"
        ) from None
    if at.tzinfo is None:
        if len(text) > len("2026-11-22"):
            raise OutcomeRefused(problem="observed_at has no time zone")
        return at.replace(tzinfo=UTC)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise OutcomeRefused(problem="observed_at lies beyond the calendar") from None


def read_lines(
    lines: Iterable[bytes], form: Literal["csv", "jsonl"] | None = None
) -> Iterator[OutcomeLine]:
    """Every line of an outcome file, good or not; empty lines are passed over.

    CSV begins with its column names; JSON lines have one object each. Without ``form`` the first
    character decides. A line stands for itself: a broken one spoils no other.
    """
    columns: list[str] | None = None
    for number, raw in enumerate(lines, 1):
        line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        if not line.strip():
            continue
        if form is None:
            form = "jsonl" if line.lstrip().startswith(b"{") else "csv"
        try:
            if form == "jsonl":
                yield OutcomeLine(number, read_record(_members(line)))
            elif columns is None:
                columns = _columns(line)
            else:
                yield OutcomeLine(number, _csv_record(columns, line))
        except OutcomeRefused as refused:
            yield OutcomeLine(number, None, refused.problem)
            if form == "csv" and columns is None:
                return  # without column names no line of the file can be read


def _members(line: bytes) -> Mapping[str, Json]:
    """The object on a line of JSON."""
    try:
        members = parse_strict(line.strip(), max_bytes=LINE_BYTES_MAX, max_depth=2)
    except NotCanonical as broken:
        raise OutcomeRefused(problem=broken.problem) from None
    if not isinstance(members, dict):
        raise OutcomeRefused(problem="the line is no JSON object")
    return members


def _cells(line: bytes) -> list[str]:
    """The cells of a line of CSV."""
    if len(line) > LINE_BYTES_MAX:
        raise OutcomeRefused(problem=f"the line has more than {LINE_BYTES_MAX} bytes")
    try:
        text = line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise OutcomeRefused(problem="the line is not UTF-8") from None
    if "\0" in text:
        raise OutcomeRefused(problem="the line has a NUL character")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as broken:
        raise OutcomeRefused(problem=f"the line is not CSV: {broken}") from None


def _columns(line: bytes) -> list[str]:
    """The column names of a CSV file."""
    columns = [cell.strip() for cell in _cells(line)]
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise OutcomeRefused(
            problem=f"the first line must name the columns: {', '.join(missing)} missing"
        )
    if len(set(columns)) != len(columns):
        raise OutcomeRefused(problem="the first line names a column twice")
    if unknown := [name for name in columns if name not in {*REQUIRED, *OPTIONAL}]:
        raise OutcomeRefused(
            problem=f"unknown columns in the first line: {', '.join(unknown)[:200]}"
        )
    return columns


def _csv_record(columns: list[str], line: bytes) -> OutcomeRecord:
    """The record on a line of CSV."""
    cells = _cells(line)
    if len(cells) != len(columns):
        raise OutcomeRefused(
            problem=f"the line has {len(cells)} cells, the first line {len(columns)}"
        )
    return read_record(dict(zip(columns, cells, strict=True)))
