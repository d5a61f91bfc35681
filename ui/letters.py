"""Letters to applicants: the list of all that are called for, and one to read, issue and print."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from ui.case_forms import NOTHING_LEFT, LeftForm, left_form
from ui.contexts import LetterPage, LettersPage
from ui.frame import Fault, Tab
from ui.kept import shows_again
from ui.letter_views import LetterForm
from ui.ports import Refused
from ui.render import page
from ui.views import Notice, Viewer
from ui.visit import FORM_AGAIN, Doer, Reader, Typed, fault_of, go, new_key, office, shell, text

router = APIRouter(include_in_schema=False)

EMPTY = LetterForm()
PAST = (
    "You had typed this for a step that the letter does not stand at. Nothing of it was recorded."
)
NAMES = ("step", "letter_id", "language", "reason", "channel", "on", "note", "idempotency_key")


def _typed(typed: FormData) -> LetterForm:
    """What was typed into one of the forms."""
    return LetterForm(**{name: text(typed, name) for name in NAMES})


def letter_page(
    request: Request,
    viewer: Viewer,
    case_id: str,
    form: LetterForm = EMPTY,
    fault: Fault | None = None,
    left: LeftForm = NOTHING_LEFT,
    status: int = 200,
) -> HTMLResponse:
    """The letter with what may be done, and what was typed."""
    view = office(request).letters.letter(viewer, case_id, form.language)
    notices = left.notices
    if left.place and (form.letter_id, form.step in view.steps) != (view.letter_id, True):
        notices = (Notice(tone="note", text=PAST, details=(form.note,) if form.note else ()),)
    around = shell(
        request,
        viewer,
        "Letter",
        current="letters",
        notices=notices,
        fault=fault,
        draft=left.place,
    )
    context = LetterPage(shell=around, letter=view, form=form, key=new_key(request))
    return page(request, context, status=status)


@shows_again("/cases/{}/letter")
def _again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    """The form as it was filled when the log-in ran out."""
    return letter_page(request, viewer, parts[0], _typed(typed), left=LeftForm(typed, notices))


@router.get("/letters")
def show_letters(
    request: Request,
    viewer: Reader,
    state: Annotated[str, Query(max_length=20)] = "",
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """The letters in one state, the one that is due first, first."""
    view = office(request).letters.letters(viewer, state, cursor)
    address = f"/letters?state={view.state}"
    context = LettersPage(
        shell=shell(request, viewer, "Letters", current="letters"),
        letters=view,
        tabs=tuple(
            Tab(href=f"/letters?state={name}", words=words, count=n, current=name == view.state)
            for name, words, n in view.states
        ),
        more=f"{address}&cursor={view.next_cursor}" if view.next_cursor else "",
        first=address if cursor else "",
    )
    return page(request, context)


@router.get("/cases/{case_id}/letter")
def show_letter(
    request: Request,
    viewer: Reader,
    case_id: str,
    language: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """One letter, to read and to print; with a language, what a draft in it would say."""
    left = None if language else left_form(request, viewer, request.url.path)
    if left is None:
        return letter_page(request, viewer, case_id, LetterForm(language=language))
    return letter_page(request, viewer, case_id, _typed(left.typed), left=left)


@router.post("/cases/{case_id}/letter")
def step(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Draft, check or issue the letter, or say what became of it; refused, the form again."""
    form = _typed(typed)
    try:
        said = office(request).letters.step(viewer, case_id, form)
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        order = {name: f"{form.step}-{name}" for name in ("reason", "channel", "on", "note")}
        fault = fault_of(refused, order)
        return letter_page(request, viewer, case_id, form, fault, status=refused.status)
    office(request).drafts.drop(viewer, request.url.path)
    return go(f"/cases/{case_id}/letter", said)
