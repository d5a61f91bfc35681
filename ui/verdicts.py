"""The override report: how often, why, by whom, and whether it was right."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from ui.board import plotted
from ui.render import page
from ui.tables import table_file, table_name
from ui.verdict_contexts import FairnessPage, OverridesPage
from ui.visit import Reader, office, shell

router = APIRouter(include_in_schema=False)


@router.get("/overrides")
def show_overrides(
    request: Request, viewer: Reader, bundle: Annotated[str, Query()] = ""
) -> HTMLResponse:
    """The report on one model."""
    report = office(request).audit.overrides(viewer, bundle)
    asked = urlencode({"bundle": report.bundle})
    context = OverridesPage(
        shell=shell(request, viewer, "Overrides", current="overrides"),
        report=report,
        sections=tuple(
            plotted(section, f"/overrides/{table_name(section)}.csv?{asked}", agreed=False)
            for section in report.sections
        ),
    )
    return page(request, context)


@router.get("/fairness")
def show_fairness(
    request: Request, viewer: Reader, bundle: Annotated[str, Query()] = ""
) -> HTMLResponse:
    """Overrides by protected attribute."""
    report = office(request).audit.fairness(viewer, bundle)
    context = FairnessPage(
        shell=shell(request, viewer, "Fairness of overrides", current="fairness"),
        report=report,
        sections=tuple(plotted(section, agreed=False) for section in report.sections),
    )
    return page(request, context)


@router.get("/overrides/{name}.csv")
def override_table(
    request: Request, viewer: Reader, name: str, bundle: Annotated[str, Query()] = ""
) -> Response:
    """One table of it as CSV."""
    content = office(request).audit.override_table(viewer, bundle, name)
    return table_file(content, name)
