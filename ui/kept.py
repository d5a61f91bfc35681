"""Forms that came after the log-in had run out: shown again, filled in, never sent on their own.

A module that owns a form registers how to show it again for the address it is sent to.
"""

import re
from collections.abc import Callable

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from ui.ports import Refused
from ui.views import Notice, Viewer
from ui.visit import go

# request, viewer, the address' parts, what was typed, what to tell
ShowAgain = Callable[[Request, Viewer, tuple[str, ...], FormData, tuple[Notice, ...]], Response]

_FORMS: list[tuple[re.Pattern[str], ShowAgain]] = []

BACK = Notice(
    tone="note",
    text="You are logged in again. Here is what you had typed; nothing was recorded. "
    "Check it and send it.",
)


def shows_again(address: str) -> Callable[[ShowAgain], ShowAgain]:
    """Register how the form sent to ``address`` is shown; ``{}`` stands for one part of it."""
    pattern = re.compile(re.escape(address).replace(r"\{\}", "([^/]+)"))

    def register(show: ShowAgain) -> ShowAgain:
        _FORMS.append((pattern, show))
        return show

    return register


def form_again(request: Request, viewer: Viewer, address: str, typed: FormData) -> Response:
    """The form for ``address`` with what was typed; a plain visit when it is no longer shown."""
    for pattern, show in _FORMS:
        found = pattern.fullmatch(address)
        if found is not None:
            try:
                return show(request, viewer, found.groups(), typed, (BACK,))
            except Refused as refused:
                return go("/", f"{refused.title}. {refused}", "problem")
    said = "You are logged in again. Nothing was recorded; please do it once more."
    return go(place_of(address), said, "note")


def place_of(address: str) -> str:
    """A page to look at for an address that only takes forms."""
    found = re.match(r"/cases/[^/]+|/[^/]+", address)
    return found.group() if found else "/"
