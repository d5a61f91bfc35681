"""The letter that each case calls for, filled from the ledger.

An act that calls for a letter puts it on the list as due. One that ends the call takes it off,
unless the letter has gone out by then: what was sent stays to be seen.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    RowMapping,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlmodel import Field, SQLModel

from overrides.event_kinds import DECISION_KINDS
from overrides.events import read_event
from overrides.instants import instant_text, parse_instant
from overrides.journal import Event, Json, Opened
from overrides.letter_calls import Called, LetterKind, called_for
from overrides.letter_rows import BEFORE_ISSUE, LetterPage, LetterRow, LetterState
from overrides.letters import Sealed, due_at
from overrides.rule_packs import pack_for
from overrides.stores.case_tables import FILES
from overrides.stores.engine import reading
from overrides.stores.hot_path import HotPath
from overrides.stores.reading import EVENTS
from overrides.values import CaseStatus, Decision, Recommendation

PAGE_ROWS_MAX = 200
_GONE = tuple(state.value for state in LetterState if state not in BEFORE_ISSUE)
_OUT = (LetterState.SENT.value, LetterState.RETURNED.value)  # what is only issued can be held back


def _text(*, primary_key: bool = False) -> Column[str]:
    """A text column."""
    return Column(Text, primary_key=primary_key, nullable=False)


class LetterCalledRow(SQLModel, table=True):
    """The letter of one case as it stands."""

    __tablename__ = "letter"
    __table_args__ = (
        Index("letter_list", "state", "due_at", "case_ref"),
        Index("letter_branch", "branch", "state", "due_at", "case_ref"),
    )

    case_ref: str = Field(sa_column=_text(primary_key=True))
    kind: str = Field(sa_column=_text())
    called_by: str = Field(sa_column=_text())
    state: str = Field(sa_column=_text())
    due_at: str = Field(sa_column=_text())
    branch: str = Field(sa_column=_text())
    by_person: str = Field(sa_column=_text())  # "yes" or "no"
    letter_id: str = Field(sa_column=_text())
    replaces: str = Field(sa_column=_text())
    locale: str = Field(sa_column=_text())
    holds: str = Field(sa_column=_text())  # JSON
    drafter: str = Field(sa_column=_text())
    moved_at: str = Field(sa_column=_text())
    simulated: str = Field(sa_column=_text())  # "yes" or "no"


LETTERS: Any = LetterCalledRow.__table__  # type: ignore[attr-defined]
_COLUMNS = tuple(column.name for column in LETTERS.columns)
_ONE = select(LETTERS).where(LETTERS.c.case_ref == bindparam("ref"))
_STATUS = select(FILES.c.status).where(FILES.c.case_ref == bindparam("ref"))
_STATEMENT_OF_DECISION = select(EVENTS.c.body).where(
    EVENTS.c.event_id
    == select(FILES.c.decision_event).where(FILES.c.case_ref == bindparam("ref")).scalar_subquery()
)

_OF_CASE = (
    select(EVENTS.c.body)
    .where(
        EVENTS.c.case_ref == bindparam("ref"),
        EVENTS.c.log == bindparam("log"),
        EVENTS.c.seq <= bindparam("seq"),
    )
    .order_by(EVENTS.c.seq)
)


def letter_of(path: HotPath, case_ref: str) -> LetterRow | None:
    """The letter of a case, through the writer's own transaction."""
    found = path.first(_ONE, {"ref": case_ref})
    return None if found is None else _row(dict(zip(_COLUMNS, found, strict=True)))


def _row(row: Mapping[str, Any] | RowMapping) -> LetterRow:
    """A row of the table as it is read."""
    return LetterRow(
        **{name: row[name] for name in ("case_ref", "kind", "called_by", "branch", "letter_id")},
        **{name: row[name] for name in ("replaces", "locale", "drafter")},
        state=LetterState(row["state"]),
        due_at=parse_instant(row["due_at"]),
        moved_at=parse_instant(row["moved_at"]),
        holds=tuple(json.loads(row["holds"])),
        by_person=row["by_person"] == "yes",
        simulated=row["simulated"] == "yes",
    )


