"""One case: reading it, taking it, agreeing or deciding it, closing it."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup
from starlette.datastructures import FormData

from ui import pictures
from ui.contexts import CasePage, WithdrawalPage
from ui.frame import Fault
from ui.kept import shows_again
from ui.ports import Refused
from ui.render import page
from ui.views import ActForm, CaseView, Notice, Viewer
from ui.visit import Doer, Reader, Typed, act_form, fault_of, go, key_for, office, shell

router = APIRouter(include_in_schema=False)

FORM_AGAIN = frozenset({400, 403, 409, 422, 503})  # refusals that bring the filled form back
REVIEW_FIELDS = {"decision": "decision-choice", "concepts": "concepts", "note": "note"}
WITHDRAWAL_FIELDS = {"note": "note"}


def picture_of(case: CaseView) -> Markup:
    """The case's score among the policy's bands."""
    return pictures.score_line(case.probability, case.approve_up_to, case.decline_above)


def case_page(
    request: Request,
    viewer: Viewer,
    case_id: str,
    *,
    form: ActForm | None = None,
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> HTMLResponse:
    """The case as it stands now, with what was typed into the review form."""
    case = office(request).desk.case(viewer, case_id)
    title = f"Application {case.application_id}"
    context = CasePage(
        shell=shell(request, viewer, title, current="case", notices=notices, fault=fault),
        case=case,
        form=form or ActForm(),
        key=key_for(request, form, status),
        score_picture=picture_of(case),
        bars_largest=pictures.largest_push(case.bars),
        total=case.base + sum(bar.contribution for bar in case.bars),
    )
    return page(request, context, status=status)


@router.get("/cases/{case_id}")
def show_case(request: Request, viewer: Reader, case_id: str) -> HTMLResponse:
    """One case."""
    return case_page(request, viewer, case_id)


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
    form = act_form(typed)
    try:
        said = office(request).desk.review(viewer, case_id, form)
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, REVIEW_FIELDS)
        return case_page(request, viewer, case_id, form=form, fault=fault, status=refused.status)
    return go(f"/cases/{case_id}", said)


@shows_again("/cases/{}/rescore")
@shows_again("/cases/{}/review")
def _review_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    return case_page(request, viewer, parts[0], form=act_form(typed), notices=notices)


@router.post("/cases/{case_id}/rescore")
def rescore(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Score the case again under the version in force, and show what came of it."""
    form = act_form(typed)
    try:
        said = office(request).desk.rescore(viewer, case_id, form)
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, {})
        return case_page(request, viewer, case_id, form=form, fault=fault, status=refused.status)
    return go(f"/cases/{case_id}", said)


def _withdrawal_page(
    request: Request,
    viewer: Viewer,
    case_id: str,
    *,
    form: ActForm | None = None,
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> HTMLResponse:
    title = "The applicant withdrew"
    context = WithdrawalPage(
        shell=shell(request, viewer, title, current="case", notices=notices, fault=fault),
        case=office(request).desk.case(viewer, case_id),
        form=form or ActForm(),
        key=key_for(request, form, status),
    )
    return page(request, context, status=status)


@router.get("/cases/{case_id}/withdrawal")
def show_withdrawal(request: Request, viewer: Reader, case_id: str) -> HTMLResponse:
    """Ask before closing a case."""
    return _withdrawal_page(request, viewer, case_id)


@router.post("/cases/{case_id}/withdrawal")
def withdraw(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Close the case: the applicant withdrew."""
    form = act_form(typed)
    try:
        said = office(request).desk.withdraw(viewer, case_id, form)
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, WITHDRAWAL_FIELDS)
        return _withdrawal_page(
            request, viewer, case_id, form=form, fault=fault, status=refused.status
        )
    return go(f"/cases/{case_id}", said)


@shows_again("/cases/{}/withdrawal")
def _withdrawal_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    return _withdrawal_page(request, viewer, parts[0], form=act_form(typed), notices=notices)
