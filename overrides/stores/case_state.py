"""What a command may look at before it decides: the cases, through the writer's transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping, bindparam, func, literal_column, select

from overrides.cases import Appeal, Case, Offer, Proposal
from overrides.event_kinds import RARE_KINDS
from overrides.events import read_event
from overrides.instants import parse_instant
from overrides.journal import About, Event, Told
from overrides.letter_rows import LetterRow
from overrides.stores.case_tables import ACTS, FILES, OUTCOMES
from overrides.stores.hot_path import HotPath, Lookup
from overrides.stores.letter_tables import letter_of
from overrides.stores.reading import EVENTS
from overrides.stores.standing import Standing
from overrides.values import (
    CaseStatus,
    Claim,
    Decision,
    Money,
    OverrideSide,
    Recommendation,
)

Row = Mapping[str, Any] | RowMapping

_COLUMNS = tuple(column.name for column in FILES.columns)
_SELECT_FILE = select(FILES).where(FILES.c.case_ref == bindparam("ref"))
_BY_APPLICATION = Lookup(FILES.columns.values(), FILES.c.application_key)
_SHOWN = select(ACTS.c.seq).where(
    ACTS.c.case_ref == bindparam("ref"),
    ACTS.c.type == literal_column("'reasons_shown'"),
    ACTS.c.actor == bindparam("person"),
    ACTS.c.about == bindparam("decision"),
)
_TRIED = select(func.count()).where(
    ACTS.c.case_ref == bindparam("ref"),
    ACTS.c.type == literal_column("'what_if_tried'"),
    ACTS.c.actor == bindparam("person"),
    ACTS.c.about == bindparam("decision"),
)
_OBSERVED = (
    select(OUTCOMES.c.event_id, OUTCOMES.c.value)
    .where(
        OUTCOMES.c.case_ref == bindparam("ref"),
        OUTCOMES.c.kind == bindparam("kind"),
        OUTCOMES.c.observed_at == bindparam("observed_at"),
        OUTCOMES.c.account == bindparam("account"),
    )
    .order_by(OUTCOMES.c.seq.desc())
)
_TOLD = _OBSERVED.where(
    OUTCOMES.c.value == bindparam("value"), OUTCOMES.c.source == bindparam("source")
)
_ACCOUNTS = (
    select(OUTCOMES.c.account_key, OUTCOMES.c.account)
    .where(OUTCOMES.c.case_ref == bindparam("ref"), OUTCOMES.c.account > 0)
    .distinct()
)

# Named as text, so that the index by kind leads straight to the few entries there are.
_RARE = {
    about: select(EVENTS.c.body).where(
        EVENTS.c.log == bindparam("log_name"),
        EVENTS.c.type.in_([literal_column(f"'{kind}'") for kind in kinds]),
        EVENTS.c.seq > bindparam("after"),
    )
    for about, kinds in RARE_KINDS.items()
}


def as_case(row: Row) -> Case:
    """The case that a row of ``case_file`` stands for."""
    probability = row["probability"]
    claim = None
    if row["claim_person"]:
        claim = Claim(row["claim_person"], parse_instant(row["claim_until"]))
    return Case(
        case_ref=row["case_ref"],
        bundle=row["bundle"],
        status=CaseStatus(row["status"]),
        version=row["version"],
        decision_id=row["decision_id"],
        decision_event=row["decision_event"],
        recommendation=Recommendation(row["recommendation"]),
        probability=None if probability is None else Decimal(probability),
        reliable=bool(row["reliable"]),
        amount=Money(row["amount_minor"], row["currency"]),
        branch=row["branch"],
        subject=row["subject"],
        opened_at=parse_instant(row["opened_at"]),
        received_at=parse_instant(row["received_at"]) if row["received_at"] else None,
        limit_at=parse_instant(row["limit_at"]) if row["limit_at"] else None,
        asleep_until=parse_instant(row["asleep_until"]) if row["asleep_until"] else None,
        referred=row["referred"] or "",
        attempt=row["attempt"],
        claim=claim,
        proposal=as_proposal(row),
        offer=as_offer(row),
        excluded=tuple(json.loads(row["excluded"])),
        final=Decision(row["final"]) if row["final"] else None,
        side=OverrideSide(row["side"]) if row["side"] else None,
        target_at=parse_instant(row["target_at"]) if row["target_at"] else None,
        closed_at=parse_instant(row["closed_at"]) if row["closed_at"] else None,
        decided_by=row["approver"] or row["reviewer"],
    )


def as_proposal(row: Row) -> Proposal | None:
    """The override that waits on a row of ``case_file``, if one does."""
    if not row["proposal"]:
        return None
    held = json.loads(row["proposal"])
    if "until" in held:
        return None
    return Proposal(
        event_id=held["event_id"],
        person=held["person"],
        decision=Decision(held["decision"]),
        side=OverrideSide(held["side"]),
        code=held["code"],
        needs=held["needs"],
        at=parse_instant(held["at"]),
        offer=held.get("offer", ""),
    )


def as_offer(row: Row) -> Offer | None:
    """The counter-offer that lies with the applicant of a row of ``case_file``, if one does."""
    held = json.loads(row["proposal"] or "{}")
    if "until" not in held:
        return None
    return Offer(
        event_id=held["offer"],
        person=held["person"],
        approver=held["approver"],
        until=parse_instant(held["until"]),
        side=OverrideSide(held["side"]) if held["side"] else None,
        code=held["code"],
    )


def as_appeal(row: Row) -> Appeal | None:
    """The latest appeal of a row of ``case_file``, if there was one."""
    if not row["appeal"]:
        return None
    held = json.loads(row["appeal"])
    return Appeal(
        event_id=held["event_id"],
        seq=held["seq"],
        answer_by=parse_instant(held["answer_by"]),
        by_law=held["by_law"],
        excludes=tuple(held["excludes"]),
    )


def look_ahead(path: HotPath, applications: Sequence[str]) -> None:
    """Look for the cases of many applications at once."""
    path.ahead(_BY_APPLICATION, applications)


def standing_of(path: HotPath, case_ref: str) -> Standing | None:
    """The row of a case, if there is one."""
    found = path.first(_SELECT_FILE, {"ref": case_ref})
    return None if found is None else dict(zip(_COLUMNS, found, strict=True))


def _about(about: About) -> dict[str, str | int]:
    """What is asked for of an observation."""
    return {
        "ref": about.case_ref,
        "kind": about.kind,
        "observed_at": about.observed_at,
        "account": about.account,
    }


@dataclass(frozen=True, slots=True)
class SqlState:
    """What a command may look at: the tables, through the writer's own transaction."""

    path: HotPath
    now: datetime
    log: str

    def case(self, case_ref: str) -> Case | None:
        """The case as it stands."""
        row = standing_of(self.path, case_ref)
        return None if row is None else as_case(row)

    def case_of_application(self, bundle: str, application_key: str) -> Case | None:
        """The case that an application opened; its key already holds the bundle's name."""
        wanted = {"application_key": application_key}
        found = self.path.peek(_BY_APPLICATION.one, wanted)
        if found is None:
            return None
        case = as_case(dict(zip(_COLUMNS, found, strict=True)))
        return case if case.bundle == bundle else None

    def outcome_told(self, about: About, told: Told) -> bool:
        """Whether this source has reported this value of this before."""
        wanted = {**_about(about), "value": told.value, "source": told.source}
        return self.path.first(_TOLD, wanted) is not None

    def outcome_at(self, about: About) -> tuple[str, str] | None:
        """Event id and value of the latest observation of this, if any."""
        found = self.path.first(_OBSERVED, _about(about))
        return None if found is None else (found[0], found[1])

    def outcome_accounts(self, case_ref: str) -> Mapping[str, int]:
        """The accounts that were heard of: their numbers, from 1 on, by their keyed hashes."""
        rows = self.path.connection.execute(_ACCOUNTS, {"ref": case_ref})
        return {key or f"erased {number}": number for key, number in rows}

    def shown_before(self, case_ref: str, person: str, decision_id: str) -> bool:
        """Whether this person was already shown the reasons of this decision."""
        wanted = {"ref": case_ref, "person": person, "decision": decision_id}
        return self.path.first(_SHOWN, wanted) is not None

    def tried_before(self, case_ref: str, person: str, decision_id: str) -> int:
        """How many sets of other values this person has tried on this decision."""
        wanted = {"ref": case_ref, "person": person, "decision": decision_id}
        found = self.path.first(_TRIED, wanted)
        return 0 if found is None else int(found[0])

    def letter(self, case_ref: str) -> LetterRow | None:
        """The letter of a case as it stands; None where none is called for."""
        return letter_of(self.path, case_ref)

    def rare_events(self, about: str, after: int) -> Sequence[Event]:
        """What was recorded of it after a place, in this very transaction too.

        Asked once in a transaction; the projector drops the answer when it is told of another.
        """
        key = (about, after)
        if key not in self.path.answers:
            wanted, asked = {"log_name": self.log, "after": after}, _RARE[about]
            some = self.path.peek(asked, wanted) is not None
            rows = self.path.connection.execute(asked, wanted).scalars() if some else ()
            events = (read_event(bytes(body)) for body in rows)
            self.path.answers[key] = sorted(events, key=lambda event: event.seq)
        found: Sequence[Event] = self.path.answers[key]
        return found
