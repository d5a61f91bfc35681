"""The shared numbers, and the feedback sets that carry them back to data science."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ui.contexts import BoardPage, FeedbackPage
from ui.frame import PlottedFigure, PlottedSection
from ui.pictures import interval, interval_scale
from ui.render import SECURITY_HEADERS, page
from ui.tables import table_file, table_name, table_of
from ui.views import BoardSection
from ui.visit import Doer, Reader, Typed, go, new_key, office, shell, text

router = APIRouter(include_in_schema=False)

NUMBER_CHARS_MAX = 24
TOLD = frozenset({"good", "watch", "bad"})  # states that somebody has to look at
STATE_WORDS: Mapping[str, str] = {
    "good": "On target",
    "watch": "Watch",
    "bad": "Off target",
    "not enough": "Not enough data",
    "none": "No target",
}


def _numeric(column: tuple[str, ...]) -> bool:
    """Whether the cells of a column are numbers, or say that there is none."""
    return any(cell[:1].isdigit() for cell in column) and all(
        len(cell) <= NUMBER_CHARS_MAX for cell in column
    )


def plotted(section: BoardSection, csv: str = "", *, agreed: bool = True) -> PlottedSection:
    """A section with its pictures, on one scale where all its numbers are shares.

    Without ``agreed``, targets and owners are shown only where a number was held against one.
    """
    scale = interval_scale(section.figures)
    figures = tuple(
        PlottedFigure(
            figure=figure,
            picture=interval(figure, scale),
            state_words=STATE_WORDS.get(figure.state, figure.state),
        )
        for figure in section.figures
    )
    return PlottedSection(
        section=section,
        figures=figures,
        pictured=any(figure.point is not None for figure in section.figures),
        numeric=tuple(_numeric(column) for column in zip(*section.table[1:], strict=True)),
        csv=csv if section.table else "",
        agreed=agreed or any(figure.state in TOLD for figure in section.figures),
        ends=(f"{scale.low * 100:.3g} %", f"{scale.high * 100:.3g} %") if scale else None,
    )


@router.get("/board")
def show_board(
    request: Request, viewer: Reader, bundle: Annotated[str, Query()] = ""
) -> HTMLResponse:
    """The numbers of one model."""
    board = office(request).audit.board(viewer, bundle)
    asked = urlencode({"bundle": board.bundle})
    context = BoardPage(
        shell=shell(request, viewer, "Board", current="board"),
        board=board,
        sections=tuple(
            plotted(section, f"/board/{table_name(section)}.csv?{asked}")
            for section in board.sections
        ),
    )
    return page(request, context)


@router.get("/board/{name}.csv")
def board_table(
    request: Request, viewer: Reader, name: str, bundle: Annotated[str, Query()] = ""
) -> Response:
    """One table of it as CSV."""
    return table_file(table_of(office(request).audit.board(viewer, bundle), name), name)


@router.get("/feedback")
def show_feedback(
    request: Request, viewer: Reader, bundle: Annotated[str, Query()] = ""
) -> HTMLResponse:
    """What an export would hold, and the ones made before."""
    context = FeedbackPage(
        shell=shell(request, viewer, "Feedback sets", current="feedback"),
        feedback=office(request).audit.feedback(viewer, bundle),
        key=new_key(request),
    )
    return page(request, context)


@router.post("/feedback")
def export_feedback(request: Request, viewer: Doer, typed: Typed) -> RedirectResponse:
    """Write an export."""
    bundle = text(typed, "bundle")
    key = text(typed, "idempotency_key")
    folder = office(request).audit.export_feedback(viewer, bundle, key)
    return go(f"/feedback?{urlencode({'bundle': bundle})}", f"Written: {folder}.")


@router.get("/feedback/{folder}/{name}")
def download(request: Request, viewer: Reader, folder: str, name: str) -> Response:
    """One file of an export."""
    content = office(request).audit.feedback_file(viewer, folder, name)
    kind = "application/json" if name.endswith(".json") else "application/octet-stream"
    named = f"attachment; filename*=UTF-8''{quote(f'{folder}-{name}', safe='')}"
    headers = {**SECURITY_HEADERS, "Cache-Control": "no-store", "Content-Disposition": named}
    return Response(content, media_type=kind, headers=headers)
