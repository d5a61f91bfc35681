"""Decisions read back: from the ledger's own entry and what of its personal parts still opens."""

from dataclasses import dataclass
from typing import Any

from decision_service.access import sees_branch
from decision_service.decision_object import contributions, decision_object
from decision_service.errors import ServiceError, UnknownDecision
from decision_service.party_parts import PARTY_SLOTS, whole
from decision_service.registry import Registry
from overrides.events import read_event
from overrides.feedback_book import FeedbackBook
from overrides.journal import Event
from overrides.ledger import LedgerBook
from overrides.reading import DecisionRow
from overrides.values import Actor, Role


@dataclass(frozen=True, slots=True)
class DecisionReader:
    """Rebuilds decision objects from the record."""

    ledger: LedgerBook
    cases: FeedbackBook
    registry: Registry

    def made(self, decision_id: str) -> dict[str, Any]:
        """The decision object as it was first given; raises UnknownDecision."""
        return self._object(self._row(decision_id))[0]

    def shown(self, decision_id: str, actor: Actor) -> dict[str, Any]:
        """The decision object with all contributions and the checkpoint that covers it.

        Raises UnknownDecision too where the actor may not see it.
        """
        row = self._row(decision_id)
        found, event, opened = self._object(row)
        own = actor.ref in (event.actor, self._sender(row))
        if not (own if actor.role is Role.SERVICE else sees_branch(actor, row.branch)):
            raise UnknownDecision(decision_id)
        found["contributions"] = contributions(opened["explanation"], opened["inputs"])
        checkpoint = self.ledger.latest_checkpoint()
        if checkpoint is not None and checkpoint.size > row.seq:
            found["ledger"]["checkpoint"] = {"size": checkpoint.size}
        return found

    def _sender(self, row: DecisionRow) -> str:
        """Who sent the application, whoever had it scored again."""
        return self.cases.acts(row.case_ref)[0].actor

    def _row(self, decision_id: str) -> DecisionRow:
        """Where the decision lies."""
        row = self.cases.decision(decision_id)
        if row is None:
            raise UnknownDecision(decision_id[:64])
        return row

    def _object(self, row: DecisionRow) -> tuple[dict[str, Any], Event, dict[str, Any]]:
        """The decision object, its event, and its personal parts, None where they are erased."""
        entry = self.ledger.entry(row.seq)
        if entry is None:
            raise UnknownDecision(row.decision_id)
        event = read_event(entry.body)
        wanted = ("inputs", "explanation", *PARTY_SLOTS)
        opened = whole(self.ledger.open_slots(event.event_id, wanted))
        readable = {slot: opened.get(slot) for slot in ("inputs", "explanation")}
        inputs = readable["inputs"]
        found = decision_object(
            event,
            entry,
            application_id=inputs["application_id"] if inputs else None,
            explanation=readable["explanation"],
            rule_texts=self._rule_texts(row) if row.knockouts else (),
        )
        return found, event, readable

    def _rule_texts(self, row: DecisionRow) -> list[str]:
        """Words of the knock-out rules that applied, while their policy can be read."""
        try:
            policy = row.policy.sha256 if row.policy else ""
            loaded = self.registry.loaded(row.bundle, policy=policy)
        except ServiceError:
            return []
        return [loaded.policy.rule_text(rule) for rule in row.knockouts]
