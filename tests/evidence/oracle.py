"""What the rules say comes of each asking: worked out plainly, without the product's deciders.

It follows DOMAIN's rules for authority, leases, four eyes and outcomes, and the ledger's for
requests and clocks. Whatever the product does otherwise is a failure of one of the two.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from overrides.values import Role, Verdict
from tests.evidence.asks import Ask
from tests.evidence.office import START
from tests.evidence.restated import (
    APPROVING,
    CODES,
    DECIDING,
    LEASE,
    NOTE_CHARS,
    WITHDRAWING,
    WITHOUT_EVIDENCE,
    Model,
    Refused,
    check_concepts,
    decide,
    has_turn,
    must_be,
    must_be_open,
    not_excluded,
    not_held,
    not_stale,
    refuse,
    second_person,
    within_limit,
)

BEHIND = timedelta(seconds=2)
KEPT = timedelta(days=30)
FORGET_EVERY = timedelta(hours=1)
EARLY = timedelta(days=1)
RECEIVED = START - timedelta(hours=2)  # what every application of these says


@dataclass(slots=True)
class Kept:
    """What a request was answered."""

    text: str
    at: datetime
    first: int
    count: int


@dataclass(slots=True)
class Oracle:
    """Every case as it should stand, and the ledger as it should have grown."""

    cases: dict[str, Model] = field(default_factory=dict)
    applications: dict[str, str] = field(default_factory=dict)
    answers: dict[tuple[str, str], Kept] = field(default_factory=dict)
    size: int = 0
    last: datetime | None = None
    behind: bool = False
    forgot: datetime | None = None

    def restart(self) -> None:
        """What a server forgets when it starts again."""
        self.behind, self.forgot = False, None

    def answer(self, ask: Ask, now: datetime) -> tuple[str, int, int]:
        """What should come of it: an error's name or "", and where its entries stand."""
        self._clock(now)
        self._forget(now)
        key = (ask.actor.ref, ask.key)
        kept = self.answers.get(key)
        if kept is not None:
            return ("", kept.first, kept.count) if kept.text == ask.text else ("KeyReused", 0, 0)
        at = now if self.last is None else max(now, self.last)
        try:
            count = _ACTS[ask.act](self, ask, at)
        except Refused as refused:
            return refused.name, 0, 0
        first = self.size
        if count:
            self.size, self.last = first + count, at
        self.answers[key] = Kept(ask.text, at, first, count)
        return "", first, count

    def _clock(self, now: datetime) -> None:
        """A clock that fell behind is recorded once."""
        behind = self.last is not None and self.last - now > BEHIND
        if behind and not self.behind:
            self.size += 1
        self.behind = behind

    def _forget(self, now: datetime) -> None:
        """Old answers are let go of once an hour."""
        if self.forgot is not None and now - self.forgot < FORGET_EVERY:
            return
        self.forgot = now
        for key in [key for key, kept in self.answers.items() if kept.at < now - KEPT]:
            del self.answers[key]

    def _case(self, ask: Ask) -> Model:
        """The case."""
        model = self.cases.get(ask.case)
        if model is None:
            refuse("UnknownCase")
        return model

    def _apply(self, ask: Ask, at: datetime) -> int:
        """An application opens one case."""
        if ask.application in self.applications:
            return 0
        assert ask.score is not None
        self.applications[ask.application] = ask.case
        self.cases[ask.case] = Model(ask.score, min(RECEIVED, at))
        return 1

    def _rescore(self, ask: Ask, _at: datetime) -> int:
        """A new score takes the place of the old one; a lease goes on, a proposal falls."""
        model = self._case(ask)
        must_be_open(model)
        assert ask.score is not None
        if model.proposer and ask.score.milli is None:
            model.excluded.append(model.proposer)  # the score that asked for a second person went
        model.score, model.status = ask.score, "in_review"
        model.version += 1
        model.attempt += 1
        model.undecided()
        return 1

    def _claim(self, ask: Ask, at: datetime) -> int:
        """A lease of twenty minutes; a waiting case only for another who may approve."""
        model = self._case(ask)
        must_be(ask, DECIDING)
        must_be_open(model)
        not_excluded(model, ask)
        if model.proposer:
            if model.proposer == ask.actor.ref:
                refuse("SamePerson")
            must_be(ask, APPROVING)
        not_held(model, ask, at)
        model.holder, model.until = ask.actor.ref, at + LEASE
        return 1

    def _release(self, ask: Ask, at: datetime) -> int:
        """A lease given back by who holds it."""
        model = self._case(ask)
        if not model.is_open:
            refuse("CaseClosed")
        if model.until is None or at >= model.until:
            return 0
        if ask.actor.role is not Role.ADMIN:
            not_held(model, ask, at)
        model.free()
        return 1

    def _review(self, ask: Ask, at: datetime) -> int:
        """Agreeing, or deciding what was referred, within one's limit."""
        model = self._case(ask)
        has_turn(model, ask, at)
        not_stale(model, ask)
        advice, decision = model.score.recommendation, ask.decision.value
        if advice not in {"refer", decision}:
            refuse("UseOverride")
        check_concepts(ask, required=advice == "refer" and decision == "decline")
        if decision == "approve":
            within_limit(model, ask)
        decide(model, decision)
        return 2

    def _override(self, ask: Ask, at: datetime) -> int:
        """Deciding against the advice, with a code and evidence, alone or with a second person."""
        model = self._case(ask)
        has_turn(model, ask, at)
        not_stale(model, ask)
        advice, decision = model.score.recommendation, ask.decision.value
        if {advice, decision} != {"approve", "decline"}:
            refuse("NothingToOverride")
        if CODES.get(ask.code, "none") not in {"", decision}:
            refuse("CodeNotAllowed")
        if ask.code not in WITHOUT_EVIDENCE and not ask.evidence:
            refuse("EvidenceMissing")
        if len(ask.note.strip()) < NOTE_CHARS.get(ask.code, 10):
            refuse("NoteTooShort")
        check_concepts(ask, required=decision == "decline")
        needs = second_person(model.score, ask)
        if not needs:
            decide(model, decision)
            return 2
        model.status, model.version = "waiting_approval", model.version + 1
        model.proposer, model.proposed, model.needs = ask.actor.ref, decision, needs
        model.free()
        return 1

    def _judge(self, ask: Ask, at: datetime) -> int:
        """Another person with the authority upholds, returns or rejects."""
        model = self._case(ask)
        if not model.proposer:
            refuse("NothingToApprove" if model.is_open else "CaseClosed")
        not_excluded(model, ask)
        if model.proposer == ask.actor.ref:
            refuse("SamePerson")
        must_be(ask, {Role.CREDIT_MANAGER} if model.needs == "credit_manager" else APPROVING)
        within_limit(model, ask)
        not_held(model, ask, at)
        not_stale(model, ask)
        if ask.verdict is not Verdict.UPHOLD and not ask.note.strip():
            refuse("NoteTooShort")
        if ask.verdict is Verdict.UPHOLD:
            decide(model, model.proposed)
            return 2
        if ask.verdict is Verdict.REJECT:
            model.excluded.append(model.proposer)
        model.status, model.version = "in_review", model.version + 1
        model.undecided()
        model.free()
        return 1

    def _withdraw(self, ask: Ask, at: datetime) -> int:
        """The application goes no further."""
        model = self._case(ask)
        must_be(ask, WITHDRAWING)
        if not model.is_open:
            refuse("CaseClosed")
        if ask.actor.role in DECIDING:
            not_excluded(model, ask)
            not_held(model, ask, at)
        if ask.seen:
            not_stale(model, ask)
        model.status, model.version = "withdrawn", model.version + 1
        model.undecided()
        model.free()
        return 1

    def _show(self, ask: Ask, _at: datetime) -> int:
        """Shown once to each person, for each score."""
        model = self._case(ask)
        known = (ask.actor.ref, model.attempt)
        if known in model.shown:
            return 0
        model.shown.add(known)
        return 1

    def _observe(self, ask: Ask, at: datetime) -> int:
        """An observation is recorded once; another value for the same instant corrects it."""
        model = self.cases.get(ask.case)
        if model is None or not model.applied - EARLY <= ask.observed_at <= at + EARLY:
            refuse("OutcomeRefused")
        if model.observed.get(ask.observed_at) == ask.days:
            return 0
        model.observed[ask.observed_at] = ask.days
        return 1


_ACTS: dict[str, Callable[[Oracle, Ask, datetime], int]] = {
    name: getattr(Oracle, f"_{name}")
    for name in (
        *("apply", "rescore", "claim", "release", "review"),
        *("override", "judge", "withdraw", "show", "observe"),
    )
}
