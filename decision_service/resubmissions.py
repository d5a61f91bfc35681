"""Other applications of the same applicant: which are shown, and how many count as re-submissions.

Only cases that the reader may see are named or counted, so nothing tells of any other.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from decision_service.dossier import application_ids
from decision_service.services import Services
from overrides.instants import instant_text
from overrides.reading import CaseRow

WINDOW = timedelta(days=90)
"""Another application so near in time, to either side, counts as the same one sent again."""


def within_window(row: CaseRow, opened_at: datetime) -> bool:
    """Whether another case was opened near enough to this one to be a re-submission."""
    return abs(row.opened_at - opened_at) <= WINDOW


def resubmission_words(rows: Sequence[CaseRow], opened_at: datetime) -> str:
    """How many there are within the window, in a sentence; "" where there is none."""
    count = sum(within_window(row, opened_at) for row in rows)
    if not count:
        return ""
    those = "1 application" if count == 1 else f"{count} applications"
    return f"{those} within {WINDOW.days} days of this one: counted as re-submissions."


def linked_objects(
    services: Services, rows: Sequence[CaseRow], opened_at: datetime
) -> list[dict[str, Any]]:
    """Linked cases as the interface gives them, newest first."""
    ids = application_ids(services, rows)
    return [
        {
            "case_id": row.case_ref,
            "application_id": ids[row.case_ref],
            "bundle": row.bundle,
            "opened_at": instant_text(row.opened_at),
            "status": row.status.value,
            "final": row.final.value if row.final else None,
            "resubmission": within_window(row, opened_at),
        }
        for row in rows
    ]
