"""Acts on a case, the same for pages and for the interface: looked up, decided, recorded.

A case that somebody may not see does not exist for them. What an act is checked against (limits,
codes, concepts) is read before the writer's transaction, because it may have to be loaded; whether
the case is still the one it was read for is checked inside.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from decision_service.access import sees_branch
from decision_service.blindness import Blindness
from decision_service.changed_application import Changing, Terms, Tried, Values
from decision_service.errors import ServiceError
from decision_service.pipeline import Answer
from decision_service.rescoring import Rescoring
from decision_service.services import Services
from decision_service.standings import Standings, parts_of
from overrides.authority import within_limit
from overrides.cases import Case
from overrides.correcting import CorrectionForm, check_own_values
from overrides.countering import AnswerForm, OfferForm, decide_answer
from overrides.desk import (
    Consequence,
    case_of,
    decide_approval,
    decide_claim,
    decide_override,
    decide_release,
    decide_review,
    decide_shown,
    decide_withdrawal,
    preview_override,
)
from overrides.errors import CaseError, SamePerson, StaleCase, UnknownCase
from overrides.event_kinds import DECISION_KINDS
from overrides.forms import ApprovalForm, OverrideForm, ReviewForm, Shown, WithdrawalForm
from overrides.journal import Decided, OnceOnly, Receipt, State
from overrides.reading import CaseFile, CaseFilter, CaseRow, DecisionRow
from overrides.values import Actor, CaseStatus, Limits, Role, Rules

REF = re.compile(r"[0-9a-f-]{1,64}", re.ASCII)
TAKE_ROWS_MAX = 100
LEASES = frozenset({"case_claimed", "case_handed_over", *DECISION_KINDS})  # give one, or none

Decide = Callable[[Case, datetime, Rules], Decided]


@dataclass(frozen=True, slots=True)
class Acting:
    """Everything that may be done to a case. Each method raises errors of overrides.errors."""

    services: Services

    def file(self, actor: Actor, case_id: str, *, unseen: bool = False) -> CaseFile:
        """The case as it stands; raises ``UnknownCase`` when there is none the actor may see.

        Raises ``FirstViewMissing`` where its score is hidden from the actor, unless the caller says
        that it shows nothing of the score (``unseen``).
        """
        file = self.services.cases.case(case_id) if REF.fullmatch(case_id) else None
        if file is None or not self.sees(actor, file.row):
            raise UnknownCase(case_id[:64])
        if not unseen:
            self.blindness.check(actor, file.row)
        standings = self.services.registry.standings()
        return replace(file, case=_weighed(file.case, file.decision, standings))

    @property
    def blindness(self) -> Blindness:
        """From whom what is hidden."""
        return Blindness(self.services)

    def sees(self, actor: Actor, row: CaseRow) -> bool:
        """Whether the actor may look at a case: by branch, a service by having sent it."""
        if actor.role is Role.SERVICE:
            return self.sent_by(row.case_ref) == actor.ref
        return sees_branch(actor, row.branch)

    def sent_by(self, case_ref: str) -> str:
        """Who sent the application, "" for an unknown case."""
        acts = self.services.cases.acts(case_ref)
        return next((act.actor for act in acts if act.type in DECISION_KINDS), "")

    def rules(self, file: CaseFile) -> Rules:
        """Policy and codebook of the decision that stands: what acts are checked against."""
        policy, codebook = file.decision.policy, file.decision.codebook
        return self.services.registry.rules(
            file.case.bundle,
            policy=policy.sha256 if policy else "",
            codebook=codebook.sha256 if codebook else "",
        )

    def once(self, actor: Actor, route: str, key: str, body: object) -> OnceOnly | None:
        """Identity of a request; None without a key. What was sent is kept as a keyed hash."""
        if not key:
            return None
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return OnceOnly(actor.ref, route, key, self.services.vault.lookup_hash("request", text))

    def claim(self, actor: Actor, case_id: str, once: OnceOnly | None = None) -> Receipt:
        """Take or renew the lease."""
        return self._act(
            actor,
            case_id,
            once,
            lambda case, now, rules: decide_claim(
                case, actor, rules, now, self.services.new_id, self.name
            ),
            unseen=True,
        )

    def take_next(self, actor: Actor) -> str:
        """Claim the most urgent case the actor may work on; "" when there is none.

        One that was given to the actor by chance or by a colleague, and not opened yet, comes
        before what is free; of the free ones, those that the actor may approve alone come first.
        """
        if given := self._given(actor):
            self.claim(actor, given)
            return given
        wanted = CaseFilter(
            statuses=frozenset({CaseStatus.IN_REVIEW}),
            branch=actor.branch or None,
            free=True,
            asleep=False,
            referred=False if actor.role is Role.OFFICER else None,
            open_to=actor.ref,
        )
        found = self.services.cases.rows(wanted, self.services.clock(), limit=TAKE_ROWS_MAX).rows
        limits: dict[str, Limits | None] = {}
        for row in found:
            if row.bundle not in limits:
                limits[row.bundle] = self._limits(row)
        for row in sorted(found, key=lambda row: _above(actor, row, limits[row.bundle])):
            try:
                self.claim(actor, row.case_ref)
            except (CaseError, SamePerson):
                continue  # somebody was faster: the next one
            return row.case_ref
        return ""

    def release(self, actor: Actor, case_id: str, once: OnceOnly | None = None) -> Receipt:
        """Give the lease back."""
        self.file(actor, case_id, unseen=True)
        new_id = self.services.new_id
        return self._submit(
            case_id,
            once,
            lambda case, state: decide_release(case, actor, state.now, new_id, self.name),
        )

    def review(
        self, actor: Actor, case_id: str, form: ReviewForm, once: OnceOnly | None = None
    ) -> Receipt:
        """Agree with the recommendation, or decide a referred case."""
        timed = self.services.oversight.timed(form)
        return self._act(
            actor,
            case_id,
            once,
            lambda case, now, rules: decide_review(
                check_own_values(self.services.cases.acts(case_id), case, actor, form.decision),
                *(actor, timed, rules, now, self.services.new_id, self.name),
            ),
        )

    def override(
        self, actor: Actor, case_id: str, form: OverrideForm, once: OnceOnly | None = None
    ) -> Receipt:
        """Decide against the recommendation, or propose to."""
        timed = self.services.oversight.timed(form)
        return self._act(
            actor,
            case_id,
            once,
            lambda case, now, rules: decide_override(
                check_own_values(self.services.cases.acts(case_id), case, actor, form.decision),
                *(actor, timed, rules, now, self.services.new_id, self.name),
            ),
        )

    def preview(self, actor: Actor, case_id: str, form: OverrideForm) -> Consequence:
        """What an override would do, checked whole and written nowhere."""
        file = self.file(actor, case_id)
        now = self.services.clock()
        found = preview_override(file.case, actor, form, rules := self.rules(file), now, self.name)
        self.services.training.check_now(actor, rules, now)
        return found

    def approval(
        self, actor: Actor, case_id: str, form: ApprovalForm, once: OnceOnly | None = None
    ) -> Receipt:
        """Uphold, return or reject another person's override."""
        return self._act(
            actor,
            case_id,
            once,
            lambda case, now, rules: decide_approval(
                check_own_values(self.services.cases.acts(case_id), case, actor, form.verdict),
                *(actor, form, rules, now, self.services.new_id, self.name),
            ),
        )

    def rescore(
        self, actor: Actor, case_id: str, seen: int | None, once: OnceOnly | None = None
    ) -> Answer:
        """Score the case again under the version in force; see ``Rescoring``."""
        return Rescoring(self.services).rescore(actor, self.file(actor, case_id), seen, once)

    def offer(
        self,
        actor: Actor,
        case_id: str,
        asked: tuple[Terms, OfferForm],
        once: OnceOnly | None = None,
    ) -> Receipt:
        """Offer other terms, or propose to; see ``Changing``."""
        file = self.file(actor, case_id)
        return Changing(self.services).offer(actor, file, *asked, self.rules(file), once)

    def try_offer(self, actor: Actor, case_id: str, asked: tuple[Terms, OfferForm]) -> Tried:
        """What other terms would be scored as, and what offering them would be."""
        file = self.file(actor, case_id)
        return Changing(self.services).try_offer(actor, file, *asked, self.rules(file))

    def answer(
        self, actor: Actor, case_id: str, form: AnswerForm, once: OnceOnly | None = None
    ) -> Receipt:
        """What the applicant says of other terms."""
        self.file(actor, case_id)
        new_id = self.services.new_id
        return self._submit(
            case_id,
            once,
            lambda case, state: decide_answer(case, actor, form, state.now, new_id, self.name),
        )

    def correct(
        self,
        actor: Actor,
        case_id: str,
        asked: tuple[Values, CorrectionForm],
        once: OnceOnly | None = None,
    ) -> Receipt:
        """Correct wrong values and have the case scored again; see ``Changing``."""
        file = self.file(actor, case_id)
        return Changing(self.services).correct(actor, file, *asked, self.rules(file), once)

    def try_correction(
        self, actor: Actor, case_id: str, asked: tuple[Values, CorrectionForm]
    ) -> Tried:
        """What the corrected application would be scored as."""
        return Changing(self.services).try_correction(actor, self.file(actor, case_id), *asked)

    def withdraw(
        self, actor: Actor, case_id: str, form: WithdrawalForm, once: OnceOnly | None = None
    ) -> Receipt:
        """The application goes no further."""
        self.file(actor, case_id)
        return self._submit(
            case_id,
            once,
            lambda case, state: decide_withdrawal(
                case, actor, form, state.now, self.services.new_id, self.name
            ),
        )

    def shown(self, actor: Actor, case_id: str, shown: Shown) -> Receipt:
        """Record that these reasons were shown to this person, unless that is recorded.

        What was erased since the page was read is not written down again.
        """

        def decide(case: Case, state: State) -> Decided:
            known = self.services.erasures.within(state)
            if not any(part.epoch for part in known.parts_named([(shown.decision_id, "inputs")])):
                return Decided(())
            before = state.shown_before(case_id, actor.ref, shown.decision_id)
            return decide_shown(case, actor, shown, self.services.new_id, shown_before=before)

        return self._submit(case_id, None, decide)

    def name(self, person: str) -> str:
        """A person's name."""
        return self.services.people.names([person])[person]

    def _given(self, actor: Actor) -> str:
        """The most urgent case that the actor holds without ever having taken it; "" for none."""
        held = CaseFilter(statuses=frozenset({CaseStatus.IN_REVIEW}), holder=actor.ref)
        for row in self.services.cases.rows(held, self.services.clock(), limit=TAKE_ROWS_MAX).rows:
            leases = [act for act in self.services.cases.acts(row.case_ref) if act.type in LEASES]
            if leases and leases[-1].type != "case_claimed":
                return row.case_ref
        return ""

    def _limits(self, row: CaseRow) -> Limits | None:
        """The limits a case's bundle sets; None when its policy cannot be read just now."""
        file = self.services.cases.case(row.case_ref)
        try:
            return self.rules(file).limits if file else None
        except ServiceError:
            return None

    def _act(
        self,
        actor: Actor,
        case_id: str,
        once: OnceOnly | None,
        decide: Decide,
        *,
        unseen: bool = False,
    ) -> Receipt:
        """Decide under the rules of the decision that stands, as who is trained, and record."""
        file = self.file(actor, case_id, unseen=unseen)
        rules, registry = self.rules(file), self.services.registry

        def under_rules(case: Case, state: State) -> Decided:
            if case.decision_id != file.case.decision_id:
                raise StaleCase(case_id, file.case.version, case.version)
            weighed = _weighed(case, file.decision, registry.standings_in(state))
            decided = decide(weighed, state.now, rules)
            self.services.training.check(state, actor, rules)
            return decided

        return self._submit(case_id, once, under_rules)

    def _submit(
        self, case_id: str, once: OnceOnly | None, decide: Callable[[Case, State], Decided]
    ) -> Receipt:
        """Run a decider in the writer's transaction; returns when its events are on disk."""
        journal = self.services.journal
        return journal.submit(
            lambda state: decide(case_of(state, case_id), state), once=once
        ).result()


def _weighed(case: Case, decision: DecisionRow, standings: Standings) -> Case:
    """The case, saying whether the model that made its score is suspended."""
    stopped = case.probability is not None and standings.stops(case.bundle, parts_of(decision))
    return replace(case, stopped=stopped)


def _above(actor: Actor, row: CaseRow, limits: Limits | None) -> bool:
    """Whether the actor may not approve the case's amount alone, as far as is known."""
    return limits is None or not within_limit(actor, row.amount, limits)
