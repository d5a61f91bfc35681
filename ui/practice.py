"""Practice on past cases, with what came of each after the answer."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from ui.frame import Fault
from ui.kept import shows_again
from ui.ports import Refused
from ui.practice_contexts import PracticePage
from ui.practice_views import PracticeForm
from ui.render import page
from ui.views import Notice, Viewer
from ui.visit import FORM_AGAIN, Doer, Reader, Typed, fault_of, go, new_key, office, shell, text

router = APIRouter(include_in_schema=False)

ADDRESS = "/training/practice"
EMPTY = PracticeForm()
FIELDS = {name: name for name in ("decision", "concepts")}


def _typed(typed: FormData) -> PracticeForm:
    """What was chosen."""
    names = ("bundle", "case_ref", "place", "decision", "idempotency_key")
    concepts = tuple(dict.fromkeys(str(item) for item in typed.getlist("concepts")))
    return PracticeForm(**{name: text(typed, name) for name in names}, concepts=concepts)


def practice_page(
    request: Request,
    viewer: Viewer,
    bundle: str,
    *,
    begin: bool = False,
    form: PracticeForm = EMPTY,
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> Response:
    """The case that is next, with what was chosen in its form."""
    practice = office(request).practice.practice(viewer, bundle, begin=begin)
    same = practice.case is not None and practice.case.case_ref == form.case_ref
    context = PracticePage(
        shell=shell(request, viewer, "Practice", current="training", notices=notices, fault=fault),
        practice=practice,
        form=form if same else EMPTY,
        key=new_key(request),
    )
    return page(request, context, status=status)


@shows_again(ADDRESS)
def _again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    """The form as it was filled when the log-in ran out."""
    assert not parts
    form = _typed(typed)
    return practice_page(request, viewer, form.bundle, begin=True, form=form, notices=notices)


@router.get(ADDRESS)
def show_practice(
    request: Request,
    viewer: Reader,
    bundle: Annotated[str, Query()] = "",
    begin: Annotated[str, Query()] = "",
) -> Response:
    """The practice case that is next; a round is begun only when asked for (``begin=yes``)."""
    return practice_page(request, viewer, bundle, begin=begin == "yes")


@router.post(ADDRESS)
def answer_practice(request: Request, viewer: Doer, typed: Typed) -> Response:
    """Record an answer and tell what came of the loan; refused, the form again."""
    form = _typed(typed)
    try:
        said = office(request).practice.answer(viewer, form)
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault, status = fault_of(refused, FIELDS), refused.status
        return practice_page(
            request, viewer, form.bundle, begin=True, form=form, fault=fault, status=status
        )
    return go(f"{ADDRESS}?{urlencode({'bundle': form.bundle})}", said)
