"""What is written down of one decision: the open part for numbers, the personal parts sealed.

Everything an analysis needs after an erasure is in the open part; everything that says something
about a person is in a slot under that person's key. By how much each concept pushed the score says
something too: whoever has the model can work out a value from it, so the open part has no amounts.
Protected attributes have a slot of their own, which no officer's page opens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from decision_service.applications import Application, Party
from decision_service.decimals import decimal_text, decimal_texts, recorded_fields
from decision_service.party_parts import split
from decision_service.policy import Assessment
from decision_service.registry import InUse
from explain.declared.contract import CheckedFields
from explain.values import LOG_ODDS, SCALE_WORDS, Attribution, Explanation, Reason
from overrides.assigning import Assigned
from overrides.blind_first import Lot
from overrides.cases import Case
from overrides.instants import instant_text
from overrides.journal import Draft, Slot
from overrides.values import Actor, CaseStatus, Decision, Money, NewId

FALLBACK = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One application, checked and with its defaults, before it is scored.

    ``checked`` is None when the contract could not be read, so nothing is known of any field.
    """

    application: Application
    actor: Actor
    in_use: InUse
    checked: CheckedFields | None
    amount: Money
    product: str
    branch: str
    channel: str
    jurisdiction: str
    received_at: datetime
    completed_at: datetime
    due_at: datetime  # the earlier of the two that follow
    limit_at: datetime | None  # by which the law wants a decision; None where the law is not known
    target_at: datetime  # by which the lender promised one
    subject: str  # reference of the applicant's key
    party_subjects: tuple[str, ...]  # of the parties, in their order
    application_key: str
    simulated: bool
    assigned: Assigned | None = None  # who was drawn, where a draw was made
    lot: Lot | None = None  # by which first views are drawn, where they are
    secret: bytes = field(repr=False)  # for shares of reasons about several; "" if nobody has any


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What scoring and policy made of it. ``failure`` is empty exactly when there is a score."""

    assessment: Assessment
    explanation: Explanation | None = None
    probability: str = ""  # the recorded decimal
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A decision ready to be written but for its place in its case."""

    prepared: Prepared
    finding: Finding
    event_id: str
    end_id: str  # of the entry that ends the case, where policy decides at once
    data: Mapping[str, Any]
    payloads: Mapping[str, Mapping[str, Any]]  # of the applicant's slots, by name

    def drafts(self, case: Case | None, new_case_ref: str) -> tuple[Draft, ...]:
        """The entries: the decision, and its end where policy decides at once.

        ``case`` is the application's case when it has one: then this is a re-score of it.
        """
        prepared, version = self.prepared, self.prepared.in_use.version
        case_ref = case.case_ref if case else new_case_ref
        data = {
            **(_unassigned(self.data) if case else self.data),
            "application": case_ref,
            "attempt": case.attempt + 1 if case else 1,
            "supersedes": case.decision_id if case else None,
            "subject": self._subject(case),
        }
        if case is None and prepared.lot and data["status"] == CaseStatus.IN_REVIEW:
            data["sampled"] = {**data["sampled"], "blind": prepared.lot.members(case_ref)}
        made = Draft(
            event_id=self.event_id,
            type="decision_failed" if self.finding.failure else "decision_made",
            actor=prepared.actor.ref,
            role=prepared.actor.role,
            case=case_ref,
            cause=(case.decision_event,) if case else (),
            model=version.model,
            policy=version.policy,
            codebook=version.codebook,
            data=data,
            slots=self._slots(data["subject"]),
        )
        final = self.finding.assessment.final
        return (made,) if final is None else (made, self._decided(made, final))

    def undrawn(self) -> "Sheet":
        """The same decision, with the case left to whoever takes it."""
        return replace(self, data=_unassigned(self.data))

    def _subject(self, case: Case | None) -> str:
        """Whose key seals the application: a re-score that names nobody keeps the case's."""
        if case and not self.prepared.application.parties:
            return case.subject
        return self.prepared.subject

    def _slots(self, subject: str) -> tuple[Slot, ...]:
        """The personal parts, each under its party's key."""
        named = list(
            zip(self.prepared.application.parties, self.prepared.party_subjects, strict=True)
        )
        apart = [party.fields if key != subject else () for party, key in named]
        kept, theirs = split(self.payloads, apart, self.prepared.secret)
        own = [Slot(name, subject, payload) for name, payload in kept.items()]
        others = [
            Slot(f"party.{place}", key, _party(party, of_them))
            for place, ((party, key), of_them) in enumerate(zip(named, theirs, strict=True))
        ]
        return (*own, *others)

    def _decided(self, made: Draft, final: Decision) -> Draft:
        """The end of a case that policy decides at once."""
        return Draft(
            event_id=self.end_id,
            type="case_decided",
            actor=made.actor,
            role=made.role,
            case=made.case,
            cause=(made.event_id,),
            model=made.model,
            policy=made.policy,
            codebook=made.codebook,
            data={
                "decision": final.value,
                "by": "policy",
                "rests_on": [made.event_id],
                "side": "",
                "code": "",
                "terms": "as_applied",
            },
        )


def _party(party: Party, theirs: Mapping[str, Any]) -> Mapping[str, Any]:
    """A party's own part, with what of the application is about them."""
    whose = {"ref": party.ref, "role": party.role}
    return {**whose, "application": theirs} if theirs else whose


