"""One case: reading it, taking it, agreeing or deciding it, closing it."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from ui import pictures
from ui.case_forms import EMPTY, CaseForm, Filled
from ui.contexts import CasePage, OutlookPage, WithdrawalPage
from ui.first_view import first_view_page
from ui.kept import shows_again
from ui.line import may_be_kept
from ui.ports import Refused
from ui.render import page
from ui.views import CaseView, Viewer
from ui.visit import Doer, Reader, Typed, go, office, shell
from ui.words import WITHDRAWAL_REASONS

router = APIRouter(include_in_schema=False)


def picture_of(case: CaseView) -> Markup:
    """The case's score among the policy's bands."""
    return pictures.score_line(case.probability, case.approve_up_to, case.decline_above)


def case_page(request: Request, viewer: Viewer, case_id: str, filled: Filled = EMPTY) -> Response:
    """The case as it stands now, with what was typed into the form in it.

    Whoever has to say first what they think of it sees what was stated, and no score.
    """
    blind = office(request).first_views.case(viewer, case_id)
    if blind is not None:
        return first_view_page(
            request, viewer, blind, fault=filled.fault, notices=filled.notices, status=filled.status
        )
    case = office(request).desk.case(viewer, case_id)
    context = CasePage(
        shell=filled.shell(request, viewer, f"Application {case.application_id}"),
        case=case,
        receipts=office(request).receipts.of_case(viewer, case_id),
        form=filled.typed,
        key=filled.key(request),
        score_picture=picture_of(case),
        bars_largest=pictures.largest_push(case.bars),
        total=case.base + sum(bar.contribution for bar in case.bars),
    )
    answer = page(request, context, status=filled.status)
    return may_be_kept(answer, viewer, holds=case.holder == "you")


REVIEW = CaseForm(
    case_page, {"decision": "decision-choice", "concepts": "concepts", "note": "note"}
)
RESCORING = CaseForm(case_page, {})
shows_again("/cases/{}/review")(REVIEW.again)
shows_again("/cases/{}/rescore")(RESCORING.again)


@router.get("/cases/{case_id}")
def show_case(request: Request, viewer: Reader, case_id: str) -> Response:
    """One case."""
    return REVIEW.opened(request, viewer, case_id, f"/cases/{case_id}/review")


@router.get("/cases/{case_id}/what-would-change")
def what_would_change(request: Request, viewer: Reader, case_id: str) -> Response:
    """What would turn the recommendation; only this part of the page where the script asks."""
    outlook = office(request).desk.what_would_change(viewer, case_id)
    around = shell(request, viewer, f"Application {outlook.application_id}")
    return page(request, OutlookPage(shell=around, outlook=outlook), block="outlook")


@router.post("/cases/{case_id}/claim")
def claim(request: Request, viewer: Doer, case_id: str) -> RedirectResponse:
    """Take the lease and read the case."""
    try:
        office(request).desk.claim(viewer, case_id)
    except Refused as refused:
        if refused.status != 409:  # noqa: PLR2004
            raise
        return go(f"/cases/{case_id}", f"{refused.title}. {refused}", "problem")
    return go(f"/cases/{case_id}", "This case is yours now.")


@router.post("/cases/{case_id}/release")
def release(request: Request, viewer: Doer, case_id: str) -> RedirectResponse:
    """Give the lease back."""
    office(request).desk.release(viewer, case_id)
    return go("/desk", "You gave the case back.")


@router.post("/cases/{case_id}/review")
def review(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Agree, or decide a referred case; a refusal shows the case with the form in hand."""
    return REVIEW.sent(request, viewer, case_id, typed, office(request).desk.review)


@router.post("/cases/{case_id}/rescore")
def rescore(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Score the case again under the version in force, and show what came of it."""
    return RESCORING.sent(request, viewer, case_id, typed, office(request).desk.rescore)


def _withdrawal_page(
    request: Request, viewer: Viewer, case_id: str, filled: Filled = EMPTY
) -> Response:
    context = WithdrawalPage(
        shell=filled.shell(request, viewer, "Withdraw the application"),
        case=office(request).desk.case(viewer, case_id),
        reasons=WITHDRAWAL_REASONS,
        form=filled.typed,
        key=filled.key(request),
    )
    return page(request, context, status=filled.status)


WITHDRAWAL = CaseForm(_withdrawal_page, {"code": "code", "note": "note"})
shows_again("/cases/{}/withdrawal")(WITHDRAWAL.again)


@router.get("/cases/{case_id}/withdrawal")
def show_withdrawal(request: Request, viewer: Reader, case_id: str) -> Response:
    """Ask before closing a case."""
    return WITHDRAWAL.opened(request, viewer, case_id, request.url.path)


@router.post("/cases/{case_id}/withdrawal")
def withdraw(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Close the case without a decision."""
    return WITHDRAWAL.sent(request, viewer, case_id, typed, office(request).desk.withdraw)
