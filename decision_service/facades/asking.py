"""What the three protocols ask, in one form: rows by field name, and where each value stood."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from decision_service.errors import Fault, InvalidRequest
from decision_service.problems import pointer
from decision_service.score_addresses import MLFLOW
from explain.declared.contract import Contract

ROWS_MAX = 1000
NAME_CHARS_SHOWN = 64
FAULTS_MAX = 100

PARTY = "party"
APPLICATION = "application_id"
IGNORED = frozenset({"content_type", "headers"})
"""Parameters that some clients always send, and that say nothing of what is asked."""

Row = Mapping[str, Any]
Place = Callable[[int, str], str]  # JSON pointer of a row's field
Table = tuple[tuple[Row, ...], Place]
Read = Callable[[Contract | None], Table]


class Unnamed(Exception):
    """Values stand without names, and there is no contract to tell which fields they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: rows to score, and what it says besides.

    ``read`` gives the rows, and where in the request a row's field stood. It raises InvalidRequest,
    and Unnamed where it is given no contract and needs one. ``outputs`` are tensors asked for by
    name, ``request_id`` is the client's own; only the Open Inference Protocol has these.
    """

    protocol: str
    read: Read
    explained: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    request_id: str = ""

    @property
    def parameters_name(self) -> str:
        """What the protocol calls its parameters."""
        return "params" if self.protocol == MLFLOW else "parameters"

    @property
    def application(self) -> Any:
        """What is named as the application to decide; None where nothing is."""
        return self.parameters.get(APPLICATION)


def refuse(place: str, advice: str) -> NoReturn:
    """Refuse what stands at a place of the request."""
    raise InvalidRequest((Fault(place, advice),))


def members_of(body: Any, known: frozenset[str]) -> Mapping[str, Any]:
    """The request's members, if it is an object with none but these."""
    if not isinstance(body, dict):
        refuse("", "Send a JSON object.")
    if unknown := sorted(body.keys() - known):
        advice = f"Leave it out: a request has {', '.join(sorted(known))}."
        raise InvalidRequest(
            tuple(Fault(pointer(name[:NAME_CHARS_SHOWN]), advice) for name in unknown)
        )
    return body


def parameters_in(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The request's parameters, without those that say nothing."""
    given = members.get(name)
    if given is None:
        return {}
    if not isinstance(given, dict):
        refuse(pointer(name), "Give an object.")
    return {key: value for key, value in given.items() if key not in IGNORED}


def counted(rows: Sequence[Any], place: str) -> None:
    """Refuse no rows, and too many."""
    if not 1 <= len(rows) <= ROWS_MAX:
        refuse(place, f"Give 1 to {ROWS_MAX} rows; there are {len(rows)}.")


def rows_from_list(given: Any, contract: Contract | None, name: str) -> Table:
    """Rows as objects by field, or as lists of the scored fields in the contract's order."""
    if not isinstance(given, list):
        refuse(pointer(name), "Give a list of rows.")
    counted(given, pointer(name))
    columns = None if contract is None else [spec.name for spec in contract.features]
    rows = tuple(_row(row, columns, pointer(name, place)) for place, row in enumerate(given))

    def place(row: int, field_name: str) -> str:
        if columns and isinstance(given[row], list) and field_name in columns:
            return pointer(name, row, columns.index(field_name))
        return pointer(name, row, field_name)

    return rows, place


def _row(row: Any, columns: Sequence[str] | None, place: str) -> Row:
    """One row by field name."""
    if isinstance(row, dict):
        return row
    if columns is None:
        raise Unnamed
    if not isinstance(row, list) or len(row) != len(columns):
        told = f"a list of {len(columns)} values, in the order {', '.join(columns)}"
        refuse(place, f"Give an object by field name, or {told}.")
    return dict(zip(columns, row, strict=True))


def rows_from_columns(columns: Any, data: Any, place: str) -> tuple[Row, ...]:
    """Rows of a table whose columns are named once."""
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        refuse(f"{place}/columns", "Give the names of the columns.")
    if len(set(columns)) != len(columns):
        refuse(f"{place}/columns", "Name each column once.")
    if not isinstance(data, list):
        refuse(f"{place}/data", "Give a list of rows.")
    counted(data, f"{place}/data")
    for number, row in enumerate(data):
        if not isinstance(row, list) or len(row) != len(columns):
            refuse(f"{place}/data/{number}", f"Give {len(columns)} values, one for each column.")
    return tuple(dict(zip(columns, row, strict=True)) for row in data)
