"""The applicant asked, heard, or given up on: looked up, decided, recorded.

An answer that brings fields is scored at once: the entry that says the applicant answered and the
new decision of the case are written in one transaction, or neither is.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from decision_service.access import HOST
from decision_service.acting import Acting
from decision_service.dossier import loaded_for
from decision_service.errors import Fault, InvalidRequest
from decision_service.in_turn import each_in_turn
from decision_service.pipeline import Answer
from decision_service.rescoring import Rescoring
from decision_service.services import Services
from explain.declared.contract import Contract, Field
from overrides.acts import case_of
from overrides.cases import Case
from overrides.correcting import check_knockouts
from overrides.countering import rescored
from overrides.errors import CaseError, StaleCase
from overrides.information import (
    InformationAnswer,
    InformationRequest,
    decide_answer,
    decide_lapse,
    decide_request,
)
from overrides.instants import parse_instant
from overrides.journal import Decided, Draft, OnceOnly, Receipt, State
from overrides.reading import PAGE_ROWS_MAX, ActRow, CaseFile, CaseFilter
from overrides.values import DECIDING_ROLES, Actor, CaseStatus
from overrides.working_time import resumed

LOGGER = logging.getLogger(__name__)
FAILED = "a case waits for no answer any more and could not be closed"
FOR_EVER = datetime.max.replace(tzinfo=UTC)
WAITING = CaseFilter(statuses=frozenset({CaseStatus.WAITING_APPLICANT}))


@dataclass(slots=True)
class Heard:
    """Finds the case whose applicant answered; ``first`` holds the entry that says so."""

    look: Callable[[State], tuple[Case, tuple[Draft, ...]]]
    first: tuple[Draft, ...] = ()

    def __call__(self, state: State) -> Case:
        """The case, inside the writer's transaction."""
        case, self.first = self.look(state)
        return case


