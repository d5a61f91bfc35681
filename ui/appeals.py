"""Recording that an applicant contests a decision."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from ui.appeal_contexts import AppealPage
from ui.appeal_views import AppealForm
from ui.case_forms import left_form
from ui.kept import shows_again
from ui.ports import Refused
from ui.render import page
from ui.views import Notice, Viewer
from ui.visit import FORM_AGAIN, Doer, Reader, Typed, fault_of, go, new_key, office, shell, text

router = APIRouter(include_in_schema=False)

FIELDS = {
    "view": "view",
    "received_at": "received_at",
    "evidence_type": "evidence_type",
    "evidence_reference": "evidence_reference",
}
VERSION_DIGITS_MAX = 10
EMPTY = AppealForm()


def _typed(typed: FormData) -> AppealForm:
    """What was typed."""
    version = text(typed, "seen_version")
    known = version.isdecimal() and len(version) < VERSION_DIGITS_MAX
    names = (*FIELDS, "idempotency_key")
    return AppealForm(
        seen_version=int(version) if known else 0,
        **{name: text(typed, name) for name in names},
    )


def appeal_page(
    request: Request,
    viewer: Viewer,
    case_id: str,
    form: AppealForm = EMPTY,
    refused: Refused | None = None,
    notices: tuple[Notice, ...] = (),
    draft: str = "",
) -> Response:
    """The form that records an appeal, with what was typed in it."""
    view = office(request).appeals.appealing(viewer, case_id)
    fault = fault_of(refused, FIELDS) if refused else None
    title = "The applicant contests the decision"
    around = shell(
        request, viewer, title, current="case", notices=notices, fault=fault, draft=draft
    )
    context = AppealPage(shell=around, appeal=view, form=form, key=new_key(request))
    return page(request, context, status=refused.status if refused else 200)


@router.get("/cases/{case_id}/appeal")
def show_appealing(request: Request, viewer: Reader, case_id: str) -> Response:
    """What an appeal does, before it is recorded; with what this person had typed and not sent."""
    left = left_form(request, viewer, request.url.path)
    if left is None:
        return appeal_page(request, viewer, case_id)
    form = _typed(left.typed)
    return appeal_page(request, viewer, case_id, form, notices=left.notices, draft=request.url.path)


@router.post("/cases/{case_id}/appeal")
def appeal(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Record it; refused for what was typed, the form again."""
    form = _typed(typed)
    try:
        done = office(request).appeals.appeal(viewer, case_id, form)
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        return appeal_page(request, viewer, case_id, form, refused)
    office(request).drafts.drop(viewer, request.url.path)
    return go(f"/cases/{case_id}", done)


@shows_again("/cases/{}/appeal")
def _again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    """The form as it was filled when the log-in ran out."""
    return appeal_page(request, viewer, parts[0], _typed(typed), notices=notices)
