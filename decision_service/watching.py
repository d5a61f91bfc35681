"""Watching models: declared by people, looked at by the server once a month's loans have matured.

Counted are loans approved as recommended and those that chance let in: whoever decided against the
score knew something, so those loans say little of the score alone. Loans on other terms or with a
corrected value are another loan than was scored at first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from decision_service.access import HOST
from decision_service.board_page import outcome_definitions
from decision_service.feedback_export import FeedbackExport
from decision_service.feedback_files import MANIFEST, sha256_of
from decision_service.services import Services
from overrides.analysis.sequential import Outcome
from overrides.journal import Decided, Receipt, State
from overrides.labels import LabelStatus, OutcomeDefinition, label
from overrides.reading import BoardFact
from overrides.values import Actor, Decision, Recommendation
from overrides.watches import Cohort, Plan, Watch, month_after
from overrides.watching import decide_look, decide_proposal, decide_watch

EDGE = 1e-6  # a score of 0 or 1 is taken as this far from it: no outcome is impossible
PURPOSE = "retraining"
SEEN = {LabelStatus.OBSERVED_BAD: True, LabelStatus.OBSERVED_GOOD: False}


@dataclass(frozen=True, slots=True)
class Watching:
    """Declares watches, looks, and proposes retraining."""

    services: Services

    def declare(self, actor: Actor, name: str, said: Mapping[str, Any], note: str = "") -> Receipt:
        """Declare what is watched of the version that decides; ``said`` are members of ``Plan``.

        Raises ``UnknownBundle``, ``WatchUndeclarable``, ``WatchRuns`` and ``NoAuthority``.
        """
        services = self.services
        version = services.registry.standings(fresh=True).standing(name).active
        window = outcome_definitions(services)(name).window_months
        plan = Plan(window_months=window, **said)

        def command(state: State) -> Decided:
            watches = services.watches.within(state)
            known = (version.name, version.sha256)
            return decide_watch(watches, actor, known, plan, state.now, services.new_id, note)

        return services.journal.submit(command).result()

    def look(self, name: str) -> tuple[date, ...]:
        """Look at each month whose time has come; those looked at. Proposes where one fires."""
        services = self.services
        watch = services.watches.known(fresh=True).held(name)
        months = watch.due(services.clock()) if watch else ()
        if watch is not None and months:
            now = services.clock()
            facts = services.cases.board_facts(now, bundle=name)
            for cohort in cohorts(facts, months, outcome_definitions(services)(name), now):
                self._look(watch, cohort)
        self.propose(name)
        return months

    def propose(self, name: str) -> None:
        """Make the feedback set of an alarm, and propose retraining on it, unless that was done."""
        services = self.services
        watch = services.watches.known(fresh=True).held(name)
        if watch is None or watch.alarm is None or watch.proposal is not None:
            return
        folder = services.settings.feedback / f"{name}-{services.clock():%Y%m%dT%H%M%S%fZ}"
        manifest, _ = FeedbackExport(services).write(folder, HOST, bundle=name, purpose=PURPOSE)
        made = (sha256_of(folder / MANIFEST), folder.name, manifest["rows"])

        def command(state: State) -> Decided:
            watches = services.watches.within(state)
            return decide_proposal(watches, HOST, watch, made, services.new_id)

        services.journal.submit(command).result()

    def _look(self, watch: Watch, cohort: Cohort) -> None:
        """Record one look, unless another process did so meanwhile."""
        services = self.services

        def command(state: State) -> Decided:
            watches = services.watches.within(state)
            return decide_look(watches, HOST, watch, cohort, services.new_id)

        services.journal.submit(command).result()


def watch_all(services: Services) -> None:
    """Look at every watched model whose time has come: a chore of the server."""
    for name in services.watches.known(fresh=True).known:
        Watching(services).look(name)


def cohorts(
    facts: Iterable[BoardFact],
    months: Sequence[date],
    definition: OutcomeDefinition,
    as_of: datetime,
) -> tuple[Cohort, ...]:
    """The loans of these months, in order; an approval without a seen outcome is left out."""
    outcomes: dict[date, list[Outcome]] = {month: [] for month in months}
    left_out = dict.fromkeys(months, 0)
    for fact in facts:
        at, chance = fact.ending.at, fact.probability
        month = month_after(at.date(), 0) if at else None
        if month not in left_out or chance is None or not _tells_of_the_score(fact):
            continue
        bad = SEEN.get(label(definition, fact.ending, fact.observations, as_of).status)
        if bad is None:
            left_out[month] += 1
        else:
            outcomes[month].append((min(max(chance, EDGE), 1 - EDGE), bad))
    return tuple(Cohort(month, tuple(outcomes[month]), left_out[month]) for month in months)


def _tells_of_the_score(fact: BoardFact) -> bool:
    """Whether a loan was made on the score alone."""
    if fact.ending.decision is not Decision.APPROVE or fact.countered or fact.corrected:
        return False
    agreed = fact.side is None and fact.recommendation is Recommendation.APPROVE
    return agreed or fact.ending.random_accept
