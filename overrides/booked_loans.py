"""The core system's file of booked loans, read without guessing.

What is not declared is found out only where the file leaves one answer: an encoding that fits, one
separator, one order of day and month that holds for every date of the column. Where two would do
the file is refused with what to declare. A line that cannot be read is named and spoils no other.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from overrides.booking_errors import BookedFileRefused
from overrides.currencies import MINOR_DIGITS
from overrides.values import Money

REQUIRED = ("loan_id", "booked_on", "amount")
OPTIONAL = ("application_id", "currency", "product", "branch", "kind", "parent_loan_id")
KINDS = ("new", "renewal", "top_up")
DATES: Mapping[str, tuple[str, ...]] = {
    "year-first": ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    "day-first": ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d %b %Y", "%d-%b-%Y"),
    "month-first": ("%m/%d/%Y", "%m-%d-%Y", "%b %d, %Y"),
}
DECIMALS = ("point", "comma")
SEPARATORS = (",", ";", "\t", "|")
ID_CHARS_MAX = 200
LINE_CHARS_MAX = 16_384
MINOR_MAX = 2**53 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What is known of the file beforehand; "" where the file itself must leave no doubt.

    ``columns`` says which column of the file each of ours is, where it has another name.
    """

    encoding: str = ""
    dates: str = ""  # one of DATES
    decimal: str = ""  # one of DECIMALS
    currency: str = ""  # of lines that name none
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedLoan:
    """One loan as it was booked. ``line`` is its line in the file; the first line is 1."""

    line: int
    loan_id: str
    booked_on: date
    amount: Money
    application_id: str = ""
    product: str = ""
    branch: str = ""
    kind: str = "new"
    parent_loan_id: str = ""


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that cannot be read, and why."""

    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class BookedFile:
    """What a file says, and how it was read."""

    loans: tuple[BookedLoan, ...]
    broken: tuple[BrokenLine, ...]
    read_as: Mapping[str, str]


def read_booked(content: bytes, declared: Declared) -> BookedFile:
    """The loans of a file. Raises ``BookedFileRefused`` where it leaves two readings, or none."""
    text, encoding = _decoded(content, declared.encoding)
    separator = _separator(text.partition("\n")[0])
    lines = list(_cells(text, separator))
    if not lines:
        raise BookedFileRefused(problem="it is empty: have it sent again")
    columns = _columns(lines[0][1], declared.columns)
    rows = [(line, dict(zip(columns, cells, strict=False)), cells) for line, cells in lines[1:]]
    dates = declared.dates or _one_of(
        "booked_on",
        [
            name
            for name in DATES
            if _all_dates(name, (row.get("booked_on", "") for _, row, _ in rows))
        ],
        "declare the order of day and month (dates: year-first, day-first or month-first)",
    )
    decimal = declared.decimal or _decimal([row.get("amount", "") for _, row, _ in rows])
    loans: dict[str, BookedLoan] = {}
    broken: list[BrokenLine] = []
    for line, row, cells in rows:
        try:
            if len(cells) != len(columns):
                raise BookedFileRefused(  # noqa: TRY301 - told with its line by the same handler
                    problem=f"the line has {len(cells)} cells, the first line {len(columns)}"
                )
            loan = _loan(line, row, dates, decimal, declared.currency)
            known = loans.setdefault(loan.loan_id, loan)
            if known is not loan and not _same(known, loan):
                raise BookedFileRefused(  # noqa: TRY301 - told with its line by the same handler
                    problem=f"loan_id stands in line {known.line} already, with other facts"
                )
        except BookedFileRefused as refused:
            broken.append(BrokenLine(line, refused.problem))
    how = {"encoding": encoding, "dates": dates, "decimal": decimal, "separator": separator}
    return BookedFile(tuple(loans.values()), tuple(broken), how)


def _decoded(content: bytes, declared: str) -> tuple[str, str]:
    """The text, and its encoding."""
    named = declared
    if not named:
        marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        named = "utf-16" if marked else "utf-8-sig"
    try:
        text = content.decode(named)
    except LookupError:
        raise BookedFileRefused(problem=f"there is no encoding {named[:40]}") from None
    except UnicodeDecodeError as broken:
        line = content[: broken.start].count(b"\n") + 1
        raise BookedFileRefused(
            problem=f"line {line} is not {named}: declare the encoding, such as cp1252"
        ) from None
    if "\0" in text:
        raise BookedFileRefused(problem="there are NUL characters: declare the encoding")
    return text, named


def _separator(head: str) -> str:
    """The one separator that splits the first line."""
    found = [sign for sign in SEPARATORS if sign in head]
    if len(found) != 1:
        signs = "none" if not found else "several"
        raise BookedFileRefused(
            problem=f"the first line has {signs} of the separators comma, semicolon, tab and bar"
        )
    return found[0]


def _cells(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Lines with something in them, with their numbers. A broken line spoils no other."""
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        if not line.strip():
            continue
        try:
            whole = line[:LINE_CHARS_MAX].rstrip("\n")
            yield number, next(csv.reader([whole], delimiter=separator, strict=True))
        except csv.Error:
            yield number, []


