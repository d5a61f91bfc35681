"""Offering other terms and taking the answer; correcting a wrong value. Two steps each."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from ui.case_forms import NOTHING_LEFT, LeftForm, left_form
from ui.changing_views import ChangeForm
from ui.kept import shows_again
from ui.ports import Refused
from ui.render import page
from ui.views import Consequence, Notice, Viewer
from ui.visit import (
    FORM_AGAIN,
    Doer,
    Reader,
    Typed,
    act_form,
    fault_of,
    go,
    new_key,
    office,
    shell,
    text,
)
from ui.waiting_contexts import ChangePage

router = APIRouter(include_in_schema=False)

FIELD = "field-"
TITLES: Mapping[str, str] = {"counter-offer": "Offer other terms", "correction": "Correct a value"}
LAST_FIELDS = ("concepts", "code", "evidence_type", "evidence_reference", "note", "review_on")


def _form(typed: FormData) -> ChangeForm:
    """What was typed; fields that were left empty are not there."""
    act = act_form(typed)
    named = {name.removeprefix(FIELD): text(typed, name) for name in typed if FIELD in name[:6]}
    return ChangeForm(
        values={name: said for name, said in named.items() if said},
        code=act.code,
        concepts=act.concepts,
        evidence_type=text(typed, "evidence_type"),
        evidence_reference=text(typed, "evidence_reference"),
        note=act.note,
        review_on=act.review_on,
        seen_version=act.seen_version,
        idempotency_key=act.idempotency_key,
    )


def change_page(
    request: Request,
    viewer: Viewer,
    case_id: str,
    kind: str,
    form: ChangeForm | None = None,
    refused: Refused | None = None,
    left: LeftForm = NOTHING_LEFT,
    consequence: Consequence | None = None,
) -> Response:
    """The form, or with a consequence the last look before it is recorded."""
    view = office(request).changes.changing(viewer, case_id, kind)
    names = (*(f"{FIELD}{field.name}" for field in view.fields), *LAST_FIELDS)
    fault = fault_of(refused, {name: name for name in names}) if refused else None
    around = shell(
        request,
        viewer,
        TITLES[kind],
        current="case",
        notices=left.notices,
        fault=fault,
        draft=left.place,
    )
    context = ChangePage(
        shell=around,
        change=view,
        kind=kind,
        form=form or ChangeForm(),
        key=new_key(request),
        consequence=consequence,
    )
    return page(request, context, status=refused.status if refused else 200)


def _step(request: Request, viewer: Viewer, typed: FormData, case_id: str, kind: str) -> Response:
    """One of three steps: show what it would do, record it, or go back to the form."""
    form, changes = _form(typed), office(request).changes
    step = text(typed, "step")
    if step == "change":
        return change_page(request, viewer, case_id, kind, form)
    try:
        if step == "record":
            done = changes.change(viewer, case_id, kind, form)
            office(request).drafts.drop(viewer, request.url.path)
            return go(f"/cases/{case_id}", done)
        found = changes.preview(viewer, case_id, kind, form)
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        return change_page(request, viewer, case_id, kind, form, refused)
    return change_page(request, viewer, case_id, kind, form, consequence=found)


def _opened(request: Request, viewer: Viewer, case_id: str, kind: str) -> Response:
    """The form: empty, or as this person left it."""
    left = left_form(request, viewer, request.url.path)
    if left is None:
        return change_page(request, viewer, case_id, kind)
    return change_page(request, viewer, case_id, kind, _form(left.typed), left=left)


@router.get("/cases/{case_id}/counter-offer")
def show_offer(request: Request, viewer: Reader, case_id: str) -> Response:
    """The terms that may be offered otherwise."""
    return _opened(request, viewer, case_id, "counter-offer")


@router.post("/cases/{case_id}/counter-offer")
def offer(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Try other terms, then offer them."""
    return _step(request, viewer, typed, case_id, "counter-offer")


@router.get("/cases/{case_id}/correction")
def show_correction(request: Request, viewer: Reader, case_id: str) -> Response:
    """The values that may be corrected."""
    return _opened(request, viewer, case_id, "correction")


@router.post("/cases/{case_id}/correction")
def correction(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Try corrected values, then record them."""
    return _step(request, viewer, typed, case_id, "correction")


@router.post("/cases/{case_id}/offer-answer")
def answer(request: Request, viewer: Doer, typed: Typed, case_id: str) -> RedirectResponse:
    """Record what the applicant says of the terms; too late, the case says so."""
    said, key = text(typed, "answer"), text(typed, "idempotency_key")
    seen = act_form(typed).seen_version
    try:
        told = office(request).changes.answer(viewer, case_id, said, seen, key)
        return go(f"/cases/{case_id}", told)
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        return go(f"/cases/{case_id}", f"{refused.title}. {refused}", "problem")


@shows_again("/cases/{}/counter-offer")
def _offer_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    """The form as it was filled when the log-in ran out."""
    left = LeftForm(typed, notices)
    return change_page(request, viewer, parts[0], "counter-offer", _form(typed), left=left)


@shows_again("/cases/{}/correction")
def _correction_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    """The form as it was filled when the log-in ran out."""
    left = LeftForm(typed, notices)
    return change_page(request, viewer, parts[0], "correction", _form(typed), left=left)