@dataclass(frozen=True, slots=True)
class Answering:
    """The acts. Each method raises errors of ``overrides.errors`` and of the service."""

    services: Services

    @property
    def _acting(self) -> Acting:
        """Acts on cases."""
        return Acting(self.services)

    def ask(
        self, actor: Actor, case_id: str, form: InformationRequest, once: OnceOnly | None = None
    ) -> Receipt:
        """Ask the applicant for fields and documents."""
        file = self._acting.file(actor, case_id)
        offered = {field.name for field in offered_fields(self.services, file)}

        def decide(case: Case, state: State) -> Decided:
            return decide_request(case, actor, form, offered, state.now, *self._around)

        return self._submit(file, once, decide)

    def hear(
        self,
        actor: Actor,
        case_id: str,
        form: InformationAnswer,
        fields: Mapping[str, object],
        once: OnceOnly | None = None,
    ) -> Receipt | Answer:
        """Record the applicant's answer; with ``fields`` the case is scored again in the same act.

        A person lifts no rule of policy by it. Raises ContractBroken where the fields do not meet
        the contract, InvalidRequest naming each that was not asked for, and KnockOutLifted; then
        nothing was recorded.
        """
        file = self._acting.file(actor, case_id)
        if not fields:
            return self._submit(
                file, once, lambda case, state: self._said(file, actor, form, case, state)
            )
        rescoring = Rescoring(self.services)

        def look(state: State) -> tuple[Case, tuple[Draft, ...]]:
            case = self._same(file, state)
            said = self._said(file, actor, form, case, state)
            check_asked(last_request(self.services.cases.acts(case.case_ref)), fields)
            rescoring.check_kept(state, file)
            return case, said.drafts

        def then(case: Case, made: Draft) -> Decided:
            if actor.role in DECIDING_ROLES and file.decision.knockouts:
                rescored(case, made)  # a rule that was not looked at may be lifted, too
                check_knockouts(file.decision.knockouts, made.data["knockouts"])
            return Decided(())

        used = self.services.registry.in_use(file.case.bundle)
        contract = used.loaded.bundle.contract if used.loaded else ()
        form = replace(form, fields=tuple(name for name in fields if name in contract))
        prepared = rescoring.prepared(actor, file, used, fields)
        return self.services.decisions.rescore(prepared, once, Heard(look), then)

    def give_up(self, actor: Actor, case_id: str, once: OnceOnly | None = None) -> Receipt:
        """Close the case as incomplete: the time to answer has run out."""
        file = self._acting.file(actor, case_id)
        asked = last_request(self.services.cases.acts(file.case.case_ref))
        until = answer_due(asked) if asked else FOR_EVER

        def decide(case: Case, state: State) -> Decided:
            return decide_lapse(case, actor, until, state.now, self.services.new_id)

        return self._submit(file, once, decide)

    def lapse(self) -> int:
        """Close every case whose applicant's time has run out; how many were closed.

        A case that fails keeps no other open.
        """
        closed, now = [], self.services.clock()

        def close(case_ref: str) -> None:
            asked = last_request(self.services.cases.acts(case_ref))
            if asked is None or now <= answer_due(asked):
                return
            try:
                self.give_up(HOST, case_ref)
                closed.append(case_ref)
            except CaseError as changed:  # the answer came first
                LOGGER.info("%s", changed)

        each_in_turn((FAILED, partial(close, ref)) for ref in self._waiting(now))
        return len(closed)

    def _waiting(self, now: datetime) -> Iterator[str]:
        """Cases that wait for their applicant, page by page."""
        cursor = ""
        while True:
            page = self.services.cases.rows(WAITING, now, cursor=cursor, limit=PAGE_ROWS_MAX)
            yield from (row.case_ref for row in page.rows)
            if not (cursor := page.next_cursor):
                return

    @property
    def _around(self) -> tuple[Callable[[], str], Callable[[str], str]]:
        """Where ids come from, and who somebody is."""
        return self.services.new_id, self._acting.name

    def _said(
        self, file: CaseFile, actor: Actor, form: InformationAnswer, case: Case, state: State
    ) -> Decided:
        """The answer, with the target that it leaves."""
        asked = last_request(self.services.cases.acts(file.case.case_ref))
        target = case.target_at
        if asked is not None and target is not None:
            week = self.services.decisions.preparer.calendar.of(case.branch)
            target = resumed(target, asked.at, state.now, week)
        return decide_answer(case, actor, form, target, state.now, *self._around)

    def _same(self, file: CaseFile, state: State) -> Case:
        """The case, refused where another decision stands than the one that was read."""
        case = case_of(state, file.case.case_ref)
        if (case.decision_id, case.version) != (file.case.decision_id, file.case.version):
            raise StaleCase(case.case_ref, file.case.version, case.version)
        return case

    def _submit(
        self, file: CaseFile, once: OnceOnly | None, decide: Callable[[Case, State], Decided]
    ) -> Receipt:
        """Run a decider in the writer's transaction, on the case as it was read."""
        return self.services.journal.submit(
            lambda state: decide(self._same(file, state), state), once=once
        ).result()


def check_asked(asked: ActRow | None, fields: Mapping[str, object]) -> None:
    """Raise InvalidRequest naming each field that the applicant was not asked for."""
    wanted = asked.data.get("fields", ()) if asked else ()
    advice = "The applicant was not asked for it: leave it out, or correct it with evidence."
    faults = tuple(Fault(f"/fields/{name[:64]}", advice) for name in fields if name not in wanted)
    if faults:
        raise InvalidRequest(faults)


def last_request(acts: Sequence[ActRow]) -> ActRow | None:
    """What the applicant was asked last, if anything ever was."""
    return next((act for act in reversed(acts) if act.type == "information_requested"), None)


def answer_due(asked: ActRow) -> datetime:
    """Until when the applicant may answer; entries of the first releases name no time."""
    until = asked.data.get("until")
    return parse_instant(until) if until else FOR_EVER


def offered_fields(services: Services, file: CaseFile) -> tuple[Field, ...]:
    """Fields an applicant may be asked for: all of the contract's but the protected ones."""
    loaded = loaded_for(services, file.decision)
    contract: Contract | None = loaded.bundle.contract if loaded else None
    fields = contract.fields if contract else ()
    return tuple(field for field in fields if field.role != "monitor_only")
