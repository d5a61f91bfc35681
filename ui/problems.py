"""Requests that came to nothing: each gets a page with a next step, never a stack trace."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from ui.contexts import ProblemPage
from ui.kept import form_again, place_of
from ui.login import login_page
from ui.ports import Refused
from ui.render import PAGE_HEADERS, page, wants_block
from ui.visit import FormKept, SignInNeeded, go, shell, visitor

# What is said when nobody said anything better.
PLAIN: Mapping[int, tuple[str, str]] = {
    400: ("The request was not understood", "Go back, open the page again and try once more."),
    403: (
        "You may not see this page",
        "Your role does not include it. Ask an administrator if your work needs it.",
    ),
    404: (
        "There is nothing at this address",
        "Check the address, or search for the application.",
    ),
    405: ("This address does not take that", "Open the page from the navigation."),
    409: (
        "Someone changed this in the meantime",
        "Nothing was recorded. Open the page again to see how it stands.",
    ),
    413: ("That was too much at once", "Send less text."),
    422: ("Something in the form is missing", "Go back and check what you typed."),
    429: ("Too many attempts", "Wait some minutes and try again."),
    500: (
        "Something broke on our side",
        (
            "Nothing you sent was half recorded: it is in the ledger whole or not at all. "
            "Look at the case before you send it again."
        ),
    ),
    503: (
        "The ledger cannot be written just now",
        "Nothing was recorded. Keep this page open and send it again in a minute.",
    ),
}


SEND_TO_LOG_IN = "Send the form to log in again; what you typed is kept."


def problem_page(request: Request, status: int, title: str = "", text: str = "") -> Response:
    """An error page for any status; asks nothing of the office that could fail in turn.

    Reading an address that only takes forms, as a browser does that reloads a form it was shown
    again, leads to the page the form belongs to.
    """
    if status == HTTPStatus.METHOD_NOT_ALLOWED and request.method == "GET" and not title:
        place = place_of(request.url.path)
        return go(place if place != request.url.path else "/")
    known, advice = PLAIN.get(status, PLAIN[500 if status >= 500 else 400])  # noqa: PLR2004
    viewer = None
    if status < 500:  # noqa: PLR2004
        viewer = visitor(request)
    home = (
        ("/desk", "Go to the desk") if viewer and "desk" in viewer.may else ("/", "Go to the start")
    )
    context = ProblemPage(
        shell=shell(request, viewer, title or known),
        status=status,
        title=title or known,
        text=text or advice,
        back=home[0],
        back_words=home[1],
    )
    return page(request, context, block="content", status=status)


def _ask_to_sign_in(request: Request, needed: Exception) -> Response:
    """Reading goes by way of the log-in page; acting keeps what was typed."""
    assert isinstance(needed, SignInNeeded)
    address = request.url.path
    if request.method == "GET":
        if request.url.query:
            address += f"?{request.url.query}"
        target = f"/login?{urlencode({'after': address})}"
        if wants_block(request):
            return Response(status_code=401, headers={"HX-Redirect": target})
        return RedirectResponse(target, 303)
    if wants_block(request):
        # A preview asked; the form stays as it is, and sending it keeps what was typed.
        said = Markup('<p class="wrong">{} {}</p>').format(needed.why, SEND_TO_LOG_IN)
        return HTMLResponse(said, 401, headers=dict(PAGE_HEADERS))
    return login_page(request, after=address, kept=needed.kept, why=needed.why, status=401)


def _show_form_again(request: Request, kept: Exception) -> Response:
    assert isinstance(kept, FormKept)
    return form_again(request, kept.viewer, kept.typed)


def _say_refused(request: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)
    return problem_page(request, refused.status, refused.title, str(refused))


def install_problems(app: FastAPI) -> None:
    """Answer what the pages raise."""
    app.add_exception_handler(SignInNeeded, _ask_to_sign_in)
    app.add_exception_handler(FormKept, _show_form_again)
    app.add_exception_handler(Refused, _say_refused)
