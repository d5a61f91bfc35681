"""The path of one application: read, check, score, weigh, write down, answer.

Nothing is answered before it is on disk, and nothing that a model does can lose an application: a
model that fails, hangs or answers nonsense gives a case without a score in a person's queue.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from decision_service.applications import read_application
from decision_service.decimals import decimal_text
from decision_service.decision_record import Finding, Prepared, Sheet, sheet_of
from decision_service.decisions import DecisionReader
from decision_service.errors import AlreadyDecided
from decision_service.mailbox import settled
from decision_service.policy import RESCORED, Draw, unscored
from decision_service.preparing import Preparer
from decision_service.recording import Find, Record, StopWatch, Then
from decision_service.registry import Registry
from decision_service.scoring import LATE, LEFT_ALONE, Scorer
from decision_service.standings import parts_of
from explain.bundle import Bundle
from explain.errors import ExplainError, ModelUnavailable, NonsenseScore
from explain.values import Explanation, Row
from overrides.cases import Act, Case
from overrides.errors import CaseClosed
from overrides.journal import Draft, Journal, OnceOnly, Receipt, State
from overrides.values import Actor, NewId

ROUTE = "POST /v1/decisions"
CREATED = 201
REPLAYED = 200


SUSPENDED = "suspended"
UNAVAILABLE = "bundle_unavailable"
ROUTING_OF_FAILURE = {SUSPENDED: SUSPENDED, UNAVAILABLE: "model_unavailable"}


_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told. ``replayed``: the same request came before."""

    body: Mapping[str, Any]
    replayed: bool
    timings_us: Mapping[str, int] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """201 for what was written now, 200 for what had been written."""
        return REPLAYED if self.replayed else CREATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Decides applications, one at a time, for the interface and for commands alike.

    ``chance`` draws the audit sample: numbers from 0 to below 1.
    """

    registry: Registry
    scorer: Scorer
    journal: Journal
    preparer: Preparer
    reader: DecisionReader
    new_id: NewId
    chance: Callable[[], float]

    async def decide(self, body: object, actor: Actor, key: str) -> Answer:
        """Decide one application without blocking the event loop.

        Raises InvalidRequest, ContractBroken, UnknownBundle, NoChampion, AlreadyDecided,
        KeyReused, Overloaded or LedgerUnavailable; then nothing was recorded.
        """
        watch = StopWatch()
        application = read_application(body)
        used = self.registry.ready(application.bundle)
        if used is None:
            used = await asyncio.to_thread(self.registry.in_use, application.bundle)
        prepared = self.preparer.prepare(application, used, actor, simulated=False)
        watch.lap("contract")
        way = self._send(prepared, self.once(actor, key, body), watch, case_of(prepared))
        receipt = await settled(way.recorded)
        if receipt.replayed:
            return await asyncio.to_thread(self.again, receipt)
        return way.answer(receipt)

    def decide_now(
        self, body: object, actor: Actor, key: str = "", *, simulated: bool = False
    ) -> Answer:
        """The same, waiting in the caller's thread; without a key each call is a new request."""
        watch = StopWatch()
        application = read_application(body)
        used = self.registry.in_use(application.bundle)
        prepared = self.preparer.prepare(application, used, actor, simulated=simulated)
        watch.lap("contract")
        once = self.once(actor, key, body) if key else None
        return self._made(prepared, once, watch, case_of(prepared))

    def rescore(
        self, prepared: Prepared, once: OnceOnly | None, find: Find, then: Then | None = None
    ) -> Answer:
        """Score an open case again because a person wants it, waiting in the caller's thread.

        ``find`` gives the case inside the writer's transaction, or refuses. What comes of it is
        for a person, whatever the policy would decide by itself. ``then`` may refuse it.
        """
        return self._made(prepared, once, StopWatch(), find, RESCORED, then)

    def change(self, prepared: Prepared, once: OnceOnly | None, find: Find, then: Then) -> Receipt:
        """Score a changed application of an open case, and write what a person does with it.

        ``then`` is told the case as it stood and the new decision's entry, in the same transaction.
        """
        watch = StopWatch()
        return self._send(prepared, once, watch, find, RESCORED, then).recorded.result()

    def tried(self, prepared: Prepared) -> Draft:
        """The decision that an application would get now, recorded nowhere."""
        try:
            asked = self._ask(prepared)
            finding = (
                _unscored(asked)
                if isinstance(asked, str)
                else self._weighed(prepared, asked.result())
            )
        except ExplainError as failed:
            finding = _unscored(cause_of(failed))
        finding = replace(finding, assessment=finding.assessment.by_person(RESCORED))
        return sheet_of(prepared, finding, self.new_id, 0).drafts(None, self.new_id())[0]

    def _made(
        self,
        prepared: Prepared,
        once: OnceOnly | None,
        watch: StopWatch,
        find: Find,
        by_person: str = "",
        then: Then | None = None,
    ) -> Answer:
        """Score and record, waiting."""
        way = self._send(prepared, once, watch, find, by_person, then)
        receipt = way.recorded.result()
        return self.again(receipt) if receipt.replayed else way.answer(receipt)

    def _send(
        self,
        prepared: Prepared,
        once: OnceOnly | None,
        watch: StopWatch,
        find: Find,
        by_person: str = "",
        then: Then | None = None,
    ) -> "_Way":
        """Have it scored and recorded; what follows the score is done where the score is made.

        So a batch of scores becomes a group of records without going back to the senders between.
        """
        way = _Way(watch)

        def scored(answer: "Explanation | BaseException | str") -> None:
            watch.lap("score")
            command = self.command(prepared, answer, watch, find, by_person)
            command.then = then
            way.follow(command, self.journal.submit(command, once=once))

        asked = self._ask(prepared)
        if isinstance(asked, str):
            scored(asked)
        else:
            asked.add_done_callback(lambda done: way.go_on(done, scored))
        return way

    def _ask(self, prepared: Prepared) -> "Future[Explanation] | str":
        """Ask the model, or say the cause for which it is not asked."""
        question = question_of(prepared)
        return question if isinstance(question, str) else self.scorer.submit(*question)

    def command(
        self,
        prepared: Prepared,
        asked: "Explanation | BaseException | str",
        watch: StopWatch,
        find: Find,
        by_person: str = "",
    ) -> Record:
        """Weigh the score by the policy and put everything into its recorded form."""
        if isinstance(asked, Explanation):
            finding = self._weighed(prepared, asked)
        else:
            finding = _unscored(asked if isinstance(asked, str) else cause_of(asked))
        if by_person:
            finding = replace(finding, assessment=finding.assessment.by_person(by_person))
        sheet = sheet_of(prepared, finding, self.new_id, watch.total_us())
        return Record(sheet, self.new_id(), find, self._as_it_may_be)

    def _as_it_may_be(self, sheet: Sheet, state: State) -> Sheet:
        """The decision as it may be written, in the transaction that writes it."""
        sheet, assigner = self._unless_stopped(sheet, state), self.preparer.assigner
        drawn = sheet.data.get("assigned")
        gone = drawn and assigner and not assigner.admits(drawn["to"])
        return sheet.undrawn() if gone else sheet

    def _unless_stopped(self, sheet: Sheet, state: State) -> Sheet:
        """The decision as it may be written: unscored if its model was suspended meanwhile."""
        version = sheet.prepared.in_use.version
        if sheet.finding.failure:
            return sheet
        if not self.registry.standings_in(state).stops(version.name, parts_of(version)):
            return sheet
        latency_us = sheet.data["latency_us"]
        return sheet_of(sheet.prepared, _unscored(SUSPENDED), self.new_id, latency_us)

    def _weighed(self, prepared: Prepared, explanation: Explanation) -> Finding:
        """The policy's view of a scored application."""
        loaded, checked = prepared.in_use.loaded, prepared.checked
        assert loaded is not None, "only a loaded bundle is asked"
        assert checked is not None, "only checked fields are scored"
        probability = decimal_text(explanation.probability)
        fields = {**checked.context, **checked.features}
        assessment = loaded.policy.assess(
            fields, explanation, probability, checked.warnings, Draw(self.chance())
        )
        return Finding(assessment=assessment, explanation=explanation, probability=probability)

    def once(self, actor: Actor, key: str, body: object) -> OnceOnly:
        """The identity of this request; the body is remembered by a keyed hash only."""
        text = _encoder.encode(body)
        fingerprint = self.preparer.vault.lookup_hash("request", text)
        return OnceOnly(actor.ref, ROUTE, key, fingerprint)

    def again(self, receipt: Receipt) -> Answer:
        """What the same request was told before."""
        return Answer(self.reader.made(receipt.answer["decision_id"]), replayed=True)


