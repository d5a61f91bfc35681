"""What would go of the ledger's personal parts, and what stands against it, in one transaction."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, literal_column, or_, select

from overrides.erasing import (
    CaseFacts,
    Due,
    Hold,
    Pair,
    Part,
    Request,
    Scope,
    Sifted,
    Standing,
    Target,
)
from overrides.erasure_desk import NOTE_PARTY, holds_over
from overrides.errors import DataKeyAltered
from overrides.instants import instant_text, parse_instant
from overrides.record_classes import APPLICANT_CLASSES, class_of
from overrides.retention import Ending, Schedule, after_months, ending_of
from overrides.stores.case_tables import FILES, OUTCOMES
from overrides.stores.erasure_opening import Opening
from overrides.stores.erasure_tables import REQUESTS
from overrides.stores.holds import every_hold
from overrides.stores.ledger_tables import DataKey, LedgerPayload
from overrides.stores.reading import EVENTS
from overrides.vault import Vault

AT_ONCE = 400  # values in one statement
MONTH_ENDS = timedelta(days=3)  # by so much can going back and forth by months differ

_KEYS = DataKey.__table__  # type: ignore[attr-defined]
_PAYLOADS = LedgerPayload.__table__  # type: ignore[attr-defined]
_SCORED = EVENTS.c.type == literal_column("'score_only'")  # as text: the index by kind fits it
_LAST_SEEN = (
    select(func.max(OUTCOMES.c.observed_at))
    .where(OUTCOMES.c.case_ref == FILES.c.case_ref)
    .scalar_subquery()
)


class SqlErasureState:
    """``ErasureState`` through one connection."""

    def __init__(self, connection: Connection, log: str, vault: Vault) -> None:
        self._connection = connection
        self._log = log
        self._vault = vault

    def parts(self, target: Target) -> list[Part]:
        """What a request of a party or a case would take, in ledger order."""
        classes = [_KEYS.c.record_class.in_(target.classes)]
        if set(target.classes) == set(APPLICANT_CLASSES):
            classes.append(_KEYS.c.record_class == "")  # of the first releases: one key for all
        if not (target.subject or target.case):
            return []
        wanted = [or_(*classes), _KEYS.c.subject_ref != NOTE_PARTY]
        if target.subject:
            wanted.append(_KEYS.c.subject_ref == target.subject)
        if target.case:
            wanted.append(_KEYS.c.case_ref == target.case)
        return self._parts(and_(*wanted))

    def parts_named(self, pairs: Sequence[Pair]) -> list[Part]:
        """Those of the named parts that are still there, in ledger order, as columns say."""
        named, found = set(pairs), []
        for some in _chunks(sorted({event_id for event_id, _ in pairs})):
            found += self._parts(EVENTS.c.event_id.in_(some), checked=False)
        return sorted(
            (part for part in found if part.pair in named), key=lambda part: (part.seq, part.slot)
        )

    def parts_under(self, keys: Collection[str]) -> list[Part]:
        """Every part that these data keys lock, in ledger order, as columns say."""
        found = []
        for some in _chunks(sorted(keys)):
            found += self._parts(_PAYLOADS.c.dek_id.in_(some), checked=False)
        return sorted(found, key=lambda part: (part.seq, part.slot))

    def events_there(self, events: Collection[str]) -> set[str]:
        """Those of these events that the ledger has."""
        query = select(EVENTS.c.event_id).where(EVENTS.c.log == self._log)
        found: set[str] = set()
        for some in _chunks(sorted(events)):
            found |= set(
                self._connection.execute(query.where(EVENTS.c.event_id.in_(some))).scalars()
            )
        return found

    def check_opening(self, parts: Sequence[Part], subject: str = "") -> None:
        """Open these parts, and all that lies here of the cases that they and the subject are of.

        Raises ``DataKeyAltered`` or ``LedgerAltered`` for what is not what it says it is.
        """
        Opening(self._connection, self._log, self._vault).check(parts, subject)

    def sift(self, pairs: Sequence[Pair]) -> Sifted:
        """What can go of the named parts that are still there, opened to see whose they are."""
        named = self.parts_named(pairs)
        under = self.parts_under({part.dek_id for part in named})
        return Opening(self._connection, self._log, self._vault).sift(named, under)

    def due(self, schedule: Schedule, as_of: datetime) -> list[Due]:
        """What a schedule says is due, by case or scoring and class."""
        if schedule.shortest is None:
            return []
        horizon = instant_text(after_months(as_of, -schedule.shortest) + MONTH_ENDS)
        of_applicants = (
            _KEYS.c.subject_ref != NOTE_PARTY,
            _KEYS.c.record_class.in_(APPLICANT_CLASSES),
        )
        columns = select(_KEYS.c.dek_id, _KEYS.c.case_ref, _KEYS.c.record_class)
        of_cases = columns.join(FILES, FILES.c.case_ref == _KEYS.c.case_ref).where(
            FILES.c.log == self._log, FILES.c.closed_at <= horizon, *of_applicants
        )
        of_scorings = columns.join(EVENTS, EVENTS.c.case_ref == _KEYS.c.case_ref).where(
            EVENTS.c.log == self._log, _SCORED, EVENTS.c.recorded_at <= horizon, *of_applicants
        )
        keys: dict[tuple[str, str], list[str]] = {}
        for query in (of_cases, of_scorings):
            for dek_id, case_ref, record_class in self._connection.execute(query):
                keys.setdefault((case_ref, record_class), []).append(dek_id)
        facts = self.facts({case_ref for case_ref, _ in keys})
        over = [
            (fact, record_class, deks)
            for (case_ref, record_class), deks in sorted(keys.items())
            if (fact := facts.get(case_ref)) is not None
        ]
        return list(self._due(over, schedule, as_of))

    def _due(
        self,
        over: Sequence[tuple[CaseFacts, str, list[str]]],
        schedule: Schedule,
        as_of: datetime,
    ) -> Iterator[Due]:
        """The lines whose time is over, with their parts."""
        lines = []
        for fact, record_class, deks in over:
            if fact.ending is None or fact.since is None:
                continue
            rule = schedule.rule(record_class, fact.jurisdiction, fact.ending)
            if rule.erase_after_months is None:
                continue
            due_at = after_months(fact.since, rule.erase_after_months)
            if due_at <= as_of:
                lines.append((fact, record_class, deks, due_at, rule.law))
        wanted = [dek_id for _, _, deks, _, _ in lines for dek_id in deks]
        by_key: dict[str, list[Part]] = {}
        for some in _chunks(wanted):
            for part in self._parts(_KEYS.c.dek_id.in_(some)):
                by_key.setdefault(part.dek_id, []).append(part)
        holds = self.standing_holds()
        for fact, record_class, deks, due_at, law in lines:
            parts = tuple(part for dek_id in deks for part in by_key.get(dek_id, ()))
            assert fact.ending is not None
            assert fact.since is not None
            yield Due(
                case_ref=fact.case_ref,
                record_class=record_class,
                jurisdiction=fact.jurisdiction,
                ending=fact.ending,
                since=fact.since,
                due_at=due_at,
                law=law,
                parts=parts,
                held=holds_over(holds, parts),
            )

    def facts(self, cases: Iterable[str]) -> Mapping[str, CaseFacts]:
        """What is known of these cases, and of scorings, which are of no case, by their own."""
        wanted = sorted(cases)
        found = self._case_facts(wanted)
        return {**found, **self._scored_facts([ref for ref in wanted if ref not in found])}

    def _scored_facts(self, wanted: Sequence[str]) -> dict[str, CaseFacts]:
        """What is known of scorings: they ended when they were recorded."""
        query = select(EVENTS.c.case_ref, EVENTS.c.recorded_at, EVENTS.c.body).where(
            EVENTS.c.log == self._log, _SCORED
        )
        facts = {}
        for some in _chunks(wanted):
            rows = self._connection.execute(query.where(EVENTS.c.case_ref.in_(some)))
            for ref, at, body in rows:
                place = json.loads(bytes(body))["data"]["jurisdiction"]
                since = parse_instant(at)
                facts[ref] = CaseFacts(
                    case_ref=ref, jurisdiction=place, ending=Ending.SCORED, since=since
                )
        return facts

    def _case_facts(self, wanted: Sequence[str]) -> dict[str, CaseFacts]:
        """What is known of cases."""
        query = (
            select(
                FILES.c.case_ref,
                FILES.c.status,
                FILES.c.final,
                FILES.c.closed_at,
                EVENTS.c.body,
                _LAST_SEEN,
            )
            .join(EVENTS, EVENTS.c.event_id == FILES.c.decision_event)
            .where(FILES.c.case_ref.in_(bindparam("cases", expanding=True)))
        )
        facts = {}
        for some in _chunks(wanted):
            for ref, status, final, closed, body, seen in self._connection.execute(
                query, {"cases": some}
            ):
                ending = ending_of(status, final)
                since = max(filter(None, (closed, seen)), default=None)
                facts[ref] = CaseFacts(
                    case_ref=ref,
                    jurisdiction=json.loads(bytes(body))["data"]["jurisdiction"],
                    ending=ending,
                    since=parse_instant(since) if since and ending else None,
                )
        return facts

    def people_since(self, seq: int) -> set[str]:
        """Whoever was added after this entry."""
        added = (EVENTS.c.log == self._log, EVENTS.c.type == "person_added", EVENTS.c.seq > seq)
        bodies = self._connection.execute(select(EVENTS.c.body).where(*added)).scalars()
        return {json.loads(bytes(body))["data"]["person"] for body in bodies}

    def standing_holds(self) -> list[Hold]:
        """Every hold that is not lifted, oldest first, as the ledger's entries say."""
        return [hold for hold in every_hold(self._connection, self._log) if hold.stands]

    def hold(self, hold_id: str) -> Hold | None:
        """One hold."""
        every = every_hold(self._connection, self._log)
        return next((hold for hold in every if hold.hold_id == hold_id), None)

    def request(self, request_id: str) -> Request | None:
        """One request."""
        query = select(REQUESTS).where(REQUESTS.c.request_id == request_id)
        row = self._connection.execute(query).first()
        return None if row is None else request_of(row)

    def _parts(self, wanted: Any, *, checked: bool = True) -> list[Part]:
        """Parts that are wanted, in ledger order, whether their key is there or not.

        Raises ``DataKeyAltered`` where ``checked`` finds a key of another case or class.
        """
        query: Select[Any] = (
            select(
                _PAYLOADS.c.seq,
                _PAYLOADS.c.event_id,
                _PAYLOADS.c.slot,
                _PAYLOADS.c.dek_id,
                _KEYS.c.subject_ref,
                EVENTS.c.case_ref,
                _KEYS.c.case_ref,
                _KEYS.c.record_class,
                _KEYS.c.kek_epoch,
            )
            .join(_KEYS, _KEYS.c.dek_id == _PAYLOADS.c.dek_id, isouter=True)
            .join(EVENTS, and_(EVENTS.c.log == _PAYLOADS.c.log, EVENTS.c.seq == _PAYLOADS.c.seq))
            .where(_PAYLOADS.c.log == self._log, wanted)
            .order_by(_PAYLOADS.c.seq, _PAYLOADS.c.slot)
        )
        return [_part(*row, checked=checked) for row in self._connection.execute(query)]


