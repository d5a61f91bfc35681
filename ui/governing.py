"""The pages on which the four owners see what was validated and what it means, and sign."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from ui.frame import Fault
from ui.governance_contexts import RoutingPage, SignOffPage
from ui.kept import shows_again
from ui.ports import Refused
from ui.render import page
from ui.views import Notice, Viewer
from ui.visit import FORM_AGAIN, Doer, Reader, Typed, fault_of, go, new_key, office, shell, text

router = APIRouter(include_in_schema=False)


def sign_off_page(
    request: Request,
    viewer: Viewer,
    name: str,
    note: str = "",
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> Response:
    """The version, its validation, the four owners, and the form for who may sign."""
    of = office(request).governance.sign_offs(viewer, name)
    title = f"Sign-offs of {of.title}"
    context = SignOffPage(
        shell=shell(request, viewer, title, current="models", notices=notices, fault=fault),
        of=of,
        note=note,
        key=new_key(request),
    )
    return page(request, context, status=status)


@shows_again("/models/{}/signoffs")
def _again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    """The form as it was filled when the log-in ran out."""
    return sign_off_page(request, viewer, parts[0], text(typed, "note"), notices=notices)


@router.get("/models/{name}/signoffs")
def show_sign_offs(request: Request, viewer: Reader, name: str) -> Response:
    """Who validated and signed it."""
    return sign_off_page(request, viewer, name)


@router.get("/models/{name}/routing")
def show_routing(request: Request, viewer: Reader, name: str) -> Response:
    """What the newest version would have sent to people on past cases."""
    of = office(request).governance.routing(viewer, name)
    title = f"What {of.title} would send to people"
    context = RoutingPage(shell=shell(request, viewer, title, current="models"), of=of)
    return page(request, context)


@router.post("/models/{name}/signoffs")
def sign(request: Request, viewer: Doer, typed: Typed, name: str) -> Response:
    """Sign for one's own office; refused, the page again with what was typed."""
    seen, note = text(typed, "seen"), text(typed, "note")
    key = text(typed, "idempotency_key")
    try:
        said = office(request).governance.sign(viewer, name, seen, note, key)
        return go(f"/models/{name}/signoffs", said)
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, {"note": "note"})
        return sign_off_page(request, viewer, name, note, fault, status=refused.status)