def _columns(head: Sequence[str], named: Mapping[str, str]) -> list[str]:
    """Our names of the file's columns; columns of no use here keep theirs."""
    ours = {theirs.strip().casefold(): name for name, theirs in named.items()}
    columns = [ours.get(cell.strip().casefold(), cell.strip().casefold()) for cell in head]
    for name in (*REQUIRED, *OPTIONAL):
        if columns.count(name) > 1:
            raise BookedFileRefused(problem=f"the first line names {name} twice")
    if missing := [name for name in REQUIRED if name not in columns]:
        raise BookedFileRefused(
            problem=f"the first line names no {', '.join(missing)}: declare which column it is"
        )
    return columns


def _one_of(column: str, fitting: Sequence[str], cure: str) -> str:
    """The only reading that fits."""
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        both = " and ".join(fitting)
        raise BookedFileRefused(problem=f"{column} can be read as {both}: {cure}")
    raise BookedFileRefused(problem=f"{column} fits no one way of writing: {cure}")


def _all_dates(order: str, cells: Iterable[str]) -> bool:
    """Whether most cells are dates so written; a line that is broken decides nothing."""
    seen = [cell.strip() for cell in cells if cell.strip()]
    fitting = sum(_date(cell, order) is not None for cell in seen)
    return 2 * fitting > len(seen)


def _date(cell: str, order: str) -> date | None:
    """A date in this order of day and month."""
    for form in DATES[order]:
        try:
            return datetime.strptime(cell, form).date()  # noqa: DTZ007 # a day has no zone
        except ValueError:
            continue
    return None


def _decimal(cells: Sequence[str]) -> str:
    """Which sign is before the decimals, where the amounts leave one answer."""
    point = any(_only_decimals(cell.strip(), ".", ",") for cell in cells)
    comma = any(_only_decimals(cell.strip(), ",", ".") for cell in cells)
    signs = any("." in cell or "," in cell for cell in cells)
    if not signs:
        return "point"
    fitting = [name for name, fits in (("point", point), ("comma", comma)) if fits]
    return _one_of("amount", fitting or list(DECIMALS), "declare decimal: point or comma")


def _only_decimals(cell: str, sign: str, other: str) -> bool:
    """Whether the sign can only be before decimals: after the other one, or not before three."""
    head, found, tail = cell.rpartition(sign)
    return bool(found) and (other in head or (other not in cell and len(tail) != 3))  # noqa: PLR2004 - digits of a thousand


def _loan(line: int, row: Mapping[str, str], dates: str, decimal: str, currency: str) -> BookedLoan:
    """The loan on a line. Raises ``BookedFileRefused`` naming the cell."""
    told = {name: row.get(name, "").strip() for name in (*REQUIRED, *OPTIONAL)}
    for name in ("loan_id", "application_id", "parent_loan_id"):
        if len(told[name]) > ID_CHARS_MAX or (name == "loan_id" and not told[name]):
            raise BookedFileRefused(problem=f"{name} must have 1 to {ID_CHARS_MAX} characters")
    booked_on = _date(told["booked_on"], dates)
    if booked_on is None:
        raise BookedFileRefused(problem=f"booked_on is no date written {dates}")
    kind = told["kind"].casefold().replace("-", "_").replace(" ", "_") or "new"
    if kind not in KINDS:
        raise BookedFileRefused(problem=f"kind is none of {', '.join(KINDS)}")
    return BookedLoan(
        line=line,
        loan_id=told["loan_id"],
        booked_on=booked_on,
        amount=_money(told["amount"], told["currency"] or currency, decimal),
        application_id=told["application_id"],
        product=told["product"],
        branch=told["branch"],
        kind=kind,
        parent_loan_id=told["parent_loan_id"],
    )


def _money(cell: str, currency: str, decimal: str) -> Money:
    """An amount in units of the currency, as minor units."""
    code = currency.upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):  # noqa: PLR2004 - ISO 4217
        raise BookedFileRefused(problem="currency is missing: give its code, or declare one")
    if code not in MINOR_DIGITS:
        raise BookedFileRefused(problem=f"currency {code} is none that ISO 4217 lists")
    group, sign = (",", ".") if decimal == "point" else (".", ",")
    plain = cell.replace("\u00a0", "").replace(" ", "").replace(group, "").replace(sign, ".")
    try:
        minor = Decimal(plain).scaleb(MINOR_DIGITS[code])
        whole = minor.to_integral_exact()
    except InvalidOperation:
        raise BookedFileRefused(problem="amount is no number") from None
    if whole != minor or not 0 < whole <= MINOR_MAX:
        raise BookedFileRefused(problem=f"amount is no amount of {code} above zero")
    return Money(int(whole), code)


def _same(one: BookedLoan, other: BookedLoan) -> bool:
    """Whether two lines say the same of a loan."""
    names = [name for name in BookedLoan.__slots__ if name != "line"]
    return all(getattr(one, name) == getattr(other, name) for name in names)
