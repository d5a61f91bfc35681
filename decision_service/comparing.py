"""Past cases scored again by a challenger that decides nothing; that they are read is recorded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice

from decision_service.board_page import outcome_definitions
from decision_service.decimals import decimal_text
from decision_service.loading import Loaded
from decision_service.outlooks import recorded_row
from decision_service.party_parts import PARTY_SLOTS, whole
from decision_service.services import Services
from decision_service.standings import parts_of
from explain.values import Explanation, Row
from overrides.analysis.challenge import PastCase
from overrides.analysis.verdicts import Terms
from overrides.labels import LabelStatus, OutcomeDefinition, label
from overrides.reading import FeedbackFact
from overrides.values import Actor

CASES_AT_ONCE = 500
WHAT = "comparison of models"  # what the record says was looked at
SEEN = {LabelStatus.OBSERVED_BAD: True, LabelStatus.OBSERVED_GOOD: False}


@dataclass(slots=True)
class Replay:
    """Closed cases under both models; the rest is counted by why it could not be compared."""

    cases: list[PastCase] = field(default_factory=list)
    erased: int = 0  # what was stated can no longer be read
    lacking: int = 0  # a field that the challenger scores was not stated, or it gave no score
    undecided: int = 0  # withdrawn, expired, or without a score of its own


def challenger_of(services: Services, name: str, other: str = "") -> Loaded:
    """The active version of another bundle, or the newest of the same where none is named.

    Raises ``UnknownBundle`` and ``BundleUnavailable``.
    """
    if other:
        return services.registry.loaded(other)
    newest = services.registry.standings(fresh=True).standing(name).versions[-1]
    model, policy, codebook = parts_of(newest)
    return services.registry.loaded(name, model=model, policy=policy, codebook=codebook)


def replayed(services: Services, actor: Actor, name: str, challenger: Loaded) -> Replay:
    """Every closed case of a bundle with both models' advice. That they were read is recorded.

    Raises ``UnknownBundle``.
    """
    services.registry.standings(fresh=True).standing(name)
    services.viewings.record(actor, WHAT)
    found = Replay()
    definition = outcome_definitions(services)(name)
    facts = services.cases.feedback_facts(services.clock(), bundle=name)
    while batch := list(islice(facts, CASES_AT_ONCE)):
        _take(services, found, batch, challenger, definition)
    return found


def terms_of(challenger: Loaded) -> Terms | None:
    """What a loan brings and costs, where the bundle says so."""
    spec = challenger.bundle.outcome_spec.value
    return Terms(float(spec.margin), float(spec.loss_given_default)) if spec else None


def _take(
    services: Services,
    found: Replay,
    batch: Sequence[FeedbackFact],
    challenger: Loaded,
    definition: OutcomeDefinition,
) -> None:
    """Compare some cases."""
    decided = [
        one for one in batch if one.fact.ending.decision and one.fact.probability is not None
    ]
    found.undecided += len(batch) - len(decided)
    rows = list(_rows(services, found, decided, challenger))
    answers = services.rows_scorer.ask_all(challenger.bundle, [row for _, row in rows])
    now = services.clock()
    for (one, _), answer in zip(rows, answers, strict=True):
        fact = one.fact
        if not isinstance(answer, Explanation) or fact.ending.decision is None:
            found.lacking += 1
            continue
        status = label(definition, fact.ending, fact.observations, now)
        seen = SEEN.get(status.status) if status.closed(now) else None
        chance = decimal_text(answer.probability)
        found.cases.append(
            PastCase(
                was=fact.recommendation,
                now=challenger.rules.cutoffs.recommend(Decimal(chance)),
                before=fact.probability or 0.0,
                after=float(chance),
                decision=fact.ending.decision,
                side=fact.side,
                bad=seen,
                amount_minor=fact.amount.minor,
                currency=fact.amount.currency,
            )
        )


def _rows(
    services: Services, found: Replay, decided: Sequence[FeedbackFact], challenger: Loaded
) -> Iterator[tuple[FeedbackFact, Row]]:
    """What was stated in each case, as the challenger would be asked."""
    wanted = ("inputs", *PARTY_SLOTS)
    opened = services.ledger.open_many([one.decision.event_id for one in decided], wanted)
    for one in decided:
        inputs = whole(opened.get(one.decision.event_id, {})).get("inputs")
        if inputs is None:
            found.erased += 1
            continue
        row = recorded_row(challenger.bundle.contract, inputs)
        if row is None:
            found.lacking += 1
        else:
            yield one, row