def sheet_of(prepared: Prepared, finding: Finding, new_id: NewId, latency_us: int) -> Sheet:
    """Everything that is known before the writer's transaction, in its recorded form."""
    event_id = new_id()
    data = _business(prepared, finding, event_id, latency_us)
    payloads = _inputs(prepared)
    if finding.explanation is None:
        data |= {"cause": finding.failure, "fallback": FALLBACK}
    else:
        payloads["explanation"] = in_record(finding.explanation)
        data |= _score(prepared, finding, finding.explanation)
    return Sheet(
        prepared=prepared,
        finding=finding,
        event_id=event_id,
        end_id=new_id() if finding.assessment.final else "",
        data=data,
        payloads=payloads,
    )


def _business(
    prepared: Prepared, finding: Finding, event_id: str, latency_us: int
) -> dict[str, Any]:
    """Members that every decision has, scored or not."""
    assessment, limit = finding.assessment, prepared.limit_at
    assigned = prepared.assigned if assessment.final is None else None
    return {
        **({"limit_at": instant_text(limit)} if limit else {}),
        **(assigned.members() if assigned else {}),
        "decision_id": event_id,
        "bundle": prepared.in_use.version.name,
        "routing": list(assessment.routing),
        "queue": assessment.queue,
        "status": assessment.status,
        "sampled": {
            "audit": assessment.audit,
            "p_routed": assessment.p_routed,
            "p_random_accept": None,
            "seed": assigned.number if assigned else None,
        },
        "product": prepared.product,
        "branch": prepared.branch,
        "channel": prepared.channel,
        "jurisdiction": prepared.jurisdiction,
        "amount_minor": prepared.amount.minor,
        "currency": prepared.amount.currency,
        "received_at": instant_text(prepared.received_at),
        "completed_at": instant_text(prepared.completed_at),
        "due_at": instant_text(prepared.due_at),
        "target_at": instant_text(prepared.target_at),
        "parties": [
            [f"party.{place}", party.role]
            for place, party in enumerate(prepared.application.parties)
        ],
        "latency_us": latency_us,
        "simulated": prepared.simulated,
        "knockouts": list(assessment.knockouts),
    }


def _unassigned(data: Mapping[str, Any]) -> dict[str, Any]:
    """The members where nobody was drawn, as for a re-score: whoever has the case keeps it."""
    kept = {name: value for name, value in data.items() if name not in ("assigned", "p_assigned")}
    return {**kept, "sampled": {**data["sampled"], "seed": None}}


def _score(prepared: Prepared, finding: Finding, explanation: Explanation) -> dict[str, Any]:
    """Members that only a scored decision has."""
    loaded = prepared.in_use.loaded
    assert loaded is not None, "a score comes from a loaded bundle"
    spec, attribution = loaded.bundle.policy_spec, explanation.attribution
    scale = loaded.bundle.scale
    return {
        "probability": finding.probability,
        "raw": decimal_text(attribution.score),
        **({} if scale == LOG_ODDS else {"scale": SCALE_WORDS[scale]}),
        "base": decimal_text(attribution.base),
        "method": explanation.method,
        "background": explanation.background_sha256,
        "sum_error": decimal_text(attribution.residual),
        "reliable": explanation.reliable,
        "recommendation": finding.assessment.recommendation.value,
        "approve_up_to": spec.approve_up_to,
        "decline_above": spec.decline_above,
        "distance": finding.assessment.distance,
        "adverse": [concept for concept, amount in explanation.pushes if amount > 0],
        "favourable": [concept for concept, amount in explanation.pushes if amount < 0],
    }


def _inputs(prepared: Prepared) -> dict[str, Mapping[str, Any]]:
    """The application as checked; protected attributes apart.

    Where no contract could be read, any field may be a protected one, so all are kept apart.
    """
    application, checked = prepared.application, prepared.checked
    inputs: dict[str, Any] = {
        "application_id": application.application_id,
        "fields": recorded_fields(checked.features) if checked else {},
        "context": recorded_fields(checked.context) if checked else {},
        "fields_meta": dict(application.fields_meta or {}),
        "warnings": [[w.field, w.code, w.detail] for w in checked.warnings] if checked else [],
    }
    monitor = (
        recorded_fields(checked.monitor)
        if checked
        else {name: _unread(value) for name, value in application.fields.items()}
    )
    return {"inputs": inputs, **({"monitor": {"fields": monitor}} if monitor else {})}


def _unread(value: object) -> str | None:
    """A submitted value that no contract explains, as text."""
    if value is None or isinstance(value, str):
        return value
    return decimal_text(value) if isinstance(value, float) else str(value)


def in_record(explanation: Explanation) -> dict[str, Any]:
    """Contributions and principal reasons as they were made, the applicant's values in them."""
    return {
        "contributions": _contributions(explanation.attribution),
        "reasons": {
            "adverse": [_reason(reason) for reason in explanation.adverse],
            "favourable": [_reason(reason) for reason in explanation.favourable],
        },
        "surprises": list(explanation.surprises),
        "problem": explanation.problem,
    }


def _contributions(attribution: Attribution) -> list[list[str]]:
    """Each feature with its contribution, and with the error of one that was sampled."""
    if not attribution.contributions:
        return []
    names, amounts, _ = zip(*attribution.contributions, strict=True)
    columns = [names, decimal_texts(amounts)]
    if attribution.errors:
        columns.append(decimal_texts(attribution.errors))
    return [list(line) for line in zip(*columns, strict=True)]


def _reason(reason: Reason) -> dict[str, Any]:
    """One reason as it was made; what only sampled ones have, only where they have it."""
    sampled = {"error": decimal_text(reason.error), "tied": reason.tied} if reason.error else {}
    return {
        "concept": reason.concept,
        "title": reason.title,
        "text": reason.text,
        "contribution": decimal_text(reason.contribution),
        "value": reason.value,
        "strength": reason.strength,
        "features": list(reason.features),
        "counter_intuitive": reason.counter_intuitive,
        **sampled,
    }
