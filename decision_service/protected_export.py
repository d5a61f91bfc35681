"""Protected attributes beside decisions, for compliance alone, in rows that name nobody.

Who builds models never gets them. A row has no pseudonym, no place and no exact score, and rows
stand in the order of their own bytes. That is no anonymity: a combination of values that only one
case has leads to its row in a feedback set of the same cut, so the two are kept apart by role.
Nothing is kept here: the rows are handed over, and the ledger says to whom and what they were.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from decision_service.board_page import outcome_definitions
from decision_service.feedback_export import ELSEWHERE, FeedbackExport
from decision_service.party_parts import PARTY_SLOTS, whole
from decision_service.services import Services
from overrides.feedback import decide_export
from overrides.feedback_design import BANDS
from overrides.instants import instant_text
from overrides.journal import Json, OnceOnly, Receipt
from overrides.labels import LabelStatus, label
from overrides.reading import FeedbackFact
from overrides.values import Actor, OverrideSide

PURPOSE = "fair-lending review with protected attributes"
AT_ONCE = 500
COLUMNS = (
    *("closed_in", "recommendation", "final_decision", "override_side", "probability_band"),
    *("label_status", "label"),
)
PREFIX = "protected_"


@dataclass(frozen=True, slots=True)
class ProtectedExport:
    """Hands protected attributes over."""

    services: Services

    def rows(
        self, bundle: str, actor: Actor, *, as_of: datetime | None, once: OnceOnly | None
    ) -> tuple[bytes, Receipt]:
        """The rows of one model as CSV, and the receipt of the entry that says so.

        Raises ``UnknownBundle``, ``BundleUnavailable`` and ``InstantAhead``.
        """
        self.services.registry.standings().standing(bundle)
        export = FeedbackExport(self.services)
        at = export.cut_at(as_of)
        contract = self.services.registry.loaded(bundle).bundle.contract
        names = [f.name for f in contract.fields if f.role == "monitor_only"]
        counts = dict.fromkeys((status.value for status in LabelStatus), 0)
        rows: list[list[str]] = []
        for fact, held in self._opened(bundle, at):
            status, cells = self._cells(fact, at)
            counts[status] += 1
            rows.append([*cells, *(str(held.get(name) or "") for name in names)])
        content = _csv([*COLUMNS, *(f"{PREFIX}{name}" for name in names)], sorted(rows))
        about = {
            "rows": len(rows),
            "label_status": counts,
            "as_of": instant_text(at),
            "purpose": PURPOSE,
            "erasure_epoch": export.erasures(),
            "bundle": bundle,
        }
        folder = f"{ELSEWHERE}protected attributes"
        decided = decide_export(about, content, folder, actor, self.services.new_id)
        receipt = self.services.journal.submit(lambda _state: decided, once=once).result()
        return content, receipt

    def _opened(
        self, bundle: str, as_of: datetime
    ) -> Iterator[tuple[FeedbackFact, dict[str, Json]]]:
        """Closed cases with their protected attributes; those that were erased are left out."""
        facts = self.services.cases.feedback_facts(as_of, bundle=bundle)
        while batch := list(islice(facts, AT_ONCE)):
            ids = [one.decision.event_id for one in batch]
            opened = self.services.ledger.open_many(ids, ("inputs", "monitor", *PARTY_SLOTS))
            for one in batch:
                parts = whole(opened.get(one.decision.event_id, {}))
                if parts.get("inputs") is not None:
                    yield one, dict((parts.get("monitor") or {}).get("fields", {}))

    def _cells(self, closed: FeedbackFact, as_of: datetime) -> tuple[str, list[str]]:
        """Label status of a case, and what is told of it."""
        fact, definition = closed.fact, outcome_definitions(self.services)(closed.fact.bundle)
        found = label(definition, fact.ending, fact.observations, as_of)
        bad = {LabelStatus.OBSERVED_BAD: "1", LabelStatus.OBSERVED_GOOD: "0"}.get(found.status, "")
        at = fact.ending.at or closed.decision.made_at
        return found.status.value, [
            f"{at.year}-Q{(at.month + 2) // 3}",
            fact.recommendation.value,
            fact.ending.decision.value if fact.ending.decision else "",
            _side(fact.side),
            _band(closed.decision.probability),
            found.status.value,
            bad if found.closed(as_of) else "",
        ]


def _side(side: OverrideSide | None) -> str:
    """Which way an override went; "" where there was none."""
    return side.value if side else ""


def _band(probability: str | None) -> str:
    """The twentieth of the probability, by its lower end; "" without a score."""
    if probability is None:
        return ""
    return f"{min(BANDS - 1, int(float(probability) * BANDS)) / BANDS:.2f}"


def _csv(head: list[str], rows: list[list[str]]) -> bytes:
    """Comma-separated values (RFC 4180) in UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([head, *rows])
    return text.getvalue().encode()
