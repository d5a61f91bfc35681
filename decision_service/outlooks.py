"""What would change a recommendation, and how far it can be trusted: worked out when asked.

Nothing of it is recorded and nothing rests on it. It is worked out from the fields as they were
recorded, by the very versions that made the decision; where either is not at hand, that is said.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import BoundedSemaphore

from decision_service.decimals import decimal_text
from decision_service.dossier import Payload
from decision_service.errors import Overloaded, ServiceError
from decision_service.loading import Loaded
from decision_service.party_parts import PARTY_SLOTS, whole
from decision_service.services import Services
from explain.changes.answers import Answer
from explain.changes.axes import Room, room_of
from explain.changes.finding import smallest_changes
from explain.changes.novelty import Novelty, novelty_of
from explain.changes.search import Limits
from explain.changes.uncertainty import Uncertainty
from explain.declared.contract import NUMERIC, Contract
from explain.errors import ContractBroken, ExplainError
from explain.values import LOG_ODDS, Row, Scalar, probability_of, raw_of
from overrides.reading import CaseFile, DecisionRow
from overrides.values import Recommendation

SECONDS = 2.0
"""So long one search may take."""

SAME = 1e-6
"""As near to the recorded raw score a model must come to be the one that gave it."""

AT_ONCE = 2
_TURNS = BoundedSemaphore(AT_ONCE)
"""So many searches run side by side: applications being scored come first."""

WAITING_MAX = 16
_PLACES = BoundedSemaphore(AT_ONCE + WAITING_MAX)
"""So many wait for their turn: whoever waits keeps a thread from other pages."""

ERASED, UNSCORED, SUSPENDED = "erased", "unscored", "suspended"
OTHER_VERSION, NOT_DECLARED, NOTHING = "other_version", "not_declared", "approve"
RULE, UNAVAILABLE = "rule", "unavailable"


@dataclass(frozen=True, slots=True)
class Stated:
    """A scored application as it was recorded, with the versions that scored it.

    ``fields`` are those a rule of the policy may name, ``row`` those that are scored.
    """

    loaded: Loaded
    decision: DecisionRow
    row: Row
    fields: Row


@dataclass(frozen=True, slots=True)
class Doubts:
    """How far an applicant is from the pinned ones, and what outcomes say of the probability.

    ``bounds`` is None where the bundle has no calibration loans.
    """

    novelty: Novelty
    bounds: Uncertainty | None


@dataclass(frozen=True, slots=True)
class Turn:
    """What was found: ``answer`` towards ``advice``, or ``why`` nothing was looked for.

    ``rules`` are the knock-out rules that decide whatever may change.
    """

    why: str = ""
    rules: tuple[str, ...] = ()
    advice: Recommendation = Recommendation.APPROVE
    answer: Answer | None = None


def scored_by(services: Services, decision: DecisionRow) -> Loaded | None:
    """The bundle in the very versions of a decision; None where they are not at hand."""
    shas = _shas(decision)
    try:
        return services.registry.loaded(
            decision.bundle, model=shas[0], policy=shas[1], codebook=shas[2]
        )
    except ServiceError:
        return None


def _shas(decision: DecisionRow) -> list[str]:
    """Which versions a decision names."""
    stamps = (decision.model, decision.policy, decision.codebook)
    return [stamp.sha256 if stamp else "" for stamp in stamps]


def stated(loaded: Loaded | None, file: CaseFile, inputs: Payload | None) -> Stated | str:
    """The application behind a case's decision, or why it cannot be looked at.

    ``loaded`` must be in the versions that scored it.
    """
    decision = file.decision
    if decision.probability is None or decision.raw is None or decision.model is None:
        return UNSCORED
    if file.case.stopped:
        return SUSPENDED
    if inputs is None:
        return ERASED
    if loaded is None or _shas(decision) != [
        stamp.sha256 for stamp in (loaded.model, loaded.policy_stamp, loaded.codebook)
    ]:
        return OTHER_VERSION
    contract = loaded.bundle.contract
    row = recorded_row(contract, inputs)
    if row is None:
        return ERASED
    return Stated(loaded, decision, row, {**recorded_context(contract, inputs), **row})


def recorded_row(contract: Contract, inputs: Payload) -> Row | None:
    """The scored fields of a contract as they were recorded; None where one is not there."""
    recorded = inputs["fields"]
    if any(field.name not in recorded for field in contract.features):
        return None
    return {f.name: _scalar(contract, f.name, recorded[f.name]) for f in contract.features}


def recorded_context(contract: Contract, inputs: Payload) -> Row:
    """The other fields of a contract that a rule may name, as they were recorded."""
    recorded = inputs["context"]
    return {name: _scalar(contract, name, recorded[name]) for name in recorded if name in contract}


def doubts(told: Stated) -> Doubts:
    """What there is to doubt of a score: nothing is asked of the model."""
    bundle = told.loaded.bundle
    spec = bundle.policy_spec.novelty
    novelty = novelty_of(told.row, bundle.contract, bundle.likeness, spec)
    probability = float(told.decision.probability or 0.0)
    return Doubts(novelty, bundle.venn_abers.of(probability) if bundle.venn_abers else None)


@dataclass(frozen=True, slots=True)
class Outlooks:
    """Searches for what would turn a recommendation, each within its time."""

    services: Services
    monotonic: Callable[[], float] = time.monotonic
    seconds: float = SECONDS

    def opened(self, file: CaseFile) -> Stated | str:
        """The application behind a case's decision, opened from the record, or why it cannot be."""
        slots = ("inputs", *PARTY_SLOTS)
        opened = whole(self.services.ledger.open_slots(file.decision.event_id, slots))
        return stated(scored_by(self.services, file.decision), file, opened.get("inputs"))

    def turn(self, told: Stated) -> Turn:
        """The smallest changes that turn the recommendation; towards a person where none approve.

        Raises Overloaded where too many others search.
        """
        if not _PLACES.acquire(blocking=False):
            raise Overloaded
        try:
            if not _TURNS.acquire(timeout=self.seconds):
                raise Overloaded
            try:
                return self._turn(told)
            except ExplainError:
                return Turn(UNAVAILABLE)
            finally:
                _TURNS.release()
        finally:
            _PLACES.release()

    def _turn(self, told: Stated) -> Turn:
        """The same in one's own turn."""
        bundle, policy = told.loaded.bundle, told.loaded.policy
        spec = bundle.policy_spec.changes
        now, _ = policy.advice(told.fields, told.decision.probability or "")
        if now is Recommendation.APPROVE:
            return Turn(NOTHING)
        if spec is None:
            return Turn(NOT_DECLARED)
        room = room_of(told.row, spec, bundle.contract, policy.allows)
        if rules := _fixed(told, room):
            return Turn(RULE, rules)
        (score,) = bundle.score_again([told.row])
        recorded = float(told.decision.raw or 0.0)
        if not abs(score - recorded) <= SAME * max(1.0, abs(recorded)):
            return Turn(OTHER_VERSION)
        bundle.surface()  # read once for each model, on nobody's time
        until = self.monotonic() + self.seconds
        limits = Limits(spec.fields_at_most, spec.tries_max, lambda: self.monotonic() > until)
        turn = self._towards(Recommendation.APPROVE, told, room, limits)
        if (
            turn.answer is not None
            and turn.answer.kind == "none"
            and now is Recommendation.DECLINE
            and policy.cutoffs.decline_above > policy.cutoffs.approve_up_to
        ):
            nearer = self._towards(Recommendation.REFER, told, room, limits)
            if nearer.answer is not None and nearer.answer.kind == "found":
                tried = turn.answer.tried + nearer.answer.tried
                return replace(nearer, answer=replace(nearer.answer, tried=tried))
        return turn

    def _towards(self, advice: Recommendation, told: Stated, room: Room, limits: Limits) -> Turn:
        """A search towards one recommendation; every proposal is scored and weighed anew."""
        bundle, policy = told.loaded.bundle, told.loaded.policy
        approve = advice is Recommendation.APPROVE
        cutoff = policy.cutoffs.approve_up_to if approve else policy.cutoffs.decline_above

        def verify(row: Row) -> bool:
            if not _taken(bundle.contract, row):
                return False
            (raw,) = bundle.score_again([row])
            probability = decimal_text(probability_of(raw, bundle.scale))
            return policy.advice({**told.fields, **row}, probability)[0] is advice

        answer = smallest_changes(
            room,
            bundle.surface(),
            bundle.score_again,
            _raw(float(cutoff), bundle.scale == LOG_ODDS),
            limits,
            verify,
        )
        return Turn(advice=advice, answer=answer)


