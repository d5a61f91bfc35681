"""What the people of the simulation ask for, and the command that each asking runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from overrides.cases import Act
from overrides.desk import (
    case_of,
    decide_approval,
    decide_claim,
    decide_override,
    decide_release,
    decide_review,
    decide_shown,
    decide_withdrawal,
)
from overrides.forms import ApprovalForm, OverrideForm, ReviewForm, Shown, WithdrawalForm
from overrides.journal import Command, Decided, OnceOnly, State
from overrides.outcome_lines import OutcomeRecord
from overrides.outcomes import decide_outcome
from overrides.reading import KeyedHash, application_key
from overrides.values import Actor, Decision, Evidence, Money, NewId, OutcomeKind, Verdict
from tests.evidence.office import START
from tests.overrides.case_house import decision_draft
from tests.overrides.samples import RULES

BUNDLE = "german-credit"
ROUTE = "simulated"
SHOWN: Mapping[str, object] = MappingProxyType({"text": "as it stood on the page"})


@dataclass(frozen=True, slots=True)
class Score:
    """What the model said: thousandths of a probability, or nothing where it failed."""

    milli: int | None
    recommendation: str
    amount: Money


@dataclass(slots=True, kw_only=True)
class Ask:
    """One asking by somebody. What an act does not use is left as it is."""

    actor: Actor
    act: str
    case: str
    key: str
    text: str = "as filled in"  # what was sent; another text under the same key is another request
    seen: int = 0
    decision: Decision = Decision.APPROVE
    code: str = ""
    concepts: tuple[str, ...] = ()
    verdict: Verdict = Verdict.UPHOLD
    note: str = ""
    evidence: tuple[Evidence, ...] = ()
    score: Score | None = None
    application: str = ""
    days: int = 0
    observed_at: datetime = START

    @property
    def once(self) -> OnceOnly:
        """The identity of the request."""
        return OnceOnly(self.actor.ref, ROUTE, self.key, self.text)


@dataclass(frozen=True, slots=True)
class Desk:
    """Makes commands of askings."""

    new_id: NewId
    lookup: KeyedHash
    _acts: Mapping[str, Callable[[Ask, State], Decided]] = field(init=False)

    def __post_init__(self) -> None:
        """Know every act by its name."""
        acts = {
            "apply": self._apply,
            "rescore": self._rescore,
            "claim": self._claim,
            "release": self._release,
            "review": self._review,
            "override": self._override,
            "judge": self._judge,
            "withdraw": self._withdraw,
            "show": self._show,
            "observe": self._observe,
        }
        object.__setattr__(self, "_acts", acts)

    def command(self, ask: Ask) -> Command:
        """What this asking runs."""
        act = self._acts[ask.act]
        return lambda state: act(ask, state)

    def _apply(self, ask: Ask, state: State) -> Decided:
        """Record a score, or that none could be made; an application is scored once."""
        key = application_key(self.lookup, BUNDLE, ask.application)
        known = state.case_of_application(BUNDLE, key)
        if known is not None:
            return Decided((), {"case_id": known.case_ref})
        return self._scored(ask, ask.case, {})

    def _rescore(self, ask: Ask, state: State) -> Decided:
        """Score an open case again."""
        case = case_of(state, ask.case)
        case.after(Act.RESCORE)
        again = {"attempt": case.attempt + 1, "supersedes": case.decision_id}
        return self._scored(ask, case.case_ref, again)

    def _scored(self, ask: Ask, case_ref: str, facts: dict[str, object]) -> Decided:
        """The event of a score."""
        score = ask.score
        assert score is not None
        if score.milli is None:
            facts |= {"cause": "timeout"}
        else:
            facts |= {"probability": f"0.{score.milli:03}"}
        draft = decision_draft(
            score.recommendation,
            application_id=ask.application,
            case_ref=case_ref,
            new_id=self.new_id,
            now=START,
            amount_minor=score.amount.minor,
            currency=score.amount.currency,
            **facts,
        )
        return Decided((draft,), {"case_id": case_ref})

    def _claim(self, ask: Ask, state: State) -> Decided:
        """Take the lease."""
        return decide_claim(case_of(state, ask.case), ask.actor, RULES, state.now, self.new_id)

    def _release(self, ask: Ask, state: State) -> Decided:
        """Give the lease back."""
        return decide_release(case_of(state, ask.case), ask.actor, state.now, self.new_id)

    def _review(self, ask: Ask, state: State) -> Decided:
        """Agree, or decide a referred case."""
        form = ReviewForm(
            decision=ask.decision,
            seen_version=ask.seen,
            note=ask.note,
            adverse_reasons=ask.concepts,
        )
        case = case_of(state, ask.case)
        return decide_review(case, ask.actor, form, RULES, state.now, self.new_id)

    def _override(self, ask: Ask, state: State) -> Decided:
        """Decide against the recommendation."""
        form = OverrideForm(
            decision=ask.decision,
            code=ask.code,
            seen_version=ask.seen,
            note=ask.note,
            evidence=ask.evidence,
            adverse_reasons=ask.concepts,
        )
        case = case_of(state, ask.case)
        return decide_override(case, ask.actor, form, RULES, state.now, self.new_id)

    def _judge(self, ask: Ask, state: State) -> Decided:
        """Say as a second person what becomes of a proposal."""
        form = ApprovalForm(verdict=ask.verdict, seen_version=ask.seen, note=ask.note)
        case = case_of(state, ask.case)
        return decide_approval(case, ask.actor, form, RULES, state.now, self.new_id)

    def _withdraw(self, ask: Ask, state: State) -> Decided:
        """The applicant withdraws."""
        form = WithdrawalForm(seen_version=ask.seen or None, note=ask.note)
        case = case_of(state, ask.case)
        return decide_withdrawal(case, ask.actor, form, state.now, self.new_id)

    def _show(self, ask: Ask, state: State) -> Decided:
        """Show the reasons of the decision that stands."""
        case = case_of(state, ask.case)
        shown = Shown(
            decision_id=case.decision_id, codebook="1", locale="en", count=3, content=dict(SHOWN)
        )
        before = state.shown_before(case.case_ref, ask.actor.ref, case.decision_id)
        return decide_shown(case, ask.actor, shown, self.new_id, shown_before=before)

    def _observe(self, ask: Ask, state: State) -> Decided:
        """The books say something."""
        record = OutcomeRecord(
            application_id="x",
            kind=OutcomeKind.MAX_DAYS_PAST_DUE,
            value=str(ask.days),
            observed_at=ask.observed_at,
        )
        case = state.case(ask.case)
        return decide_outcome(case, record, ask.actor, state, self.new_id, source="api")