def _part(  # noqa: PLR0913, PLR0917 - a row has so many columns
    seq: int,
    event_id: str,
    slot: str,
    dek_id: str,
    subject: str | None,
    case: str | None,
    key_case: str | None,
    record_class: str | None,
    epoch: int | None,
    *,
    checked: bool,
) -> Part:
    """A part from its row.

    Raises ``DataKeyAltered`` for a key that is said to be of another case or class than the entry:
    by that it would go with what it does not belong to. Keys of the first releases have neither.
    """
    if checked and record_class and (key_case, record_class) != (case or "", class_of(slot).value):
        raise DataKeyAltered(dek_id=dek_id)
    return Part(
        seq=seq,
        event_id=event_id,
        slot=slot,
        dek_id=dek_id,
        subject=subject or "",
        case=case or "",
        record_class=record_class or "",
        epoch=epoch or 0,
    )


def _chunks(values: Sequence[str]) -> Iterator[list[str]]:
    """The values some at a time."""
    for at in range(0, len(values), AT_ONCE):
        yield list(values[at : at + AT_ONCE])


def request_of(row: Any) -> Request:
    """A request from its row."""
    return Request(
        request_id=row.request_id,
        seq=row.seq,
        target=Target(
            scope=Scope(row.scope),
            classes=tuple(json.loads(row.classes)),
            subject=row.subject,
            case=row.case_ref,
            as_of=parse_instant(row.as_of) if row.as_of else None,
        ),
        ground=row.ground,
        root=row.root,
        count=row.count,
        schedule=row.schedule,
        standing=Standing(row.standing),
        asked_by=row.asked_by,
        asked_at=parse_instant(row.asked_at),
        why=row.why,
        refusal_ground=row.refusal_ground,
        kept_until=parse_instant(row.kept_until) if row.kept_until else None,
        settled_by=row.settled_by,
        settled_at=parse_instant(row.settled_at) if row.settled_at else None,
        erased_event=row.erased_event,
        erased_seq=row.erased_seq,
        destroyed=row.destroyed,
    )
