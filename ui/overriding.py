"""Overriding a recommendation, in two steps, and the second person's verdict on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from overrides.forms import EVIDENCE_ITEMS_MAX
from ui.case import case_page, picture_of
from ui.case_forms import EMPTY, CaseForm, Filled
from ui.contexts import ApprovalPage, OverridePage
from ui.frame import CodeGroup
from ui.kept import shows_again
from ui.line import may_be_kept
from ui.ports import Refused
from ui.render import page
from ui.views import CodeChoice, Consequence, EvidenceTyped, Viewer
from ui.visit import Doer, Reader, Typed, act_form, go, office, text
from ui.words import EVIDENCE_TYPES

router = APIRouter(include_in_schema=False)

KEYS_MAX = 9
AGAIN = {"change": "content", "more": "evidence"}  # steps that only show the form: block of it
EVIDENCE_FIELDS = tuple(
    f"evidence_{part}{row}"
    for row in ("", *(f"-{number}" for number in range(2, EVIDENCE_ITEMS_MAX + 1)))
    for part in ("type", "reference", "sha256")
)


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


def _override_page(
    request: Request,
    viewer: Viewer,
    case_id: str,
    filled: Filled = EMPTY,
    outlook: Outlook = Outlook(),
) -> Response:
    case = office(request).desk.case(viewer, case_id)
    if not (case.may_decide and case.override_decision):
        if filled.form is not None:
            return case_page(request, viewer, case_id, filled)
        why = case.cannot_words or "There is no recommendation here that could be overridden."
        return go(f"/cases/{case_id}", why, "note")
    form = filled.form or case.returned or filled.typed
    room = len(form.evidence) < EVIDENCE_ITEMS_MAX
    asks_row = room and (outlook.block == "evidence" or not form.evidence)
    context = OverridePage(
        shell=filled.shell(request, viewer, f"Override: {case.override_decision}"),
        case=case,
        form=form,
        key=filled.key(request),
        groups=_groups(case.codes, form.code),
        chosen=next((choice for choice in case.codes if choice.code == form.code), None),
        evidence=(*form.evidence, *([EvidenceTyped()] if asks_row else [])),
        evidence_types=EVIDENCE_TYPES,
        more_evidence=room,
        brought_back=form is case.returned,
        consequence=outlook.consequence,
        missing=outlook.missing,
        confirming=outlook.confirming,
    )
    answer = page(request, context, block=outlook.block, status=filled.status)
    return may_be_kept(answer, viewer, holds=case.holder == "you")


OVERRIDE = CaseForm(
    _override_page,
    {name: name for name in ("code", *EVIDENCE_FIELDS, "note", "review_on", "concepts")},
)
shows_again("/cases/{}/override")(OVERRIDE.again)


@router.get("/cases/{case_id}/override")
def show_override(request: Request, viewer: Reader, case_id: str) -> Response:
    """The form, empty or as it was left."""
    return OVERRIDE.opened(request, viewer, case_id, request.url.path)


@router.post("/cases/{case_id}/override")
def override(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """One of three steps: say what it would do, show it for a last check, record it.

    Nothing is recorded but by the step ``record``. The step ``change`` goes back to the form, and
    ``more`` makes room for another piece of evidence.
    """
    desk, step = office(request).desk, text(typed, "step")
    if step == "record":
        return OVERRIDE.sent(request, viewer, case_id, typed, desk.override)
    form = act_form(typed)
    outlook = Outlook(block=AGAIN.get(step, "consequence"))
    if step not in AGAIN:
        try:
            consequence = desk.preview_override(viewer, case_id, form)
            outlook = Outlook(consequence=consequence, confirming=step != "preview")
        except Refused as refused:
            if step != "preview":
                return OVERRIDE.refused(request, viewer, case_id, form, refused)
            outlook = Outlook(missing=" ".join(refused.fields.values()) or str(refused))
    return _override_page(request, viewer, case_id, Filled(form=form), outlook)


def _approval_page(
    request: Request, viewer: Viewer, case_id: str, filled: Filled = EMPTY
) -> Response:
    case = office(request).desk.case(viewer, case_id)
    if case.pending is None:
        if filled.form is not None:
            return case_page(request, viewer, case_id, filled)
        return go(f"/cases/{case_id}", "Nothing waits for a second person here.", "note")
    context = ApprovalPage(
        shell=filled.shell(request, viewer, "Second person's verdict"),
        case=case,
        form=filled.typed,
        key=filled.key(request),
        score_picture=picture_of(case),
    )
    return page(request, context, status=filled.status)


APPROVAL = CaseForm(_approval_page, {"verdict": "verdict", "note": "note"})
shows_again("/cases/{}/approval")(APPROVAL.again)


@router.get("/cases/{case_id}/approval")
def show_approval(request: Request, viewer: Reader, case_id: str) -> Response:
    """The proposed override, its evidence first."""
    return APPROVAL.opened(request, viewer, case_id, request.url.path)


@router.post("/cases/{case_id}/approval")
def approve(request: Request, viewer: Doer, typed: Typed, case_id: str) -> Response:
    """Uphold, return or reject."""
    return APPROVAL.sent(request, viewer, case_id, typed, office(request).desk.approval)
