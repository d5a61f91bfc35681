"""Filling the tables of the cases from the ledger, event by event, in the writer's transaction."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from overrides.event_kinds import DECISION_KINDS, RARE_KINDS, opens_case
from overrides.instants import instant_text
from overrides.journal import Command, Event, Opened, State
from overrides.outcomes import account_key
from overrides.reading import KeyedHash, application_key
from overrides.stores.case_state import SqlState, look_ahead, standing_of
from overrides.stores.case_tables import ACTS, COUNTS, DECISIONS, EXPORTS, FILES, OUTCOMES, TABLES
from overrides.stores.hot_path import HotPath
from overrides.stores.standing import KINDS, Standing, advance, opened

_COUNTED = ("bundle", "branch", "queue", "status")
_RARE = frozenset(kind for kinds in RARE_KINDS.values() for kind in kinds)
_INSERT_FILE = insert(FILES)
_INSERT_DECISION = insert(DECISIONS)
_INSERT_ACT = insert(ACTS)
_INSERT_OUTCOME = insert(OUTCOMES)
_INSERT_EXPORT = insert(EXPORTS)
_INSERT_COUNT = upsert(COUNTS)
_COUNT = _INSERT_COUNT.on_conflict_do_update(
    index_elements=[COUNTS.c[name] for name in _COUNTED],
    set_={"cases": COUNTS.c.cases + _INSERT_COUNT.excluded.cases},
)


def _change(*names: str) -> Any:
    """An update of these columns of one case; unnamed columns and their indexes stay untouched."""
    changes: dict[str, BindParameter[Any]] = {name: bindparam(f"new_{name}") for name in names}
    return update(FILES).where(FILES.c.case_ref == bindparam("ref")).values(changes)


_CLAIM = ("claim_person", "claim_until")
_AWAY = (*_CLAIM, "asleep_until", "referred")
_ON_RESCORE = frozenset(column.name for column in FILES.columns) - {
    "case_ref",
    "log",
    "application_key",
    "opened_at",
    "excluded",
    "appeal",
}
_ON_ACT = (
    *("status", "list_order", "version", "proposal", "proposal_person", "excluded", *_CLAIM),
    *("final", "side", "code", "by_person", "reviewer", "approver", "closed_at"),
    *("target_at", "asleep_until", "referred"),
)
_EARLIER = DECISIONS.alias("earlier")
_FORGET_ACCOUNT = (
    update(OUTCOMES).where(OUTCOMES.c.event_id == bindparam("event")).values(account_key=None)
)
_FORGET = (
    update(FILES)
    .where(
        FILES.c.case_ref.in_(
            select(DECISIONS.c.case_ref).where(
                DECISIONS.c.event_id == bindparam("event"),
                ~select(_EARLIER.c.seq)
                .where(
                    _EARLIER.c.case_ref == DECISIONS.c.case_ref, _EARLIER.c.seq < DECISIONS.c.seq
                )
                .exists(),
            )
        )
    )
    .values(application_key=None)
)
_CHANGE_CLAIM = _change(*_CLAIM)
_CHANGE_AWAY = _change(*_AWAY)
_CHANGE_VERSION = _change("version")
_CHANGE_ALL = _change(*sorted(_ON_RESCORE | {*_ON_ACT, "appeal"}))
_CHANGE_ACT = _change(*_ON_ACT)


class CaseProjector:
    """Keeps the tables of the cases, and makes the state that commands decide on.

    ``lookup`` is the vault's keyed hash: an application's own id is only ever kept through it.
    """

    def __init__(self, lookup: KeyedHash, *, log: str) -> None:
        self._lookup = lookup
        self._log = log

    def tables(self) -> Sequence[str]:
        """Names of the tables this projector fills, and nobody else writes."""
        return tuple(table.name for table in TABLES)

    def ahead(self, path: HotPath, commands: Sequence[Command]) -> None:
        """Look at once for the cases of the applications that commands are about."""
        look_ahead(path, [key for of in commands if (key := getattr(of, "application_key", ""))])

    def state(self, path: HotPath, now: datetime) -> State:
        """A view of the tables through the writer's own transaction."""
        return SqlState(path, now, self._log)

    def clear(self, connection: Connection) -> None:
        """Empty the tables, before a rebuild."""
        for table in TABLES:
            connection.execute(delete(table))

    def apply(self, path: HotPath, event: Event, opened_slots: Opened) -> None:
        """Take in one event, in ledger order."""
        if event.type in KINDS:
            self._act(path, event, opened_slots)
        elif event.type in {"outcome_observed", "outcome_corrected"}:
            path.later(_INSERT_OUTCOME, self._outcome(event, opened_slots))
        elif event.type == "feedback_exported":
            path.later(_INSERT_EXPORT, _export(event))
        if event.type in _RARE:
            path.answers.clear()
            path.settle()  # for the commands that follow in this transaction: see ``SqlState``

    def _act(self, path: HotPath, event: Event, opened_slots: Opened) -> None:
        """Move the case, or open it."""
        first = opens_case(event.type, event.data)
        before = None if first else standing_of(path, str(event.case))
        if before is None:
            after = opened(event, self._application_key(event, opened_slots))
            path.later(_INSERT_FILE, after)
            _count(path, after, 1)
        else:
            changed = advance(before, event)
            after = {**before, **changed}
            _write_changes(path, changed, after)
            if any(after[name] != before[name] for name in _COUNTED):
                _count(path, before, -1)
                _count(path, after, 1)
        if event.type in DECISION_KINDS:
            path.later(_INSERT_DECISION, _decision(event, after))
        path.later(_INSERT_ACT, _act(event, after))

    def _application_key(self, event: Event, opened_slots: Opened) -> str | None:
        """Keyed hash of the bundle's name and the application's id; None once that is erased."""
        application_id = opened_slots.get("inputs", {}).get("application_id")
        if application_id is None:
            return None
        return application_key(self._lookup, event.data["bundle"], application_id)

    def _outcome(self, event: Event, opened_slots: Opened) -> Standing:
        """Row of an observation."""
        names = ("kind", "value", "observed_at", "months_on_book", "source", "corrects")
        account = opened_slots.get("account", {}).get("number")
        return {
            "log": event.log,
            "seq": event.seq,
            "event_id": event.event_id,
            "case_ref": event.case,
            "at": instant_text(event.recorded_at),
            **{name: event.data[name] for name in names},
            "simulated": event.data["simulated"],
            "account": event.data.get("account", 0),
            "account_key": account and account_key(self._lookup, str(event.case), account),
        }


