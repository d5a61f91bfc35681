"""Rows that are scored and not decided: checked, scored, written down, then answered.

One entry holds one request. It is of no case, so it is in no list, no rate and no feedback set.
What it has of persons is sealed under keys of its own: an erasure reaches it and nothing else.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, TypeVar

from decision_service.decimals import recorded_fields
from decision_service.errors import BundleUnavailable, Fault, InvalidRequest, Overloaded
from decision_service.facades.asking import FAULTS_MAX, PARTY, Asked, Table, refuse
from decision_service.facades.telling import Told, told_of
from decision_service.loading import Loaded
from decision_service.problems import pointer
from decision_service.registry import InUse
from decision_service.scoring import Model
from decision_service.services import Services
from decision_service.standings import parts_of
from explain.bundle import Bundle
from explain.declared.contract import CheckedFields, Contract
from explain.errors import ContractBroken, ExplainError, NonsenseScore
from explain.values import Attribution, Explanation, Row, probability_of
from overrides.errors import SlotErased
from overrides.event_kinds import SCORE_ONLY
from overrides.events import read_event
from overrides.journal import Decided, Draft, OnceOnly, Receipt, Slot, State
from overrides.values import Actor

ROUTE = "POST score"
ROOMS = 4  # requests that are read and scored at a time
WAITING_MAX = 64  # with those, after which none is taken in
SUSPENDED = "it is suspended"
UNVERIFIED = "its files could not be verified"  # why, with the folder, is for the operator alone
REF_CHARS_MAX = 128
PARTY_ADVICE = f"Give your own reference of the person, of at most {REF_CHARS_MAX} characters."
NOT_FINITE = "Give a finite number, or null where there is none."


Result = TypeVar("Result")


class _New(Exception):
    """The request did not come before."""


class Scored(NamedTuple):
    """What was recorded of a request: its own reference, its place, and each row's score.

    ``version`` is that of the model that scored the rows.
    """

    reference: str
    seq: int
    rows: Sequence[Told]
    version: str
    replayed: bool


class _Plain:
    """A model that takes long to explain, asked for its scores alone."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    @property
    def name(self) -> str:
        """The bundle's name."""
        return self._bundle.name

    def explain(self, rows: Sequence[Row]) -> list[Explanation | ExplainError]:
        """Scores, none of them taken apart."""
        return [self._scored(raw) for raw in self._bundle.score(rows)]

    def _scored(self, raw: float) -> Explanation | ExplainError:
        """One score with nothing said of where it comes from."""
        try:
            probability = probability_of(raw, self._bundle.scale)
            whole = Attribution(raw, raw, ())
        except (ValueError, ExplainError):
            return NonsenseScore(self.name, "a score that is no probability")
        return Explanation(probability, whole, (), (), "none", None, reliable=True)


