# ruff: noqa: ARG002 - a fake takes what the ports take, needed or not
"""Overrides that are looked at again, kept in memory."""

from dataclasses import dataclass, field
from datetime import timedelta

from tests.ui.fake_cases import NOW
from ui.ports import Refused
from ui.review_date_views import ReviewDateLine, ReviewDateList
from ui.views import ActForm, Viewer

NOTHING_SAID = "A note of at least 10 characters is needed."


def a_date(case_id: str = "case-1001", days: int = -2, **more: object) -> ReviewDateLine:
    """One override whose day is so many days from now."""
    given = {
        "application_id": "APP-1001",
        "code": "C02",
        "on": NOW.date() + timedelta(days=days),
        "late": days < 0,
        "by": "you",
    }
    return ReviewDateLine(case_id=case_id, **{**given, **more})  # type: ignore[arg-type]


@dataclass
class FakeReviewDates:
    """One whose day has passed and one to come."""

    closed: list[str] = field(default_factory=list)

    def own(self, viewer: Viewer) -> ReviewDateList:
        """Two for an officer, none for anybody else."""
        lines = (a_date(), a_date("case-1002", 5, application_id="APP-1002"))
        return ReviewDateList(lines=lines) if "decide" in viewer.may else ReviewDateList()

    def team(self, viewer: Viewer) -> ReviewDateList:
        """The same of the branch, and more after them."""
        return ReviewDateList(lines=(a_date(by="Asha Menon"),), more=3)

    def close(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Record it, or point at what is missing."""
        if len(form.note) < 10:
            raise Refused(422, "Please check", NOTHING_SAID, {"note": NOTHING_SAID})
        self.closed.append(case_id)
        return "Looked at again."
