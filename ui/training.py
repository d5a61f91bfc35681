"""The training register: who may decide the cases of which bundle, until when."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from ui.frame import Fault
from ui.kept import shows_again
from ui.ports import Refused
from ui.render import page
from ui.training_contexts import TrainingPage
from ui.training_views import TrainingForm
from ui.views import Notice, Viewer
from ui.visit import FORM_AGAIN, Doer, Reader, Typed, fault_of, go, new_key, office, shell, text

router = APIRouter(include_in_schema=False)

EMPTY = TrainingForm()
FIELDS = {name: name for name in ("person", "bundle", "ground", "last_day", "note")}


def _typed(typed: FormData) -> TrainingForm:
    """What was typed."""
    return TrainingForm(**{name: text(typed, name) for name in (*FIELDS, "idempotency_key")})


def training_page(
    request: Request,
    viewer: Viewer,
    *,
    as_of: str = "",
    form: TrainingForm = EMPTY,
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> Response:
    """The register on a day, with what was typed in its form."""
    context = TrainingPage(
        shell=shell(request, viewer, "Training", current="training", notices=notices, fault=fault),
        training=office(request).training.register(viewer, as_of),
        form=form,
        key=new_key(request),
    )
    return page(request, context, status=status)


@shows_again("/training")
def _again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    """The form as it was filled when the log-in ran out."""
    assert not parts
    return training_page(request, viewer, form=_typed(typed), notices=notices)


@router.get("/training")
def show_training(
    request: Request, viewer: Reader, as_of: Annotated[str, Query()] = ""
) -> Response:
    """Who is trained, on any day."""
    return training_page(request, viewer, as_of=as_of)


@router.post("/training")
def record_training(request: Request, viewer: Doer, typed: Typed) -> Response:
    """Record who is trained; refused, the form again."""
    form = _typed(typed)
    try:
        return go("/training", office(request).training.record(viewer, form))
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, FIELDS)
        return training_page(request, viewer, form=form, fault=fault, status=refused.status)