@dataclass(frozen=True, slots=True)
class ScoreOnly:
    """Scores rows for whoever asks no decision, in lanes of its own: no applicant waits in them."""

    services: Services
    _plain: dict[int, _Plain] = field(default_factory=dict, init=False)
    _rooms: Executor = field(default_factory=lambda: ThreadPoolExecutor(ROOMS), init=False)
    _inside: set[object] = field(default_factory=set, init=False)

    async def apart(self, act: Callable[..., Result], *args: object, **named: object) -> Result:
        """Do something slow in threads of our own: whoever wants a decision waits for others.

        Raises Overloaded where too many wait already.
        """
        if len(self._inside) >= WAITING_MAX:
            raise Overloaded
        mine = object()
        self._inside.add(mine)
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._rooms, partial(act, *args, **named))
        finally:
            self._inside.discard(mine)

    def before(self, actor: Actor, key: str, content: str) -> Scored | None:
        """What the same request was told before, whatever became of its bundle; None for a new one.

        Raises KeyReused, SlotErased where the scores are gone, and LedgerUnavailable.
        """

        def command(_state: State) -> Decided:
            raise _New

        once = self._once(actor, key, content)
        try:
            receipt = self.services.journal.submit(command, once=once).result()
        except _New:
            return None
        return self._again(receipt)

    def record(
        self,
        question: Asked,
        checked: Sequence[CheckedFields],
        used: InUse,
        actor: Actor,
        *,
        key: str,
        content: str,
    ) -> Scored:
        """Score all rows and write them down, waiting; with a ``key``, once.

        ``checked`` are the rows by the contract. Raises InvalidRequest, BundleUnavailable,
        Overloaded, KeyReused, LedgerUnavailable, and what the model raised; then nothing was
        recorded.
        """
        loaded = usable(used)
        party = _party(question)
        told = self._told(loaded.bundle, [row.features for row in checked], question.explained)
        draft = self._draft(question, used, loaded, actor, checked, told, party)
        services = self.services
        once = self._once(actor, key, content) if key else None

        def command(state: State) -> Decided:
            standings = services.registry.standings_in(state)
            if standings.stops(used.version.name, parts_of(used.version)):
                raise BundleUnavailable(name=used.version.name, cause=SUSPENDED)
            return Decided((draft,), {"event": draft.event_id, "reference": draft.case})

        receipt = services.journal.submit(command, once=once).result()
        if receipt.replayed:
            return self._again(receipt)
        version = used.version.model.version
        return Scored(str(draft.case), receipt.entries[0].seq, told, version, replayed=False)

    def _once(self, actor: Actor, key: str, content: str) -> OnceOnly:
        """The identity of a request; its content is remembered by a keyed hash only."""
        fingerprint = self.services.vault.lookup_hash("request", content)
        return OnceOnly(actor.ref, ROUTE, key, fingerprint)

    def _told(self, bundle: Bundle, rows: Sequence[Row], explained: bool) -> list[Told]:  # noqa: FBT001
        """Every row's score as it is recorded."""
        model: Model = bundle
        if bundle.one_by_one and not explained:
            model = self._plain.setdefault(id(bundle), _Plain(bundle))
        if bundle.at_once:  # by code of ours, in which nothing can hang
            found = [_or_raise(one) for one in bundle.explain(rows)]
        else:
            waiting = [self.services.rows_scorer.submit(model, row) for row in rows]
            found = [future.result() for future in waiting]
        return [told_of(one, bundle.scale, explained=explained) for one in found]

    def _draft(
        self,
        question: Asked,
        used: InUse,
        loaded: Loaded,
        actor: Actor,
        checked: Sequence[CheckedFields],
        told: Sequence[Told],
        party: str,
    ) -> Draft:
        """The entry."""
        event_id, reference = self.services.new_id(), self.services.new_id()
        subject = self.services.decisions.preparer.subject(party or f"{SCORE_ONLY}\0{reference}")
        bundle, version = loaded.bundle, used.version
        payloads: dict[str, Mapping[str, Any]] = {
            "inputs": {
                "request_id": question.request_id,
                "rows": [_inputs(row) for row in checked],
            },
            "explanation": {"rows": list(told)},
        }
        if any(row.monitor for row in checked):
            monitor = [recorded_fields(row.monitor) for row in checked]
            payloads["monitor"] = {"rows": monitor}
        return Draft(
            event_id=event_id,
            type="score_only",
            actor=actor.ref,
            role=actor.role,
            case=reference,
            model=version.model,
            policy=version.policy,
            codebook=version.codebook,
            data={
                "bundle": version.name,
                "protocol": question.protocol,
                "explained": question.explained,
                "rows": len(checked),
                "method": bundle.method if question.explained else None,
                "background": bundle.background_sha256 if question.explained else None,
                "jurisdiction": loaded.policy.spec.defaults.jurisdiction,
                "subject": subject,
                "simulated": False,
            },
            slots=tuple(Slot(name, subject, payload) for name, payload in payloads.items()),
        )

    def _again(self, receipt: Receipt) -> Scored:
        """What the same request was told before; raises SlotErased where that is gone."""
        event_id = str(receipt.answer["event"])
        entry = self.services.ledger.entry_of(event_id)
        assert entry is not None, "what was answered lies in the ledger"
        model = read_event(entry.body).model
        assert model is not None, "a score is of a model"
        part = self.services.ledger.open_slots(event_id, ("explanation",))["explanation"]
        if isinstance(part, SlotErased):
            raise part
        reference = str(receipt.answer["reference"])
        return Scored(reference, entry.seq, part["rows"], model.version, replayed=True)


def _or_raise(answer: Explanation | ExplainError) -> Explanation:
    """An explanation, or the error that stands in its place."""
    if isinstance(answer, ExplainError):
        raise answer
    return answer


def usable(used: InUse) -> Loaded:
    """The bundle, if it may score now; raises BundleUnavailable."""
    name = used.version.name
    if used.standing.suspended:
        raise BundleUnavailable(name=name, cause=SUSPENDED)
    if used.problem or used.loaded is None:
        raise BundleUnavailable(name=name, cause=UNVERIFIED)
    return used.loaded


def checked_rows(table: Table, contract: Contract) -> list[CheckedFields]:
    """The rows by the contract; raises InvalidRequest naming each faulty row and field."""
    checked: list[CheckedFields] = []
    faults: list[Fault] = []
    rows, place = table
    for number, row in enumerate(rows):
        try:
            checked.append(contract.check(row))
        except ContractBroken as broken:
            for problem in broken.problems:
                advice = NOT_FINITE if problem.code == "not_finite" else problem.detail
                words = f"Row {number}, {problem.field}: {advice}"
                faults.append(Fault(place(number, problem.field), words, problem.code))
        if len(faults) >= FAULTS_MAX:
            break
    if faults:
        raise InvalidRequest(tuple(faults[:FAULTS_MAX]))
    return checked


def _party(question: Asked) -> str:
    """Whom the rows are about, where the request says so."""
    if unknown := sorted(question.parameters.keys() - {PARTY}):
        advice = f"Leave it out: what is scored and not decided knows only {PARTY} here."
        raise InvalidRequest(
            tuple(Fault(pointer(question.parameters_name, n[:64]), advice) for n in unknown)
        )
    ref = question.parameters.get(PARTY, "")
    whole = isinstance(ref, str) and len(ref) <= REF_CHARS_MAX and ref.isprintable()
    if not whole or (PARTY in question.parameters and not ref) or ref != ref.strip():
        refuse(pointer(question.parameters_name, PARTY), PARTY_ADVICE)
    return str(ref)


def _inputs(row: CheckedFields) -> dict[str, Any]:
    """One row as checked; protected attributes apart."""
    return {
        "fields": recorded_fields(row.features),
        "context": recorded_fields(row.context),
        "warnings": [[w.field, w.code, w.detail] for w in row.warnings],
    }
