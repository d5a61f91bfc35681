"""The first page, logging in and out, and bringing back what was typed when a log-in ran out."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from ui.contexts import LoginPage, StartPage
from ui.frame import Fault
from ui.kept import NOT_YOURS, back_to_form
from ui.ports import Refused
from ui.render import page
from ui.visit import (
    KEPT,
    SESSION_COOKIE,
    Typed,
    fault_of,
    go,
    office,
    own_address,
    pack_kept,
    shell,
    text,
    unpack_kept,
    visitor,
)

router = APIRouter(include_in_schema=False)


@router.get("/")
def show_start(request: Request) -> HTMLResponse:
    """Where each role begins."""
    viewer = visitor(request)
    start = office(request).people.start(viewer)
    return page(
        request, StartPage(shell=shell(request, viewer, "Start", current="start"), start=start)
    )


def login_page(
    request: Request,
    *,
    name: str = "",
    after: str = "/",
    kept: tuple[tuple[str, str], ...] = (),
    why: str = "",
    fault: Fault | None = None,
    status: int = 200,
) -> HTMLResponse:
    """The log-in form, carrying along where to go on and what was typed."""
    context = LoginPage(
        shell=shell(request, None, "Log in", current="login", fault=fault),
        name=name,
        after=own_address(after),
        kept=pack_kept(kept),
        why=why,
        start=office(request).people.start(None),
    )
    return page(request, context, status=status)


@router.get("/login")
def show_login(request: Request, after: Annotated[str, Query()] = "/") -> Response:
    """The log-in form; who is logged in goes on, so reloading a form shown here is safe."""
    if visitor(request) is not None:
        return go(own_address(after))
    why = "Log in to see that page." if own_address(after) != "/" else ""
    return login_page(request, after=after, why=why)


@router.post("/login")
def log_in(request: Request, typed: Typed) -> Response:
    """Start a session and go on; a form that came too late is shown again, filled in, not sent."""
    name, after = text(typed, "name"), own_address(text(typed, "after"))
    kept = unpack_kept(str(typed.get(KEPT, "")))
    # A password is taken as it was typed, blanks and all.
    password = str(typed.get("password", ""))
    address = request.client.host if request.client else ""
    try:
        token = office(request).people.sign_in(name, password, address)
    except Refused as refused:
        fault = fault_of(refused, {"name": "name", "password": "password"})
        pairs = tuple((key, str(value)) for key, value in kept.multi_items())
        return login_page(
            request, name=name, after=after, kept=pairs, fault=fault, status=refused.status
        )
    answer = _go_on(request, token, after, kept)
    secure = request.url.scheme == "https"
    answer.set_cookie(SESSION_COOKIE, token, httponly=True, samesite="lax", secure=secure)
    return answer


def _go_on(request: Request, token: str, after: str, kept: FormData) -> Response:
    """The page asked for, or the form that came too late when it is this person's own."""
    viewer = office(request).people.viewer(token)
    if viewer is None or not kept:
        return go(after)
    if text(kept, "person") != viewer.person_ref:
        return go("/", NOT_YOURS, "note")
    return back_to_form(after)


@router.post("/logout")
def log_out(request: Request) -> RedirectResponse:
    """End the session. Works without one, too."""
    office(request).people.sign_out(request.cookies.get(SESSION_COOKIE, ""))
    answer = go("/login", "You are logged out.")
    answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return answer
