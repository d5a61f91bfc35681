"""Writing decisions that were made elsewhere, if they are still what would be decided now."""

from dataclasses import dataclass

from decision_service.bulk.messages import Line
from decision_service.pipeline import ROUTE, Pipeline
from overrides.errors import OutOfDate
from overrides.journal import Decided, OnceOnly, State


@dataclass(frozen=True, slots=True)
class Made:
    """The command that writes one of them. ``line`` is what a worker told of it."""

    line: Line
    decisions: Pipeline

    @property
    def application_key(self) -> str:
        """Whose case is looked for."""
        return self.line.application_key

    def once(self, actor: str) -> OnceOnly:
        """The identity of the request."""
        return OnceOnly(actor, ROUTE, self.line.key, self.line.fingerprint)

    def __call__(self, state: State) -> Decided:
        """The entries as they were made; raises ``OutOfDate`` where they hold no longer.

        That is so where the application has a case by now, another version decides, the model was
        stopped, or the officer who was drawn is gone.
        """
        line = self.line
        standings = self.decisions.registry.standings_in(state)
        standing = standings.standing(line.bundle)
        assigner = self.decisions.preparer.assigner
        holds = (
            standing.active.sha256 == line.sha256
            and (line.by_name or standing.champion)
            and not (line.scored and standing.suspended)
            and not (line.assigned and assigner and not assigner.admits(line.assigned))
            and state.case_of_application(line.bundle, line.application_key) is None
        )
        if not holds:
            raise OutOfDate
        first = line.entries[0]
        return Decided(
            answer={"decision_id": first.event_id, "case_id": first.case}, unplaced=line.entries
        )