class _Way:
    """One application from its score to the disk; ``recorded`` is told what became of it."""

    def __init__(self, watch: StopWatch) -> None:
        self.recorded: Future[Receipt] = Future()
        self._watch = watch
        self._command: Record | None = None

    def go_on(
        self,
        asked: "Future[Explanation]",
        scored: "Callable[[Explanation | BaseException | str], None]",
    ) -> None:
        """The model has answered, or never will; nobody may be left waiting."""
        try:
            scored(asked.exception() or asked.result())
        except Exception as failure:  # noqa: BLE001 - the sender is told, whatever it is
            self.recorded.set_exception(failure)

    def follow(self, command: Record, submitted: "Future[Receipt]") -> None:
        """The command is with the journal."""
        self._command = command
        submitted.add_done_callback(self._arrived)

    def answer(self, receipt: Receipt) -> Answer:
        """What the sender is told of a new record."""
        assert self._command is not None, "a receipt is of a command"
        return Answer(self._command.told(receipt), False, self._watch.laps_us)

    def _arrived(self, submitted: "Future[Receipt]") -> None:
        """Hand the journal's outcome on."""
        self._watch.lap("record")
        failure = submitted.exception()
        if failure is None:
            self.recorded.set_result(submitted.result())
        else:
            self.recorded.set_exception(failure)


def question_of(prepared: Prepared) -> tuple[Bundle, Row] | str:
    """The model and the row it is asked about, or the cause for which it is not asked."""
    used = prepared.in_use
    if used.standing.suspended:
        return SUSPENDED
    if used.problem or used.loaded is None or prepared.checked is None:
        return UNAVAILABLE
    return used.loaded.bundle, prepared.checked.features


def case_of(prepared: Prepared) -> Find:
    """Finds the application's case, if it has one; raises AlreadyDecided where it is closed."""

    def find(state: State) -> Case | None:
        name = prepared.in_use.version.name
        case = state.case_of_application(name, prepared.application_key)
        if case is not None:
            try:
                case.after(Act.RESCORE)
            except CaseClosed as closed:
                raise AlreadyDecided(case.case_ref, closed.status, case.decision_id) from None
        return case

    return find


def _unscored(failure: str) -> Finding:
    """What becomes of an application that has no score."""
    code = ROUTING_OF_FAILURE.get(failure, "model_failed")
    return Finding(assessment=unscored(code), failure=failure)


def cause_of(failed: BaseException) -> str:
    """The recorded code for what kept the model from scoring."""
    if isinstance(failed, NonsenseScore):
        return "nonsense_score"
    late = isinstance(failed, ModelUnavailable) and failed.cause in (LATE, LEFT_ALONE)
    return "model_timeout" if late else "model_error"
