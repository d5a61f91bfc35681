"""Forms that were begun: kept while they are typed, shown again later, thrown away."""

import re
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from ui.kept import place_of
from ui.ports import Refused
from ui.visit import Doer, Typed, go, kept_fields, office, text

router = APIRouter(include_in_schema=False)

PLACE = "draft_of"
QUIET = "quietly"  # the script's word: an answer in one line instead of a page
OF_THE_WAY = frozenset({PLACE, QUIET, "person"})
_PLACES = re.compile(
    r"/cases/([^/]+)/(review|override|approval|withdrawal|information-request|information"
    r"|reopening|counter-offer|correction|letter|appeal)"
)
NO_SUCH_FORM = "Only forms about a case are kept. Nothing was kept."


def _place(typed: Typed) -> tuple[str, str]:
    """The address of the form, and the case it is about."""
    found = _PLACES.fullmatch(text(typed, PLACE))
    if found is None:
        raise Refused(422, "No such form", NO_SUCH_FORM)
    return found.group(), found.group(1)


@router.post("/drafts")
def keep(request: Request, viewer: Doer, typed: Typed) -> Response:
    """Keep what was typed so far."""
    place, case_id = _place(typed)
    fields = tuple(pair for pair in kept_fields(typed) if pair[0] not in OF_THE_WAY)
    quiet = bool(text(typed, QUIET))
    try:
        at = office(request).drafts.keep(viewer, case_id, place, fields)
    except Refused as refused:
        if not quiet:
            raise
        # An answer, not an error: the browser hands over what it kept of each form that was sent.
        sent = refused.status == HTTPStatus.CONFLICT
        return PlainTextResponse(str(refused), HTTPStatus.ACCEPTED if sent else refused.status)
    if quiet:
        return PlainTextResponse(f"Kept at {at}. Nothing is recorded yet.")
    said = "What you typed is kept for you. Nothing is recorded; open the form again to go on."
    return go(place_of(place), said, "note")


@router.post("/drafts/discard")
def discard(request: Request, viewer: Doer, typed: Typed) -> Response:
    """Throw away what was typed."""
    place, case_id = _place(typed)
    office(request).drafts.drop(viewer, place)
    page = f"/cases/{case_id}" if place.endswith("/review") else place
    return go(page, "What you had typed is thrown away.", "note")
