"""Writing down what was found when an override was looked at again."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ui.case import case_page
from ui.case_forms import CaseForm
from ui.kept import shows_again
from ui.visit import Doer, Typed, office

router = APIRouter(include_in_schema=False)

CLOSING = CaseForm(case_page, {"note": "found"})
shows_again("/cases/{}/review-date")(CLOSING.again)


@router.post("/cases/{case_id}/review-date")
def close_review_date(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Close the review date of the override that the decision rests on."""
    return CLOSING.sent(request, viewer, case_id, typed, office(request).review_dates.close)
