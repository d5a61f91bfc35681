"""Whose reasons a letter may state, and by when it is due, worked out from the record alone.

Reasons come from whatever decided. A model that declined gave them; a person who declined gave
them, and then none of the model's may stand in the letter, because they did not decide. A fixed
rule is its own reason. Where the model left a case to a person, the rules of the place say whether
scored factors stand beside the person's (12 CFR 1002, Supplement I, comments 9(b)(2)-4, -5, -8).

Nothing here is worded: a reason is named by its concept, a rule by its id.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from overrides.instants import parse_instant
from overrides.letter_calls import Called, Ground, LetterKind
from overrides.rule_packs import GreyBand, RulePack
from overrides.values import OverrideSide, Recommendation

REASONS_MAX = 4  # 12 CFR 1002, Supplement I, comment 9(b)(2)-1: more are unlikely to help


class Source(StrEnum):
    """Whose reasons a letter states."""

    MODEL = "model"
    PERSON = "person"
    BOTH = "both"
    RULE = "rule"
    MISSING = "missing"  # what was asked for and never came
    NOBODY = "nobody"  # the record has none that may be stated, or none are called for


class Hold(StrEnum):
    """Why a person must look at a letter before it goes out."""

    NO_REASONS = "no_reasons"  # nothing may be stated: no letter can be made
    UNEXPECTED = "unexpected"  # a scored factor that runs against what is usual is stated
    LEFT_OUT = "left_out"  # a person named further reasons, and four are stated already
    LANGUAGE = "language"  # nobody who speaks the language has read the template
    UNTRANSLATED = "untranslated"  # reasons stand in English: the codebook has no others
    LENDER = "lender"  # the lender's own details are missing
    HARD = "hard"  # harder to read than letters should be


@dataclass(frozen=True, slots=True)
class Scored:
    """A principal reason of the model, as it was recorded with the decision."""

    concept: str
    counter_intuitive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What the record of a decision says that bears on reasons. Concepts, strongest first.

    ``scored`` are the principal reasons against, of the method of record; none where they were
    not reliable, or are erased.
    """

    recommendation: Recommendation
    scored: tuple[Scored, ...]
    knockouts: tuple[str, ...] = ()
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """One reason of a letter: a concept, or the id of a fixed rule; ``of`` says whose it is."""

    name: str
    of: Source


@dataclass(frozen=True, slots=True)
class Principal:
    """What a letter states, at most four, and what a person has to look at first."""

    source: Source
    reasons: tuple[Stated, ...] = ()
    holds: tuple[Hold, ...] = field(default=())


def due_at(called: Called, sealed: Sealed, pack: RulePack) -> datetime:
    """By when the letter is to be sent.

    What is missing, or was never sent, makes an application incomplete: the days are counted from
    the act. Of other terms that were not accepted they are counted from the offer, where the rules
    of the place say how many.
    """
    offered = called.offered_at if called.ground is Ground.NOT_ACCEPTED else None
    if offered is not None and pack.offer_days is not None:
        return offered + timedelta(days=pack.offer_days)
    own = called.ground in (Ground.ASKED, Ground.NOT_ACCEPTED, Ground.UNANSWERED)
    return pack.due_at(None if own else sealed.completed_at, called.since)


def principal(called: Called, sealed: Sealed, pack: RulePack) -> Principal:
    """The reasons a letter states, from the right source: the table in this module's head.

    A letter about missing information states none, and one about other terms those for which
    what was applied for was refused, where the record has them. After a high-side override no
    scored factor is looked at, whatever the model would have said.
    """
    if called.ground is Ground.UNANSWERED:
        return Principal(Source.MISSING)
    if called.kind is LetterKind.INCOMPLETENESS:
        return Principal(Source.NOBODY)
    found = _principal(called, sealed, pack)
    bare = called.kind is LetterKind.COUNTEROFFER and not found.reasons
    return Principal(Source.NOBODY) if bare else found


