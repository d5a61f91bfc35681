"""Passing a case on instead of deciding it, and the team's view of who holds what."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from ui.contexts import PassPage, TeamPage
from ui.frame import Fault
from ui.kept import shows_again
from ui.ports import Refused
from ui.render import page
from ui.sharing_views import PassForm
from ui.views import Notice, Viewer
from ui.visit import FORM_AGAIN, Doer, Reader, Typed, fault_of, go, new_key, office, shell, text

router = APIRouter(include_in_schema=False)

EMPTY = PassForm()
FIELDS = {"reason": "reason", "to": "to", "until": "until", "note": "note"}


def _typed(typed: FormData) -> PassForm:
    """What was typed into one of the forms."""
    names = ("what", "reason", "to", "until", "note", "idempotency_key")
    return PassForm(**{name: text(typed, name) for name in names})


def pass_page(
    request: Request,
    viewer: Viewer,
    case_id: str,
    form: PassForm = EMPTY,
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> Response:
    """What may be done with the case instead of deciding it, with what was typed in it."""
    view = office(request).sharing.passing(viewer, case_id)
    context = PassPage(
        shell=shell(
            request, viewer, "Pass the case on", current="case", notices=notices, fault=fault
        ),
        passing=view,
        form=form,
        key=new_key(request),
    )
    return page(request, context, status=status)


@shows_again("/cases/{}/pass")
def _again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    """The form as it was filled when the log-in ran out."""
    return pass_page(request, viewer, parts[0], _typed(typed), notices=notices)


@router.get("/cases/{case_id}/pass")
def show_passing(request: Request, viewer: Reader, case_id: str) -> Response:
    """Refer upwards, hand over, set aside."""
    return pass_page(request, viewer, case_id)


@router.post("/cases/{case_id}/pass")
def pass_on(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Record it and go on with the desk; refused, the form again."""
    form = _typed(typed)
    try:
        return go("/desk", office(request).sharing.pass_on(viewer, case_id, form))
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        order = {name: f"{form.what}-{field}" for name, field in FIELDS.items()}
        fault = fault_of(refused, order)
        return pass_page(request, viewer, case_id, form, fault, status=refused.status)


@router.post("/cases/{case_id}/take-back")
def take_back(request: Request, viewer: Doer, case_id: str) -> RedirectResponse:
    """Take a case from its holder."""
    try:
        return go("/team", office(request).sharing.take_back(viewer, case_id))
    except Refused as refused:
        if refused.status != 409:  # noqa: PLR2004
            raise
        return go("/team", f"{refused.title}. {refused}", "problem")


@router.get("/team")
def show_team(request: Request, viewer: Reader) -> Response:
    """Who holds what, and what is late."""
    team = office(request).sharing.team(viewer)
    around = shell(request, viewer, "Team", current="team")
    again = office(request).review_dates.team(viewer)
    return page(request, TeamPage(shell=around, team=team, again=again))
