"""Rows of the cases' tables, and entries of the ledger, as the values of ``overrides.reading``."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal as Number

from overrides.canonical import parse_own
from overrides.event_kinds import DECISION_KINDS
from overrides.events import SIMULATED_CLOCK, event_of
from overrides.feedback_made import FeedbackExportRow
from overrides.journal import Event, Json
from overrides.reading import ActRow, CaseRow, ChangeRow, DecisionRow, OutcomeRow
from overrides.stores.case_state import Row, as_appeal, as_proposal
from overrides.urgency import Clocks
from overrides.values import CaseStatus, Decision, Money, OverrideSide, Recommendation

_KEPT_OF_A_DECISION = ("decision_id", "attempt", "supersedes", "recommendation", "probability")


# Our own tables hold nothing but the recorded form, so nothing is checked a second time.
stored_instant = datetime.fromisoformat


def instant_or_none(text: str | None) -> datetime | None:
    """An instant where there is one."""
    return stored_instant(text) if text else None


def decision_or_none(text: str | None) -> Decision | None:
    """A decision where there is one."""
    return Decision(text) if text else None


def side_or_none(text: str | None) -> OverrideSide | None:
    """A side where there is one."""
    return OverrideSide(text) if text else None


def case_row(row: Row) -> CaseRow:
    """A row of ``case_file`` for a list."""
    probability = row["probability"]
    return CaseRow(
        case_ref=row["case_ref"],
        bundle=row["bundle"],
        status=CaseStatus(row["status"]),
        version=row["version"],
        decision_id=row["decision_id"],
        decision_event=row["decision_event"],
        recommendation=Recommendation(row["recommendation"]),
        probability=None if probability is None else Number(probability),
        reliable=bool(row["reliable"]),
        amount=Money(row["amount_minor"], row["currency"]),
        product=row["product"],
        branch=row["branch"],
        queue=row["queue"],
        routing=tuple(json.loads(row["routing"])),
        subject=row["subject"],
        opened_at=stored_instant(row["opened_at"]),
        received_at=instant_or_none(row["received_at"]),
        due_at=instant_or_none(row["due_at"]),
        clocks=Clocks(
            instant_or_none(row["limit_at"]),
            instant_or_none(row["target_at"]),
            waits=row["status"] == CaseStatus.WAITING_APPLICANT,
        ),
        asleep_until=instant_or_none(row["asleep_until"]),
        referred=row["referred"] or "",
        holder=row["claim_person"] or "",
        holder_until=instant_or_none(row["claim_until"]),
        final=decision_or_none(row["final"]),
        side=side_or_none(row["side"]),
        by_person=bool(row["by_person"]),
        reviewer=row["reviewer"],
        approver=row["approver"],
        closed_at=instant_or_none(row["closed_at"]),
        proposal=as_proposal(row),
        simulated=bool(row["simulated"]),
        appeal=as_appeal(row),
    )


def event_in(body: bytes | memoryview) -> Event:
    """The event that an entry of our own ledger holds."""
    return event_of(parse_own(bytes(body)))


def decision_row(event: Event) -> DecisionRow:
    """The decision that an entry records."""
    data = event.data
    return DecisionRow(
        assigned_to=data.get("assigned", {}).get("to", ""),
        eligible=tuple(data.get("assigned", {}).get("among", ())),
        p_assigned=data.get("p_assigned"),
        decision_id=data["decision_id"],
        case_ref=str(event.case),
        seq=event.seq,
        event_id=event.event_id,
        made_at=event.recorded_at,
        attempt=data["attempt"],
        supersedes=data["supersedes"],
        bundle=data["bundle"],
        model=event.model,
        policy=event.policy,
        codebook=event.codebook,
        recommendation=Recommendation(data.get("recommendation", Recommendation.REFER)),
        probability=data.get("probability"),
        raw=data.get("raw"),
        base=data.get("base"),
        method=data.get("method"),
        background=data.get("background"),
        sum_error=data.get("sum_error"),
        reliable=data.get("reliable", False),
        approve_up_to=data.get("approve_up_to"),
        decline_above=data.get("decline_above"),
        distance=data.get("distance"),
        failure=data.get("cause"),
        routing=tuple(data["routing"]),
        knockouts=tuple(data["knockouts"]),
        sampled=data["sampled"] or {},
        adverse=concepts_in(data.get("adverse")),
        favourable=concepts_in(data.get("favourable")),
        queue=data["queue"],
        status=CaseStatus(data["status"]),
        product=data["product"],
        branch=data["branch"],
        channel=data["channel"],
        jurisdiction=data["jurisdiction"],
        amount=Money(data["amount_minor"], data["currency"]),
        received_at=instant_or_none(data["received_at"]),
        completed_at=instant_or_none(data["completed_at"]),
        due_at=instant_or_none(data["due_at"]),
        subject=data["subject"],
        parties=_pairs(data["parties"]),
        latency_us=data["latency_us"],
        simulated=data["simulated"],
    )


def _pairs(items: Sequence[Sequence[str]] | None) -> tuple[tuple[str, str], ...]:
    """Pairs as JSON has them: lists of two."""
    return tuple((first, second) for first, second in items or ())


def concepts_in(items: Sequence[str | Sequence[str]] | None) -> tuple[str, ...]:
    """Concepts in their order; entries of the first releases have an amount beside each."""
    return tuple([one if isinstance(one, str) else one[0] for one in items or ()])


def act_row(row: Row, event: Event) -> ActRow:
    """An event of a case with the standing it led to."""
    return ActRow(
        seq=row["seq"],
        event_id=row["event_id"],
        case_ref=row["case_ref"],
        type=row["type"],
        at=event.recorded_at,
        actor=event.actor,
        role=event.role,
        data=_light(event),
        slots=tuple(event.commit),
        status=CaseStatus(row["status"]),
        version=row["version"],
        simulated=event.clock == SIMULATED_CLOCK,
    )


def _light(event: Event) -> Mapping[str, Json]:
    """What an act's line needs of the event's data."""
    if event.type not in DECISION_KINDS:
        return event.data
    return {name: event.data[name] for name in _KEPT_OF_A_DECISION if name in event.data}


def change_row(row: Row) -> ChangeRow:
    """A change of a case, with the standing it led to."""
    return ChangeRow(
        seq=row["seq"],
        at=stored_instant(row["at"]),
        type=row["type"],
        case_ref=row["case_ref"],
        bundle=row["bundle"],
        decision_id=row["decision_id"],
        decision_event=row["decision_event"],
        status=CaseStatus(row["status"]),
        final=decision_or_none(row["final"]),
        by_person=bool(row["by_person"]),
        simulated=bool(row["simulated"]),
    )


def outcome_row(row: Row) -> OutcomeRow:
    """An observation."""
    return OutcomeRow(
        seq=row["seq"],
        event_id=row["event_id"],
        case_ref=row["case_ref"],
        at=stored_instant(row["at"]),
        kind=row["kind"],
        value=row["value"],
        observed_at=stored_instant(row["observed_at"]),
        months_on_book=row["months_on_book"],
        source=row["source"],
        corrects=row["corrects"],
        simulated=bool(row["simulated"]),
        account=row["account"],
    )


def export_row(row: Row) -> FeedbackExportRow:
    """A feedback set that was made."""
    return FeedbackExportRow(
        seq=row["seq"],
        at=stored_instant(row["at"]),
        actor=row["actor"],
        bundle=row["bundle"],
        folder=row["folder"],
        manifest_sha256=row["manifest_sha256"],
        rows=row["rows"],
        counts=json.loads(row["counts"]),
        as_of=row["as_of"],
        purpose=row["purpose"],
        erasure_epoch=row["erasure_epoch"],
    )
