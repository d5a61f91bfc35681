"""Asking an applicant and taking the answer; undoing a decision, and reopening a case."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from ui.case_forms import left_form
from ui.frame import Fault, Shell
from ui.kept import shows_again
from ui.ports import Refused
from ui.render import page
from ui.views import Notice, Viewer
from ui.visit import FORM_AGAIN, Doer, Reader, Typed, fault_of, go, new_key, office, shell, text
from ui.waiting_contexts import AnswerPage, ReopenPage, RequestPage
from ui.waiting_views import AnswerForm, AskForm, ReopenForm

router = APIRouter(include_in_schema=False)

ASK_FIELDS = {"fields": "fields", "until": "until", "note": "note"}
REOPEN_FIELDS = {"reason": "reason", "note": "note"}
FIELD, DOCUMENT = "field-", "document-"
VERSION_DIGITS_MAX = 10

Notices = tuple[Notice, ...]


def _seen(typed: FormData) -> int:
    """The version of the case on the page that was filled in."""
    version = text(typed, "seen_version")
    return int(version) if version.isdecimal() and len(version) < VERSION_DIGITS_MAX else 0


def _chosen(typed: FormData, name: str) -> tuple[str, ...]:
    """The boxes of one name that were ticked."""
    return tuple(dict.fromkeys(str(item) for item in typed.getlist(name)))


def _named(typed: FormData, start: str) -> dict[str, str]:
    """Inputs whose names begin alike, by what follows; those left empty are not there."""
    names = [name for name in typed if name.startswith(start)]
    found = {name.removeprefix(start): text(typed, name) for name in names}
    return {name: said for name, said in found.items() if said}


def _ask_form(typed: FormData) -> AskForm:
    return AskForm(
        fields=_chosen(typed, "fields"),
        documents=_chosen(typed, "documents"),
        until=text(typed, "until"),
        note=text(typed, "note"),
        seen_version=_seen(typed),
        idempotency_key=text(typed, "idempotency_key"),
    )


def _answer_form(typed: FormData) -> AnswerForm:
    return AnswerForm(
        fields=_named(typed, FIELD),
        documents=_named(typed, DOCUMENT),
        note=text(typed, "note"),
        seen_version=_seen(typed),
        idempotency_key=text(typed, "idempotency_key"),
    )


def _reopen_form(typed: FormData) -> ReopenForm:
    return ReopenForm(
        reason=text(typed, "reason"),
        note=text(typed, "note"),
        seen_version=_seen(typed),
        idempotency_key=text(typed, "idempotency_key"),
    )


def _sent(
    request: Request,
    viewer: Viewer,
    case_id: str,
    act: Callable[[], str],
    again: Callable[[Refused], Response],
) -> Response:
    """Act, and see the case next; refused for what was typed, the form again."""
    try:
        done = act()
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        return again(refused)
    office(request).drafts.drop(viewer, request.url.path)
    return go(f"/cases/{case_id}", done)


def _shell(
    request: Request,
    viewer: Viewer,
    title: str,
    fault: Fault | None,
    notices: Notices,
    draft: str,
) -> Shell:
    """What stands around a form about a case."""
    return shell(request, viewer, title, current="case", notices=notices, fault=fault, draft=draft)


def ask_page(
    request: Request,
    viewer: Viewer,
    case_id: str,
    form: AskForm | None = None,
    refused: Refused | None = None,
    notices: Notices = (),
    draft: str = "",
) -> Response:
    """The form that asks the applicant, with what was typed in it."""
    view = office(request).waiting.asking(viewer, case_id)
    fault = fault_of(refused, ASK_FIELDS) if refused else None
    around = _shell(request, viewer, "Ask the applicant", fault, notices, draft)
    context = RequestPage(shell=around, asking=view, form=form or AskForm(), key=new_key(request))
    return page(request, context, status=refused.status if refused else 200)


@router.get("/cases/{case_id}/information-request")
def show_asking(request: Request, viewer: Reader, case_id: str) -> Response:
    """What the applicant may be asked for."""
    left = left_form(request, viewer, request.url.path)
    if left is None:
        return ask_page(request, viewer, case_id)
    form = _ask_form(left.typed)
    return ask_page(request, viewer, case_id, form, notices=left.notices, draft=left.place)


@router.post("/cases/{case_id}/information-request")
def ask(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Record what the applicant is asked."""
    form = _ask_form(typed)
    return _sent(
        request,
        viewer,
        case_id,
        lambda: office(request).waiting.ask(viewer, case_id, form),
        lambda refused: ask_page(request, viewer, case_id, form, refused),
    )