class LetterProjector:
    """Keeps the table of letters."""

    def tables(self) -> Sequence[str]:
        """Names of the tables this projector fills, and nobody else writes."""
        return (LETTERS.name,)

    def clear(self, connection: Connection) -> None:
        """Empty the table, before a rebuild."""
        connection.execute(delete(LETTERS))

    def apply(self, path: HotPath, event: Event, _opened: Opened) -> None:
        """Take in one entry; most are about something else."""
        data = event.data
        if event.type == "case_decided":
            if data["decision"] == Decision.DECLINE:
                self._call(path, event, LetterKind.ADVERSE_ACTION)
            else:
                _end(path.connection, event)
        elif event.type in _OFFERING:
            status = path.connection.execute(_STATUS, {"ref": event.case}).scalar()
            if status == CaseStatus.COUNTERED:
                self._call(path, event, LetterKind.COUNTEROFFER)
        elif event.type == "information_requested":
            self._call(path, event, LetterKind.INCOMPLETENESS)
        elif event.type in _OVER:
            self._end_or_call(path, event)
        elif event.type == "information_received" or (
            event.type in DECISION_KINDS and data["attempt"] > 1
        ):
            _end(path.connection, event)
        elif event.type == "letter_drafted":
            _change(path.connection, event, **_drafted(event))
        elif event.type == "letter_moved":
            _change(path.connection, event, state=data["to"])

    def _end_or_call(self, path: HotPath, event: Event) -> None:
        """A case that ended or was opened again: what came before says which letter is due."""
        connection, ref = path.connection, str(event.case)
        found = connection.execute(_OF_CASE, {"ref": ref, "log": event.log, "seq": event.seq})
        acts = [_Act(read_event(bytes(body))) for body in found.scalars()]
        made = _decision_made(connection, ref)
        called = called_for(acts, made["jurisdiction"]) if made else None
        _end(connection, event)
        before = connection.execute(_ONE, {"ref": ref}).mappings().first()
        if called is not None and (before is None or before["called_by"] != called.event_id):
            self._call(path, event, called.kind, called)

    def _call(
        self, path: HotPath, event: Event, kind: LetterKind, called: Called | None = None
    ) -> None:
        """A letter is due. One that went out before is what the next one replaces."""
        connection, ref = path.connection, str(event.case)
        made = _decision_made(connection, ref)
        if made is None:
            return
        before = connection.execute(_ONE, {"ref": ref}).mappings().first()
        replaces = ""
        if before is not None:
            replaces = before["letter_id"] if before["state"] in _GONE else before["replaces"]
            connection.execute(delete(LETTERS).where(LETTERS.c.case_ref == ref))
        completed = made["completed_at"] if kind is not LetterKind.INCOMPLETENESS else ""
        began = parse_instant(completed) if completed else None
        pack = pack_for(
            made["jurisdiction"], (called.since if called else event.recorded_at).date()
        )
        due = pack.due_at(began, event.recorded_at)
        if called is not None:
            sealed = Sealed(recommendation=Recommendation.REFER, scored=(), completed_at=began)
            due = due_at(called, sealed, pack)
        row = {
            "case_ref": ref,
            "kind": kind.value,
            "called_by": called.event_id if called else event.event_id,
            "state": LetterState.DUE.value,
            "due_at": instant_text(due),
            "branch": made["branch"],
            "by_person": "no" if event.data.get("by", "person") != "person" else "yes",
            "letter_id": "",
            "replaces": replaces,
            "locale": "",
            "holds": "[]",
            "drafter": "",
            "moved_at": instant_text(event.recorded_at),
            "simulated": "yes" if made["simulated"] else "no",
        }
        connection.execute(insert(LETTERS), row)


_OFFERING = frozenset({"counter_offered", "approval_recorded"})
_OVER = frozenset({"case_reopened", "case_withdrawn", "case_expired"})


@dataclass(frozen=True, slots=True)
class _Act:
    """An entry of a case, as what a letter is worked out from."""

    event: Event

    @property
    def event_id(self) -> str:
        """Its id."""
        return self.event.event_id

    @property
    def type(self) -> str:
        """Its kind."""
        return self.event.type

    @property
    def at(self) -> datetime:
        """When it was recorded."""
        return self.event.recorded_at

    @property
    def data(self) -> Mapping[str, Json]:
        """Its members in the open."""
        return self.event.data