def _raw(cutoff: float, log_odds: bool) -> float:  # noqa: FBT001 # one of two scales
    """A cut-off as a raw score; infinite at the ends of the log-odds."""
    if not log_odds:
        return cutoff
    if not 0.0 < cutoff < 1.0:
        return float("inf") if cutoff >= 1.0 else float("-inf")
    return raw_of(cutoff)


def _fixed(told: Stated, room: Room) -> tuple[str, ...]:
    """Knock-out rules that hold for what nobody may change."""
    policy = told.loaded.policy
    free = {name for axis in room.axes for name in axis.names}
    _, knocked = policy.advice(told.fields, told.decision.probability or "")
    fields = {rule.id: rule.field for rule in policy.spec.knockouts}
    return tuple(rule for rule in knocked if fields[rule] not in free)


def _taken(contract: Contract, row: Row) -> bool:
    """Whether the contract takes these fields; it is not asked about others."""
    given = {
        name: bool(value) if contract[name].type == "boolean" and value is not None else value
        for name, value in row.items()
    }
    try:
        contract.check(given)
    except ContractBroken as broken:
        return not any(problem.field in row for problem in broken.problems)
    return True


def _scalar(contract: Contract, name: str, text: str | None) -> Scalar:
    """A recorded field as it was scored."""
    field = contract[name]
    if text is None:
        return None
    return float(text) if field.type in NUMERIC or field.type == "boolean" else text
