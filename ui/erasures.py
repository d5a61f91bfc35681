"""Erasures: what waits and what was erased, asking, approving, holds, what is due, certificates."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from ui.erasure_contexts import (
    AskPage,
    CertificatePage,
    DuePage,
    ErasurePage,
    ErasuresPage,
    HoldPage,
)
from ui.erasure_views import ErasureTyped
from ui.frame import Fault
from ui.kept import shows_again
from ui.ports import Refused
from ui.render import PAGE_HEADERS, page
from ui.views import Notice, Viewer
from ui.visit import FORM_AGAIN, Doer, Reader, Typed, fault_of, go, new_key, office, shell, text

router = APIRouter(include_in_schema=False)

FIELDS = ("application", "bundle", "case", "party", "classes", "ground", "note")
FIELD_IDS = {name: name for name in FIELDS}
HERE = "erasures"


def _typed(form: FormData) -> ErasureTyped:
    """What was typed."""
    return ErasureTyped(
        application=text(form, "application"),
        bundle=text(form, "bundle"),
        case=text(form, "case"),
        party=text(form, "party"),
        classes=tuple(dict.fromkeys(str(item) for item in form.getlist("classes"))),
        ground=text(form, "ground"),
        note=text(form, "note"),
    )


@router.get("/erasures")
def show_erasures(request: Request, viewer: Reader) -> HTMLResponse:
    """Everything about erasures and holds."""
    context = ErasuresPage(
        shell=shell(request, viewer, "Erasures", current=HERE),
        erasures=office(request).erasures.overview(viewer),
    )
    return page(request, context)


def _ask_page(
    request: Request,
    viewer: Viewer,
    typed: ErasureTyped,
    *,
    holding: bool,
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> HTMLResponse:
    title = "Set a legal hold" if holding else "Ask for an erasure"
    context = AskPage(
        shell=shell(request, viewer, title, current=HERE, fault=fault, notices=notices),
        holding=holding,
        typed=typed,
        choices=office(request).erasures.choices(viewer),
        key=new_key(request),
    )
    return page(request, context, status=status)


@router.get("/erasures/new")
def show_ask(request: Request, viewer: Reader, case: Annotated[str, Query()] = "") -> HTMLResponse:
    """The form that asks."""
    return _ask_page(request, viewer, ErasureTyped(case=case[:64]), holding=False)


@router.post("/erasures/new")
def ask(request: Request, viewer: Doer, typed: Typed) -> Response:
    """Ask for an erasure."""
    given = _typed(typed)
    try:
        made = office(request).erasures.ask(viewer, given, text(typed, "idempotency_key"))
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, FIELD_IDS)
        return _ask_page(request, viewer, given, holding=False, fault=fault, status=refused.status)
    return go(f"/erasures/{made}", "Recorded. What comes next stands here.")


@shows_again("/erasures/new")
def _ask_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    assert not parts
    return _ask_page(request, viewer, _typed(typed), holding=False, notices=notices)


@router.get("/erasures/hold")
def show_hold_form(
    request: Request, viewer: Reader, case: Annotated[str, Query()] = ""
) -> HTMLResponse:
    """The form that sets a hold."""
    return _ask_page(request, viewer, ErasureTyped(case=case[:64]), holding=True)


@router.post("/erasures/hold")
def set_hold(request: Request, viewer: Doer, typed: Typed) -> Response:
    """Set a hold."""
    given = _typed(typed)
    try:
        said = office(request).erasures.hold(viewer, given, text(typed, "idempotency_key"))
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, FIELD_IDS)
        return _ask_page(request, viewer, given, holding=True, fault=fault, status=refused.status)
    return go("/erasures", said)


@shows_again("/erasures/hold")
def _hold_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    assert not parts
    return _ask_page(request, viewer, _typed(typed), holding=True, notices=notices)


def _hold_page(
    request: Request,
    viewer: Viewer,
    hold_id: str,
    typed: ErasureTyped,
    *,
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> HTMLResponse:
    context = HoldPage(
        shell=shell(
            request, viewer, "Lift a legal hold", current=HERE, fault=fault, notices=notices
        ),
        hold=office(request).erasures.one_hold(viewer, hold_id),
        typed=typed,
        choices=office(request).erasures.choices(viewer),
        key=new_key(request),
    )
    return page(request, context, status=status)


@router.get("/erasures/holds/{hold_id}")
def show_hold(request: Request, viewer: Reader, hold_id: str) -> HTMLResponse:
    """One hold, and the form that lifts it."""
    return _hold_page(request, viewer, hold_id, ErasureTyped(ground="ended"))


@router.post("/erasures/holds/{hold_id}")
def lift_hold(request: Request, viewer: Doer, typed: Typed, hold_id: str) -> Response:
    """Lift a hold."""
    given = _typed(typed)
    try:
        said = office(request).erasures.lift(
            viewer, hold_id, given.ground, given.note, text(typed, "idempotency_key")
        )
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, FIELD_IDS)
        return _hold_page(request, viewer, hold_id, given, fault=fault, status=refused.status)
    return go("/erasures", said)


@shows_again("/erasures/holds/{}")
def _lift_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    return _hold_page(request, viewer, parts[0], _typed(typed), notices=notices)


def _due_page(
    request: Request,
    viewer: Viewer,
    *,
    note: str = "",
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> HTMLResponse:
    context = DuePage(
        shell=shell(request, viewer, "What is due", current=HERE, fault=fault, notices=notices),
        due=office(request).erasures.due(viewer),
        note=note,
        key=new_key(request),
    )
    return page(request, context, status=status)


@router.get("/erasures/due")
def show_due(request: Request, viewer: Reader) -> HTMLResponse:
    """What the retention schedule says is due."""
    return _due_page(request, viewer)


@router.post("/erasures/due")
def ask_due(request: Request, viewer: Doer, typed: Typed) -> Response:
    """Ask for everything that was due when the page was made."""
    note = text(typed, "note")
    try:
        made = office(request).erasures.ask_due(
            viewer, text(typed, "as_of"), note, text(typed, "idempotency_key")
        )
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, FIELD_IDS)
        return _due_page(request, viewer, note=note, fault=fault, status=refused.status)
    return go(f"/erasures/{made}", "Recorded. A second person must approve it.")


@shows_again("/erasures/due")
def _due_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    assert not parts
    return _due_page(request, viewer, note=text(typed, "note"), notices=notices)


@router.get("/erasures/due/list")
def download_due(request: Request, viewer: Reader, as_of: Annotated[str, Query()] = "") -> Response:
    """The whole list of what is due, a line of JSON for each record."""
    lines = office(request).erasures.due_list(viewer, as_of)
    headers = {"Content-Disposition": 'attachment; filename="due.jsonl"', **PAGE_HEADERS}
    return Response(lines, headers=headers, media_type="application/jsonl")


def _erasure_page(
    request: Request,
    viewer: Viewer,
    request_id: str,
    *,
    note: str = "",
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> HTMLResponse:
    found = office(request).erasures.request(viewer, request_id)
    context = ErasurePage(
        shell=shell(
            request, viewer, "Request for erasure", current=HERE, fault=fault, notices=notices
        ),
        erasure=found,
        note=note,
        key=new_key(request),
    )
    return page(request, context, status=status)


@router.get("/erasures/{request_id}")
def show_erasure(request: Request, viewer: Reader, request_id: str) -> HTMLResponse:
    """One request."""
    return _erasure_page(request, viewer, request_id)


@router.post("/erasures/{request_id}")
def settle(request: Request, viewer: Doer, typed: Typed, request_id: str) -> Response:
    """Approve a request or refuse it."""
    note, key = text(typed, "note"), text(typed, "idempotency_key")
    erasures = office(request).erasures
    try:
        if text(typed, "act") == "approve":
            said = erasures.approve(viewer, request_id, text(typed, "root"), note, key)
        else:
            said = erasures.refuse(viewer, request_id, note, key)
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, FIELD_IDS)
        return _erasure_page(
            request, viewer, request_id, note=note, fault=fault, status=refused.status
        )
    return go(f"/erasures/{request_id}", said)


@shows_again("/erasures/{}")
def _settle_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    return _erasure_page(request, viewer, parts[0], note=text(typed, "note"), notices=notices)


@router.get("/erasures/{request_id}/certificate")
def show_certificate(request: Request, viewer: Reader, request_id: str) -> HTMLResponse:
    """The certificate of an erasure."""
    context = CertificatePage(
        shell=shell(request, viewer, "Certificate of erasure", current=HERE),
        certificate=office(request).erasures.certificate(viewer, request_id),
    )
    return page(request, context)