def _decision_made(connection: Connection, ref: str) -> Mapping[str, Any] | None:
    """What the entry of the decision that stands says in the open."""
    body = connection.execute(_STATEMENT_OF_DECISION, {"ref": ref}).scalar()
    return None if body is None else read_event(bytes(body)).data


def _end(connection: Connection, event: Event) -> None:
    """The case calls for no letter any more; one that went out before is the case's again."""
    row = connection.execute(_ONE, {"ref": event.case}).mappings().first()
    if row is None or row["state"] in _OUT:
        return
    connection.execute(delete(LETTERS).where(LETTERS.c.case_ref == event.case))
    if row["replaces"]:
        connection.execute(
            insert(LETTERS), {**row, **_gone_out(connection, event, row["replaces"])}
        )


def _gone_out(connection: Connection, event: Event, letter_id: str) -> dict[str, str]:
    """What the record says of an earlier letter of the case that had gone out."""
    given = {"ref": event.case, "log": event.log, "seq": event.seq}
    acts = [read_event(bytes(b)) for b in connection.execute(_OF_CASE, given).scalars()]
    known = {act.event_id: act for act in acts}
    draft = known[letter_id]
    moves = [act for act in acts if act.type == "letter_moved" and act.data["of"] == letter_id]
    caller = known[draft.cause[0]]
    return {
        **_drafted(draft),
        "kind": draft.data["kind"],
        "called_by": caller.event_id,
        "state": moves[-1].data["to"],
        "moved_at": instant_text(moves[-1].recorded_at),
        "by_person": "no" if caller.data.get("by", "person") != "person" else "yes",
    }


def _drafted(event: Event) -> dict[str, str]:
    """What a draft says of the letter."""
    return {
        "state": LetterState.DRAFTED.value,
        "letter_id": event.event_id,
        "replaces": event.data.get("replaces", ""),
        "locale": event.data["locale"],
        "holds": json.dumps(event.data["holds"]),
        "drafter": event.actor,
        "due_at": event.data["due_at"],
    }


def _change(connection: Connection, event: Event, **changes: str) -> None:
    """The letter of the entry's case is another one, or further on."""
    moved = {**changes, "moved_at": instant_text(event.recorded_at)}
    connection.execute(update(LETTERS).where(LETTERS.c.case_ref == event.case).values(**moved))


class SqlLetterBook:
    """A ``LetterBook`` over a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def letter(self, case_ref: str) -> LetterRow | None:
        """The letter of one case."""
        with reading(self._engine) as connection:
            found = connection.execute(_ONE, {"ref": case_ref}).mappings().first()
        return None if found is None else _row(found)

    def letters(
        self, state: LetterState, *, branch: str | None = None, cursor: str = "", limit: int = 50
    ) -> LetterPage:
        """A page of the letters in one state; ``ValueError`` for a cursor that no page gave."""
        most = min(max(limit, 1), PAGE_ROWS_MAX)
        query = select(LETTERS).where(LETTERS.c.state == state.value)
        if branch is not None:
            query = query.where(LETTERS.c.branch.in_((branch, "")))
        if cursor:
            due, _, ref = cursor.partition("~")
            parse_instant(due)
            query = query.where(tuple_(LETTERS.c.due_at, LETTERS.c.case_ref) > tuple_(due, ref))
        query = query.order_by(LETTERS.c.due_at, LETTERS.c.case_ref).limit(most + 1)
        with reading(self._engine) as connection:
            found = connection.execute(query).mappings().all()
        last = found[most - 1] if len(found) > most else None
        following = f"{last['due_at']}~{last['case_ref']}" if last else ""
        return LetterPage(tuple(_row(row) for row in found[:most]), following)

    def letter_counts(self, *, branch: str | None = None) -> dict[LetterState, int]:
        """How many letters are in each state."""
        query = select(LETTERS.c.state, func.count()).group_by(LETTERS.c.state)
        if branch is not None:
            query = query.where(LETTERS.c.branch.in_((branch, "")))
        with reading(self._engine) as connection:
            found = {state: int(count) for state, count in connection.execute(query)}
        return {state: found.get(state.value, 0) for state in LetterState}
