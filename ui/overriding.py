"""Overriding a recommendation, in two steps, and the second person's verdict on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from overrides.forms import EVIDENCE_ITEMS_MAX
from ui.case import FORM_AGAIN, case_page, picture_of
from ui.contexts import ApprovalPage, OverridePage
from ui.frame import CodeGroup, Fault
from ui.kept import shows_again
from ui.ports import Refused
from ui.render import page
from ui.views import ActForm, CodeChoice, Consequence, EvidenceTyped, Notice, Viewer
from ui.visit import Doer, Reader, Typed, act_form, fault_of, go, key_for, office, shell, text
from ui.words import EVIDENCE_TYPES

router = APIRouter(include_in_schema=False)

APPROVAL_FIELDS = {"verdict": "verdict", "note": "note"}
KEYS_MAX = 9
EVIDENCE_PARTS = ("type", "reference", "sha256")
AGAIN = {"change": "content", "more": "evidence"}  # steps that only show the form: block of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What recording the override would do, or what is still missing to say so."""

    consequence: Consequence | None = None
    missing: str = ""
    confirming: bool = False  # whether this is the last check before recording
    block: str = "consequence"  # the part of the page that a request for a part gets


def _groups(codes: Sequence[CodeChoice], chosen: str) -> tuple[CodeGroup, ...]:
    """The codes by group, each group where its first code stood, with keys as far as they go.

    Of a long list only the group of the code chosen so far is open.
    """
    titles = dict.fromkeys(choice.group for choice in codes)
    few = len(codes) <= KEYS_MAX
    return tuple(
        CodeGroup(
            title=title,
            number=_key(place),
            codes=tuple((_key(n), choice) for n, choice in enumerate(among, 1)),
            open=few or any(choice.code == chosen for choice in among),
        )
        for place, title in enumerate(titles, 1)
        for among in [[choice for choice in codes if choice.group == title]]
    )


def _key(place: int) -> int:
    return place if place <= KEYS_MAX else 0


def _fields(form: ActForm) -> dict[str, str]:
    """The form's fields and the ids of their inputs, first to last."""
    rows = ("", *(f"-{n}" for n in range(2, len(form.evidence) + 1)))
    evidence = (f"evidence_{part}{row}" for row in rows for part in EVIDENCE_PARTS)
    return {name: name for name in ("code", *evidence, "note", "concepts")}


def _override_page(
    request: Request,
    viewer: Viewer,
    case_id: str,
    *,
    form: ActForm | None = None,
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    outlook: Outlook | None = None,
    status: int = 200,
) -> Response:
    outlook = outlook or Outlook()
    case = office(request).desk.case(viewer, case_id)
    if not (case.may_decide and case.override_decision):
        if form is not None:
            return case_page(
                request, viewer, case_id, form=form, fault=fault, notices=notices, status=status
            )
        why = case.cannot_words or "There is no recommendation here that could be overridden."
        return go(f"/cases/{case_id}", why, "note")
    title = f"Override: {case.override_decision}"
    brought_back = form is None and case.returned is not None
    form = form or case.returned or ActForm()
    room = len(form.evidence) < EVIDENCE_ITEMS_MAX
    asks_row = room and (outlook.block == "evidence" or not form.evidence)
    chosen = next((choice for choice in case.codes if choice.code == form.code), None)
    context = OverridePage(
        shell=shell(request, viewer, title, current="case", notices=notices, fault=fault),
        case=case,
        form=form,
        key=key_for(request, form, status),
        groups=_groups(case.codes, form.code),
        chosen=chosen,
        evidence=(*form.evidence, *([EvidenceTyped()] if asks_row else [])),
        evidence_types=EVIDENCE_TYPES,
        more_evidence=room,
        brought_back=brought_back,
        consequence=outlook.consequence,
        missing=outlook.missing,
        confirming=outlook.confirming,
    )
    return page(request, context, block=outlook.block, status=status)


@router.get("/cases/{case_id}/override")
def show_override(request: Request, viewer: Reader, case_id: str) -> Response:
    """The form, empty."""
    return _override_page(request, viewer, case_id)


@router.post("/cases/{case_id}/override")
def override(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """One of three steps: say what it would do, show it for a last check, record it.

    Nothing is recorded but by the step ``record``. The step ``change`` goes back to the form, and
    ``more`` makes room for another piece of evidence.
    """
    form, step = act_form(typed), text(typed, "step")
    if step in AGAIN:
        outlook = Outlook(block=AGAIN[step])
        return _override_page(request, viewer, case_id, form=form, outlook=outlook)
    desk = office(request).desk
    try:
        if step == "record":
            return go(f"/cases/{case_id}", desk.override(viewer, case_id, form))
        consequence = desk.preview_override(viewer, case_id, form)
    except Refused as refused:
        if step == "preview":
            missing = " ".join(refused.fields.values()) or str(refused)
            outlook = Outlook(missing=missing)
            return _override_page(request, viewer, case_id, form=form, outlook=outlook)
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, _fields(form))
        return _override_page(
            request, viewer, case_id, form=form, fault=fault, status=refused.status
        )
    outlook = Outlook(consequence=consequence, confirming=step != "preview")
    return _override_page(request, viewer, case_id, form=form, outlook=outlook)


@shows_again("/cases/{}/override")
def _override_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    return _override_page(request, viewer, parts[0], form=act_form(typed), notices=notices)


def _approval_page(
    request: Request,
    viewer: Viewer,
    case_id: str,
    *,
    form: ActForm | None = None,
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> Response:
    case = office(request).desk.case(viewer, case_id)
    if case.pending is None:
        if form is not None:
            return case_page(
                request, viewer, case_id, form=form, fault=fault, notices=notices, status=status
            )
        return go(f"/cases/{case_id}", "Nothing waits for a second person here.", "note")
    title = "Second person's verdict"
    context = ApprovalPage(
        shell=shell(request, viewer, title, current="case", notices=notices, fault=fault),
        case=case,
        form=form or ActForm(),
        key=key_for(request, form, status),
        score_picture=picture_of(case),
    )
    return page(request, context, status=status)


@router.get("/cases/{case_id}/approval")
def show_approval(request: Request, viewer: Reader, case_id: str) -> Response:
    """The proposed override, its evidence first."""
    return _approval_page(request, viewer, case_id)


@router.post("/cases/{case_id}/approval")
def approve(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Uphold, return or reject."""
    form = act_form(typed)
    try:
        said = office(request).desk.approval(viewer, case_id, form)
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, APPROVAL_FIELDS)
        return _approval_page(
            request, viewer, case_id, form=form, fault=fault, status=refused.status
        )
    return go(f"/cases/{case_id}", said)


@shows_again("/cases/{}/approval")
def _approval_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    return _approval_page(request, viewer, parts[0], form=act_form(typed), notices=notices)
