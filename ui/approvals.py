"""The inbox of the second person: proposed overrides that wait for a verdict."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from ui.render import page
from ui.visit import Reader, office, shell
from ui.waiting_contexts import InboxPage

router = APIRouter(include_in_schema=False)


@router.get("/approvals")
def show_inbox(
    request: Request, viewer: Reader, cursor: Annotated[str, Query(max_length=500)] = ""
) -> Response:
    """Proposals of the viewer's branch, the most urgent first."""
    inbox = office(request).approvals.inbox(viewer, cursor)
    more = f"/approvals?{urlencode({'cursor': inbox.next_cursor})}" if inbox.next_cursor else ""
    context = InboxPage(
        shell=shell(request, viewer, "Approvals", current="approvals"),
        inbox=inbox,
        more=more,
        first="/approvals" if cursor else "",
    )
    return page(request, context)
