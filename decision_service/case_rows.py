"""Lists of cases as pages show them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from decision_service import wording
from decision_service.dossier import application_ids
from decision_service.policy import (
    QUEUE_REFERRED,
    QUEUE_STANDARD,
    QUEUE_UNSCORED,
    ROUTING_TEXTS,
)
from decision_service.services import Services
from overrides.cases import OPEN_STATES
from overrides.reading import CaseRow
from overrides.values import Actor
from ui import words
from ui.views import QueueRow

QUEUES = (QUEUE_STANDARD, QUEUE_REFERRED, QUEUE_UNSCORED)

ROUTING_SHORT = {
    "suspended": "Model suspended",
    "model_failed": "No score",
    "not_reliably_explained": "No reliable reasons",
    "knock_out": "Policy rule",
    "refer_band": "Between the cut-offs",
    "near_cutoff": "Close to a cut-off",
    "counter_intuitive": "Unexpected reason",
    "data_quality": "Data to check",
    "audit_sample": "Audit sample",
    "automation_none": "People decide all",
    "declines_by_person": "People decide declines",
}
"""Why a case came to a person, in a few words for a list, by routing code."""


def queue_rows(
    services: Services, rows: Sequence[CaseRow], viewer: Actor, now: datetime
) -> tuple[QueueRow, ...]:
    """Cases as rows of a list, in the order given."""
    ids = application_ids(services, rows)
    names = services.people.names({row.holder for row in rows} - {""})
    return tuple(
        QueueRow(
            case_id=row.case_ref,
            application_id=ids[row.case_ref],
            title=ids[row.case_ref],
            amount=wording.money(row.amount),
            bundle=row.bundle,
            recommendation=row.recommendation.value if row.probability is not None else "",
            band=wording.band(None if row.probability is None else float(row.probability)),
            why=_why(row.routing),
            waiting_since=row.received_at or row.opened_at,
            due=row.due_at if row.status in OPEN_STATES else None,
            overdue=_overdue(row, now),
            holder=_holder(row, viewer, names.get(row.holder, ""), now),
            status=row.status.value,
            status_words=words.STATUS_WORDS[row.status],
            simulated=row.simulated,
        )
        for row in rows
    )


def _why(codes: Iterable[str]) -> tuple[str, ...]:
    """The particular reasons; the general rule only where there is no other."""
    general = {"automation_none", "declines_by_person"}
    found = [code for code in codes if code in ROUTING_SHORT]
    particular = [code for code in found if code not in general]
    return tuple(ROUTING_SHORT[code] for code in particular or found)


def _overdue(row: CaseRow, now: datetime) -> bool:
    """Whether the case should have been decided by now."""
    return row.status in OPEN_STATES and row.due_at is not None and row.due_at < now


def _holder(row: CaseRow, viewer: Actor, name: str, now: datetime) -> str:
    """Who works on the case now: "" when nobody does."""
    if not row.holder or row.holder_until is None or row.holder_until <= now:
        return ""
    return "you" if row.holder == viewer.ref else name


assert ROUTING_SHORT.keys() == ROUTING_TEXTS.keys(), "every code has its few words"
