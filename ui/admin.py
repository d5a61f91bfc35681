"""People: who may log in, as what, up to which amount."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from ui.contexts import PeoplePage, PersonChangePage
from ui.frame import Fault
from ui.kept import shows_again
from ui.ports import Refused
from ui.render import page
from ui.views import Notice, Viewer
from ui.visit import (
    FORM_AGAIN,
    Doer,
    Reader,
    Typed,
    fault_of,
    go,
    new_key,
    office,
    shell,
    text,
)
from ui.words import ROLE_WORDS

router = APIRouter(include_in_schema=False)

FIELDS = ("name", "role", "branch", "limit", "currency")
FIELD_IDS = {name: name for name in FIELDS}
# change: what the button says, what it does
CHANGES: Mapping[str, tuple[str, str]] = {
    "lock": ("Lock", "Log-in and keys stop working at once. Cases held are given back."),
    "unlock": ("Unlock", "Log-in and keys work again."),
    "reset": (
        "Make a one-time password",
        "The old password and all open log-ins stop working. The new one is shown once.",
    ),
    "leave": (
        "Record that they left",
        "Log-in and keys stop working for good; cases held are given back. This cannot be undone.",
    ),
}
TOLD_ONCE = frozenset({"reset"})  # what comes back holds a password and is shown on this page only


def _people_page(
    request: Request,
    viewer: Viewer,
    *,
    typed: Mapping[str, str] | None = None,
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> HTMLResponse:
    people = office(request).people.people(viewer)
    context = PeoplePage(
        shell=shell(request, viewer, "People", current="admin", notices=notices, fault=fault),
        people=tuple(sorted(people, key=lambda line: (line.state == "left", line.name))),
        typed={name: (typed or {}).get(name, "") for name in FIELDS},
        roles=tuple((str(role), words) for role, words in ROLE_WORDS.items()),
        key=new_key(request),
    )
    return page(request, context, status=status)


@router.get("/admin")
def show_people(request: Request, viewer: Reader) -> HTMLResponse:
    """Everyone, and the form that adds a person."""
    return _people_page(request, viewer)


@router.post("/admin/people")
def add_person(request: Request, viewer: Doer, typed: Typed) -> HTMLResponse:
    """Add a person. The answer holds a one-time password, so it is this page and no other."""
    given = {name: text(typed, name) for name in FIELDS}
    try:
        said = office(request).people.add_person(viewer, given, text(typed, "idempotency_key"))
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, FIELD_IDS)
        return _people_page(request, viewer, typed=given, fault=fault, status=refused.status)
    return _people_page(request, viewer, notices=(Notice(tone="done", text=said),))


@shows_again("/admin/people")
def _add_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    assert not parts
    given = {name: text(typed, name) for name in FIELDS}
    return _people_page(request, viewer, typed=given, notices=notices)


def _known(change: str) -> tuple[str, str]:
    if change not in CHANGES:
        raise Refused(404, "There is nothing at this address", "Open the page of people.")
    return CHANGES[change]


@router.get("/admin/people/{name}/{change}")
def ask_change(request: Request, viewer: Reader, name: str, change: str) -> HTMLResponse:
    """Ask before a person is changed."""
    words, means = _known(change)
    named = [line for line in office(request).people.people(viewer) if line.name == name]
    person = next((line for line in named if line.state != "left"), next(iter(named), None))
    if person is None:
        raise Refused(404, "No such person", f"There is nobody named {name}.")
    context = PersonChangePage(
        shell=shell(request, viewer, f"{words}: {name}", current="admin"),
        person=person,
        change=change,
        words=words,
        means=means,
        key=new_key(request),
    )
    return page(request, context)


@router.post("/admin/people/{name}/{change}")
def change_person(request: Request, viewer: Doer, typed: Typed, name: str, change: str) -> Response:
    """Change a person."""
    _known(change)
    key = text(typed, "idempotency_key")
    try:
        said = office(request).people.change_person(viewer, name, change, key)
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        return go("/admin", f"{refused.title}. {refused}", "problem")
    if change in TOLD_ONCE:
        return _people_page(request, viewer, notices=(Notice(tone="done", text=said),))
    return go("/admin", said)
