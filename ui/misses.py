"""What the model misses: proposals of its overrides, tracked as findings."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from ui.finding_contexts import MissesPage
from ui.render import page
from ui.visit import Doer, Reader, Typed, go, new_key, office, shell, text

router = APIRouter(include_in_schema=False)
OPENED = "It is a finding now: give it an owner and a day."


@router.get("/overrides/misses")
def show_misses(request: Request, viewer: Reader, bundle: Annotated[str, Query()] = "") -> Response:
    """What stands, and what of it is tracked."""
    context = MissesPage(
        shell=shell(request, viewer, "What the model misses", current="overrides"),
        view=office(request).misses.misses(viewer, bundle),
        key=new_key(request),
    )
    return page(request, context)


@router.post("/overrides/misses")
def track_miss(request: Request, viewer: Doer, typed: Typed) -> Response:
    """Open one as a finding."""
    named = (text(typed, name) for name in ("bundle", "clue", "idempotency_key"))
    return go(f"/findings/{office(request).misses.track(viewer, *named)}", OPENED)
