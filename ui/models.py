"""The registered models and their cards."""

from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ui.contexts import ModelPage, ModelsPage
from ui.render import page
from ui.visit import Reader, office, shell

router = APIRouter(include_in_schema=False)

Block = tuple[str, tuple[tuple[str, ...], ...]]


def _runs(card: tuple[tuple[str, str], ...]) -> tuple[Block, ...]:
    """The card's blocks with neighbours of one kind put together; cells are split at tabs."""
    return tuple(
        (kind, tuple(tuple(text.split("\t")) for _, text in run))
        for kind, run in groupby(card, key=lambda block: block[0])
    )


@router.get("/models")
def show_models(request: Request, viewer: Reader) -> HTMLResponse:
    """All models, the champion first."""
    context = ModelsPage(
        shell=shell(request, viewer, "Models", current="models"),
        bundles=office(request).audit.bundles(viewer),
    )
    return page(request, context)


@router.get("/models/{name}")
def show_model(request: Request, viewer: Reader, name: str) -> HTMLResponse:
    """One card."""
    bundle = office(request).audit.bundle(viewer, name)
    context = ModelPage(
        shell=shell(request, viewer, bundle.line.title, current="models"),
        bundle=bundle,
        blocks=_runs(bundle.card),
    )
    return page(request, context)
