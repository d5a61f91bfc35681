"""Saying what one thinks of a case before its score is shown."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from ui.blind_contexts import FirstViewPage
from ui.blind_views import BlindView, FirstViewForm
from ui.frame import Fault
from ui.kept import shows_again
from ui.ports import Refused
from ui.render import page
from ui.views import Notice, Viewer
from ui.visit import FORM_AGAIN, Doer, Typed, fault_of, go, new_key, office, shell, text

router = APIRouter(include_in_schema=False)

EMPTY = FirstViewForm()
FIELDS = {"view": "view", "confidence": "confidence", "note": "note"}


def _typed(typed: FormData) -> FirstViewForm:
    """What was typed."""
    names = ("view", "confidence", "note", "idempotency_key")
    return FirstViewForm(**{name: text(typed, name) for name in names})


def first_view_page(
    request: Request,
    viewer: Viewer,
    case: BlindView,
    form: FirstViewForm = EMPTY,
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> Response:
    """The case without its score, with what was typed in the form."""
    title = f"Application {case.application_id}"
    context = FirstViewPage(
        shell=shell(request, viewer, title, current="case", notices=notices, fault=fault),
        case=case,
        form=form,
        key=new_key(request),
    )
    return page(request, context, status=status)


@shows_again("/cases/{}/first-view")
def _again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    """The form as it was filled when the log-in ran out."""
    case = office(request).first_views.case(viewer, parts[0])
    if case is None:
        return go(f"/cases/{parts[0]}")
    return first_view_page(request, viewer, case, _typed(typed), notices=notices)


@router.post("/cases/{case_id}/first-view")
def record(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Record it and show the case whole; refused, the form again."""
    form, desk = _typed(typed), office(request).first_views
    try:
        return go(f"/cases/{case_id}", desk.record(viewer, case_id, form))
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        case = desk.case(viewer, case_id)
        if case is None:  # there is nothing hidden any more: the case itself says how it stands
            return go(f"/cases/{case_id}", f"{refused.title}. {refused}", "problem")
        fault = fault_of(refused, FIELDS)
        return first_view_page(request, viewer, case, form, fault, status=refused.status)