def answer_page(
    request: Request,
    viewer: Viewer,
    case_id: str,
    form: AnswerForm | None = None,
    refused: Refused | None = None,
    notices: Notices = (),
    draft: str = "",
) -> Response:
    """The form that takes the answer, with what was typed in it."""
    view = office(request).waiting.answering(viewer, case_id)
    names = [f"{FIELD}{field.name}" for field in view.fields]
    order = {name: name for name in (*names, *(f"{DOCUMENT}{kind}" for kind, _ in view.documents))}
    fault: Fault | None = fault_of(refused, {**order, "note": "note"}) if refused else None
    around = _shell(request, viewer, "The applicant answered", fault, notices, draft)
    context = AnswerPage(shell=around, asked=view, form=form or AnswerForm(), key=new_key(request))
    return page(request, context, status=refused.status if refused else 200)


@router.get("/cases/{case_id}/information")
def show_answering(request: Request, viewer: Reader, case_id: str) -> Response:
    """What the applicant was asked for."""
    left = left_form(request, viewer, request.url.path)
    if left is None:
        return answer_page(request, viewer, case_id)
    form = _answer_form(left.typed)
    return answer_page(request, viewer, case_id, form, notices=left.notices, draft=left.place)


@router.post("/cases/{case_id}/information")
def answer(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Record what the applicant said."""
    form = _answer_form(typed)
    return _sent(
        request,
        viewer,
        case_id,
        lambda: office(request).waiting.answer(viewer, case_id, form),
        lambda refused: answer_page(request, viewer, case_id, form, refused),
    )


def reopen_page(
    request: Request,
    viewer: Viewer,
    case_id: str,
    form: ReopenForm | None = None,
    refused: Refused | None = None,
    notices: Notices = (),
    draft: str = "",
) -> Response:
    """The form that opens a closed case again, with what was typed in it."""
    view = office(request).waiting.reopening(viewer, case_id)
    fault = fault_of(refused, REOPEN_FIELDS) if refused else None
    around = _shell(request, viewer, "Reopen the case", fault, notices, draft)
    context = ReopenPage(
        shell=around, reopening=view, form=form or ReopenForm(), key=new_key(request)
    )
    return page(request, context, status=refused.status if refused else 200)


@router.get("/cases/{case_id}/reopening")
def show_reopening(request: Request, viewer: Reader, case_id: str) -> Response:
    """Ask why before a closed case is opened."""
    left = left_form(request, viewer, request.url.path)
    if left is None:
        return reopen_page(request, viewer, case_id)
    form = _reopen_form(left.typed)
    return reopen_page(request, viewer, case_id, form, notices=left.notices, draft=left.place)


@router.post("/cases/{case_id}/reopening")
def reopen(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Open a closed case again."""
    form = _reopen_form(typed)
    return _sent(
        request,
        viewer,
        case_id,
        lambda: office(request).waiting.reopen(viewer, case_id, form),
        lambda refused: reopen_page(request, viewer, case_id, form, refused),
    )


@router.post("/cases/{case_id}/undo")
def undo(request: Request, viewer: Doer, typed: Typed, case_id: str) -> RedirectResponse:
    """Take one's own decision back; too late, the case says so."""
    key = text(typed, "idempotency_key")
    try:
        return go(f"/cases/{case_id}", office(request).waiting.undo(viewer, case_id, key))
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        return go(f"/cases/{case_id}", f"{refused.title}. {refused}", "problem")


@shows_again("/cases/{}/information-request")
def _ask_again(
    request: Request, viewer: Viewer, parts: tuple[str, ...], typed: FormData, notices: Notices
) -> Response:
    """The form as it was filled when the log-in ran out."""
    return ask_page(request, viewer, parts[0], _ask_form(typed), notices=notices)


@shows_again("/cases/{}/information")
def _answer_again(
    request: Request, viewer: Viewer, parts: tuple[str, ...], typed: FormData, notices: Notices
) -> Response:
    """The form as it was filled when the log-in ran out."""
    return answer_page(request, viewer, parts[0], _answer_form(typed), notices=notices)


@shows_again("/cases/{}/reopening")
def _reopen_again(
    request: Request, viewer: Viewer, parts: tuple[str, ...], typed: FormData, notices: Notices
) -> Response:
    """The form as it was filled when the log-in ran out."""
    return reopen_page(request, viewer, parts[0], _reopen_form(typed), notices=notices)