def forget_accounts(connection: Connection, events: Sequence[str]) -> None:
    """Let go of the keys of accounts whose numbers were erased from these observations."""
    if events:
        connection.execute(_FORGET_ACCOUNT, [{"event": event_id} for event_id in events])


def forget_applications(connection: Connection, events: Sequence[str]) -> None:
    """Let go of applications' keys where the first decision's application was erased.

    A case filled again from the ledger has none then either.
    """
    if events:
        connection.execute(_FORGET, [{"event": event_id} for event_id in events])


def _write_changes(path: HotPath, changed: Standing, after: Standing) -> None:
    """Update the row by the narrowest statement that holds the changes."""
    if not changed:
        return
    names = changed.keys()
    columns: tuple[str, ...] = tuple(_ON_RESCORE | {*_ON_ACT, "appeal"})
    statement = _CHANGE_ALL
    if names <= set(_CLAIM):
        statement, columns = _CHANGE_CLAIM, _CLAIM
    elif names <= set(_AWAY):
        statement, columns = _CHANGE_AWAY, _AWAY
    elif names == {"version"}:
        statement, columns = _CHANGE_VERSION, ("version",)
    elif names <= set(_ON_ACT):
        statement, columns = _CHANGE_ACT, _ON_ACT
    path.run(statement, {"ref": after["case_ref"], **{f"new_{n}": after[n] for n in columns}})


def _count(path: HotPath, standing: Standing, step: int) -> None:
    """One case more or fewer in this state."""
    keys = {name: standing[name] for name in _COUNTED}
    path.later(_COUNT, {**keys, "cases": step})


def _decision(event: Event, after: Standing) -> Standing:
    """Row of a decision."""
    names = ("recommendation", "probability", "reliable", "amount_minor", "currency", "branch")
    return {
        "decision_id": event.data["decision_id"],
        "case_ref": event.case,
        "log": event.log,
        "seq": event.seq,
        "event_id": event.event_id,
        **{name: after[name] for name in (*names, "received_at", "due_at")},
        "completed_at": event.data["completed_at"] or None,
        "random_accept": bool((event.data["sampled"] or {}).get("random_accept")),
    }


def _act(event: Event, after: Standing) -> Standing:
    """Row of an act, with the standing it led to."""
    names = ("status", "version", "final", "side", "code", "by_person", "reviewer", "approver")
    return {
        "log": event.log,
        "seq": event.seq,
        "event_id": event.event_id,
        "case_ref": event.case,
        "type": event.type,
        "at": instant_text(event.recorded_at),
        "actor": event.actor,
        "about": _about(event),
        "decision_id": after["decision_id"],
        **{name: after[name] for name in (*names, "closed_at")},
    }


def _about(event: Event) -> str | None:
    """The decision that an act names; of a reopening, the entry of the decision it undid."""
    member = "of" if event.type == "case_reopened" else "decision_id"
    return event.data.get(member)


def _export(event: Event) -> Standing:
    """Row of a feedback set."""
    names = ("folder", "manifest_sha256", "rows", "as_of", "purpose", "erasure_epoch")
    return {
        "log": event.log,
        "seq": event.seq,
        "at": instant_text(event.recorded_at),
        "actor": event.actor,
        "bundle": event.data.get("bundle") or "",
        "counts": json.dumps(event.data["counts"], sort_keys=True),
        **{name: event.data[name] for name in names},
    }
