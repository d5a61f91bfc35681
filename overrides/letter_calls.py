"""Which letter a case calls for, worked out from the record alone.

Who did not accept other terms was refused what they applied for, and who never sent what was asked
for was refused because of that: both are told so, unless a letter that went out before said it all
(12 CFR 1002.9(a)(1)(iv) and (c), with comment 9(a)(1)-6 of Supplement I).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from overrides.countering import LAPSED, REFUSED
from overrides.information import NO_ANSWER
from overrides.instants import parse_instant
from overrides.journal import Json
from overrides.letter_rows import LetterState
from overrides.rule_packs import pack_for
from overrides.values import CaseStatus, Decision, OverrideSide, Recommendation, Verdict


class LetterKind(StrEnum):
    """What a letter says to the applicant."""

    ADVERSE_ACTION = "adverse_action"
    COUNTEROFFER = "counteroffer"  # other terms than were asked for
    INCOMPLETENESS = "incompleteness"  # something is missing, and what


class Ground(StrEnum):
    """What a letter follows from."""

    DECIDED = "decided"
    OFFERED = "offered"
    ASKED = "asked"
    NOT_ACCEPTED = "not_accepted"  # other terms were refused, or ran out
    UNANSWERED = "unanswered"  # what was asked for never came


class Recorded(Protocol):
    """An act of a case as the ledger has it: see ``reading.ActRow``."""

    @property
    def event_id(self) -> str:
        """Its event."""

    @property
    def type(self) -> str:
        """Its kind of entry."""

    @property
    def at(self) -> datetime:
        """When it was recorded."""

    @property
    def data(self) -> Mapping[str, Json]:
        """Its members in the open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A letter that a case calls for, and the act that called for it."""

    kind: LetterKind
    event_id: str
    since: datetime
    decision: Decision | None = None
    by_person: bool = False
    side: OverrideSide | None = None
    named: tuple[str, ...] = ()  # concepts that the person named
    asked: tuple[str, ...] = ()  # fields and kinds of documents asked for, or of changed terms
    days: int = 0  # that other terms stand
    ground: Ground = Ground.DECIDED
    about: str = ""  # entry of the decision whose reasons it states; "": of the one that stands
    offered_at: datetime | None = None  # since when other terms lay with the applicant
    until: datetime | None = None  # how long the applicant has to answer


def called_for(acts: Sequence[Recorded], jurisdiction: str) -> Called | None:
    """The letter that the latest act which calls for one calls for; None when none does.

    A declined case calls for a letter about it, other terms for one about them, a case that waits
    for the applicant for one about what is missing. Where other terms were not accepted, or no
    answer came, a letter about the refusal is called for unless what went out before told it.
    Reopened, approved and otherwise withdrawn or expired cases call for none.
    """
    found: Called | None = None
    proposed: Recorded | None = None  # other terms that wait for a second person
    lies: Called | None = None  # what lies with the applicant: other terms, or a question
    for act in acts:
        if act.type == "case_decided":
            found = _decided(act, acts)
        elif act.type == "counter_offered":
            proposed = act if act.data["needs"] else None
            found = lies = None if act.data["needs"] else _offered(act, act)
        elif act.type == "approval_recorded" and proposed is not None:
            upheld = act.data["verdict"] == Verdict.UPHOLD
            found = lies = _offered(act, proposed) if upheld else None
            proposed = None
        elif act.type == "information_requested":
            found = lies = _asked(act)
        elif act.type in ("case_withdrawn", "case_expired"):
            over = lies is not None and act.data["reason"] in _OVER
            found = _over(act, lies, acts, jurisdiction) if lies is not None and over else None
        elif act.type == "case_reopened" and _lies_again(act):
            found = lies
        elif act.type in _ENDS:
            found = lies = None
    return found


_ENDS = frozenset({"case_reopened", "information_received", "decision_made", "decision_failed"})
_OVER = frozenset({REFUSED, LAPSED, NO_ANSWER})
_TOLD_BY = {LetterKind.COUNTEROFFER: "concepts", LetterKind.INCOMPLETENESS: "until"}


def _lies_again(act: Recorded) -> bool:
    """Whether an acceptance was undone: the terms lie with the applicant as before."""
    before = act.data.get("before")
    return before is not None and before["status"] == CaseStatus.COUNTERED


def _offered(act: Recorded, offer: Recorded) -> Called:
    """The letter about other terms, which lie with the applicant from ``act`` on."""
    before = offer.data["before"]
    against = before["recommendation"] == Recommendation.APPROVE
    return Called(
        kind=LetterKind.COUNTEROFFER,
        event_id=act.event_id,
        since=act.at,
        by_person=True,
        side=OverrideSide.DECLINED_AGAINST_MODEL if against else None,
        named=tuple(offer.data.get("concepts", ())),
        asked=tuple(offer.data["fields"]),
        days=offer.data["days"],
        ground=Ground.OFFERED,
        about=str(before["decision_event"]),
        offered_at=act.at,
        until=act.at + timedelta(days=offer.data["days"]),
    )


def _asked(act: Recorded) -> Called:
    """The letter about what is missing."""
    until = act.data.get("until")
    return Called(
        kind=LetterKind.INCOMPLETENESS,
        event_id=act.event_id,
        since=act.at,
        by_person=True,
        asked=(*act.data.get("fields", ()), *act.data.get("documents", ())),
        ground=Ground.ASKED,
        until=parse_instant(until) if until else None,
    )


def _over(
    act: Recorded, lies: Called, acts: Sequence[Recorded], jurisdiction: str
) -> Called | None:
    """The letter about a refusal that ``act`` makes final; None where the applicant was told.

    An offer that stated the reasons was the notice of the refusal as well. A notice of what is
    missing says what happens without it, where the rules of the place are content with that.
    """
    offer = lies.kind is LetterKind.COUNTEROFFER
    told = _went_out(lies, acts)
    enough = offer or pack_for(jurisdiction, act.at.date()).notice_closes
    if enough and told is not None and told.data.get(_TOLD_BY[lies.kind]):
        return None
    return replace(
        lies,
        kind=LetterKind.ADVERSE_ACTION,
        event_id=act.event_id,
        since=act.at,
        decision=Decision.DECLINE,
        asked=() if offer else lies.asked,
        ground=Ground.NOT_ACCEPTED if offer else Ground.UNANSWERED,
    )


def _went_out(lies: Called, acts: Sequence[Recorded]) -> Recorded | None:
    """The letter that told the applicant, as it was drafted; the last one that was sent."""
    drafts = {a.event_id: a for a in acts if a.type == "letter_drafted"}
    moves = [a.data for a in acts if a.type == "letter_moved" and a.at >= lies.since]
    sent = [drafts[m["of"]] for m in moves if m["to"] == LetterState.SENT and m["of"] in drafts]
    fits = [d for d in sent if d.data["kind"] == lies.kind and d.at >= lies.since]
    back = {m["of"] for m in moves if m["to"] == LetterState.RETURNED}
    return next((d for d in reversed(fits) if d.event_id not in back), None)


def _decided(act: Recorded, acts: Sequence[Recorded]) -> Called | None:
    """The letter after a refusal, with what the person who made it named."""
    data = act.data
    if data["decision"] != Decision.DECLINE:
        return None
    rests = [a for a in acts if a.event_id in data["rests_on"] and "concepts" in a.data]
    named = [concept for a in rests for concept in a.data["concepts"]]
    return Called(
        kind=LetterKind.ADVERSE_ACTION,
        event_id=act.event_id,
        since=act.at,
        decision=Decision(data["decision"]),
        by_person=data["by"] == "person",
        side=OverrideSide(data["side"]) if data["side"] else None,
        named=tuple(dict.fromkeys(named)),
    )
