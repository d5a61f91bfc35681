"""Asking about a score: what lies under a reason, and what other values would do."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from ui.frame import Fault
from ui.kept import shows_again
from ui.ports import Refused
from ui.question_contexts import ReasonPage, WhatIfPage
from ui.render import page
from ui.views import Notice, Viewer
from ui.visit import FORM_AGAIN, Doer, Reader, Typed, fault_of, go, new_key, office, shell, text

router = APIRouter(include_in_schema=False)

PREFIX = "to_"  # of the inputs' names and ids, before the field's own


def reason_page(
    request: Request,
    viewer: Viewer,
    case_id: str,
    concept: str,
    note: str = "",
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> Response:
    """What lies under one reason, with what was typed in the form."""
    found = office(request).questions.reason(viewer, case_id, concept)
    around = shell(request, viewer, found.title, current="case", notices=notices, fault=fault)
    context = ReasonPage(shell=around, evidence=found, note=note, key=new_key(request))
    return page(request, context, status=status)


@shows_again("/cases/{}/reasons/{}")
def _reason_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    """The form as it was filled when the log-in ran out."""
    case_id, concept = parts
    return reason_page(request, viewer, case_id, concept, text(typed, "note"), notices=notices)


@router.get("/cases/{case_id}/reasons/{concept}")
def show_reason(request: Request, viewer: Reader, case_id: str, concept: str) -> Response:
    """What lies under one reason."""
    return reason_page(request, viewer, case_id, concept)


@router.post("/cases/{case_id}/reasons/{concept}")
def question(request: Request, viewer: Doer, typed: Typed, case_id: str, concept: str) -> Response:
    """Record that the reason surprises, and show what lies under it."""
    note = text(typed, "note")
    try:
        said = office(request).questions.question(
            viewer, case_id, concept, note, text(typed, "idempotency_key")
        )
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, {"note": "note"})
        return reason_page(request, viewer, case_id, concept, note, fault, status=refused.status)
    return go(f"/cases/{case_id}/reasons/{concept}", said)


def what_if_page(
    request: Request,
    viewer: Viewer,
    case_id: str,
    typed: dict[str, str] | None = None,
    refused: Refused | None = None,
    notices: tuple[Notice, ...] = (),
) -> Response:
    """Values to try, with what was typed in the form."""
    found = office(request).questions.what_if(viewer, case_id)
    order = {field.name: PREFIX + field.name for field in found.fields}
    fault = fault_of(refused, order) if refused else None
    around = shell(
        request, viewer, "Try other values", current="case", notices=notices, fault=fault
    )
    context = WhatIfPage(shell=around, what_if=found, typed=typed or {}, key=new_key(request))
    return page(request, context, status=refused.status if refused else 200)


def _changes(typed: FormData) -> dict[str, str]:
    """What was typed for each field."""
    names = [name for name in typed if name.startswith(PREFIX)]
    return {name.removeprefix(PREFIX): text(typed, name) for name in names}


@shows_again("/cases/{}/what-if")
def _what_if_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    """The form as it was filled when the log-in ran out."""
    return what_if_page(request, viewer, parts[0], _changes(typed), notices=notices)


@router.get("/cases/{case_id}/what-if")
def show_what_if(request: Request, viewer: Reader, case_id: str) -> Response:
    """What may be tried, and what was."""
    return what_if_page(request, viewer, case_id)


@router.post("/cases/{case_id}/what-if")
def try_out(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Score other values, record what came of it, and show it."""
    changes = _changes(typed)
    try:
        said = office(request).questions.try_out(
            viewer, case_id, changes, text(typed, "idempotency_key")
        )
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        return what_if_page(request, viewer, case_id, changes, refused)
    return go(f"/cases/{case_id}/what-if", said)
