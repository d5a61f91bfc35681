"""Working with the line down: which pages a device may keep, and what waits there to be sent."""

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse

from ui.line_contexts import QueuedPage
from ui.render import SECURITY_HEADERS, STATIC, page
from ui.views import Viewer
from ui.visit import Reader, shell

router = APIRouter(include_in_schema=False)

KEEP = "Countermand-Keep"  # whose device may keep this page


def may_be_kept(answer: HTMLResponse, viewer: Viewer, *, holds: bool) -> HTMLResponse:
    """Let the viewer's device keep a page that was shown, where the viewer holds the case.

    Forms that came back are not kept: what was typed is.
    """
    if holds and answer.status_code == 200:  # noqa: PLR2004
        answer.headers[KEEP] = viewer.person_ref
    return answer


@router.get("/sw.js")
def service_worker() -> FileResponse:
    """The service worker, at the address whose scope is every page."""
    headers = {**SECURITY_HEADERS, "Cache-Control": "no-cache"}
    return FileResponse(STATIC / "sw.js", media_type="text/javascript", headers=headers)


@router.get("/queued")
def show_queued(request: Request, viewer: Reader) -> HTMLResponse:
    """The page on which the script shows what waits on this device; the server knows none of it."""
    return page(request, QueuedPage(shell=shell(request, viewer, "Waiting on this device")))