def _principal(called: Called, sealed: Sealed, pack: RulePack) -> Principal:
    """The reasons for which what was applied for is refused."""
    named = tuple(Stated(concept, Source.PERSON) for concept in called.named)
    if called.side is OverrideSide.DECLINED_AGAINST_MODEL:
        return _told(Source.PERSON, named)
    if sealed.recommendation is Recommendation.REFER:
        both = pack.grey_band is GreyBand.BOTH
        return _with_scored(named, sealed) if both else _told(Source.PERSON, named)
    if sealed.knockouts:
        rules = tuple(Stated(rule, Source.RULE) for rule in sealed.knockouts)
        return _told(Source.RULE, rules, named)
    if not sealed.scored and named:
        return _told(Source.PERSON, named)  # the model's own are not reliable, or erased
    scored = tuple(Stated(reason.concept, Source.MODEL) for reason in sealed.scored)
    found = _told(Source.MODEL, scored, named)
    return Principal(found.source, found.reasons, (*found.holds, *_unexpected(found, sealed)))


def _with_scored(named: tuple[Stated, ...], sealed: Sealed) -> Principal:
    """A person's reasons with as many scored factors as four leave room for."""
    if not named:
        return _told(Source.PERSON, ())
    known = {reason.name for reason in named}
    scored = [r.concept for r in sealed.scored if r.concept not in known]
    room = max(0, REASONS_MAX - len(named))
    added = tuple(Stated(concept, Source.MODEL) for concept in scored[:room])
    found = _told(Source.BOTH if added else Source.PERSON, (*named, *added))
    return Principal(found.source, found.reasons, (*found.holds, *_unexpected(found, sealed)))


def _told(source: Source, first: tuple[Stated, ...], further: tuple[Stated, ...] = ()) -> Principal:
    """At most four reasons, those of what decided before those that a person added."""
    known = {reason.name for reason in first}
    whole = (*first, *(reason for reason in further if reason.name not in known))
    if not first:
        return Principal(source, (), (Hold.NO_REASONS,))
    told = whole[:REASONS_MAX]
    mixed = {reason.of for reason in told} == {Source.MODEL, Source.PERSON}
    holds = (Hold.LEFT_OUT,) if len(whole) > REASONS_MAX else ()
    return Principal(Source.BOTH if mixed else source, told, holds)


def _unexpected(found: Principal, sealed: Sealed) -> tuple[Hold, ...]:
    """A scored factor that runs against what is usual is stated all the same, and looked at."""
    odd = {reason.concept for reason in sealed.scored if reason.counter_intuitive}
    stated = {reason.name for reason in found.reasons if reason.of is Source.MODEL}
    return (Hold.UNEXPECTED,) if odd & stated else ()


def addressee(parties: Sequence[tuple[str, str]]) -> str:
    """The slot of the one party to whom the letter goes: the first applicant, else the first.

    One of several applicants is enough (12 CFR 1002.9(f)); a guarantor is no applicant there.
    """
    applicants = [slot for slot, role in parties if role == "applicant"]
    return next(iter(applicants or [slot for slot, _ in parties]), "")


def completed_at(text: str | None) -> datetime | None:
    """The instant at which an application was complete, as recorded."""
    return parse_instant(text) if text else None


def unproven(stated: Sequence[Stated], called: Called, sealed: Sealed) -> str:
    """The first reason that the record does not bear out, by its name; "" where all are.

    It looks each one up where it must come from, and does not ask how they were chosen.
    """
    if len(stated) > REASONS_MAX:
        return stated[REASONS_MAX].name
    overridden = called.side is OverrideSide.DECLINED_AGAINST_MODEL
    scored = () if overridden else tuple(reason.concept for reason in sealed.scored)
    known = {
        Source.MODEL: scored,
        Source.PERSON: called.named,
        Source.RULE: () if overridden else sealed.knockouts,
    }
    return next((each.name for each in stated if each.name not in known.get(each.of, ())), "")
