"""Forms that came after the log-in had run out: shown again, filled in, never sent on their own.

A module that owns a form registers how to show it again for the address it is sent to. After the
log-in the browser is sent on to that address with what the log-in page carried along, so it ends
where a refused form would have left it and not at the log-in page's own address.
"""

import re
from collections.abc import Callable

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from ui.ports import Refused
from ui.render import PAGE_HEADERS
from ui.views import Notice, Viewer
from ui.visit import go, text

# request, viewer, the address' parts, what was typed, what to tell
ShowAgain = Callable[[Request, Viewer, tuple[str, ...], FormData, tuple[Notice, ...]], Response]

_FORMS: list[tuple[re.Pattern[str], ShowAgain]] = []

BACK = Notice(
    tone="note",
    text="You are logged in again. Here is what you had typed; nothing was recorded. "
    "Check it and send it.",
)
NOT_YOURS = "The form that was open belongs to another person. What was typed in it is gone."


def shows_again(address: str) -> Callable[[ShowAgain], ShowAgain]:
    """Register how the form sent to ``address`` is shown; ``{}`` stands for one part of it."""
    pattern = re.compile(re.escape(address).replace(r"\{\}", "([^/]+)"))

    def register(show: ShowAgain) -> ShowAgain:
        _FORMS.append((pattern, show))
        return show

    return register


def back_to_form(address: str) -> Response:
    """On to the form's own address with everything the log-in page was sent; see ``form_again``.

    A button that was pressed leads to its page, where it may be pressed once more.
    """
    if any(pattern.fullmatch(address) for pattern, _ in _FORMS):
        return RedirectResponse(address, 307, headers=dict(PAGE_HEADERS))
    said = "You are logged in again. Nothing was recorded; please do it once more."
    return go(place_of(address), said, "note")


def form_again(request: Request, viewer: Viewer, typed: FormData) -> Response:
    """The form of the request's own address with what was typed before the log-in."""
    if text(typed, "person") != viewer.person_ref:
        return go("/", NOT_YOURS, "note")
    for pattern, show in _FORMS:
        found = pattern.fullmatch(request.url.path)
        if found is not None:
            try:
                return show(request, viewer, found.groups(), typed, (BACK,))
            except Refused as refused:
                return go("/", f"{refused.title}. {refused}", "problem")
    return go(place_of(request.url.path))


def place_of(address: str) -> str:
    """A page to look at for an address that only takes forms."""
    found = re.match(r"/cases/[^/]+|/[^/]+", address)
    return found.group() if found else "/"
