"""The shared numbers over HTTP."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from decision_service.board_page import BoardPage
from decision_service.visits import json_answer, services_of
from overrides.instants import instant_text
from ui.views import BoardView

router = APIRouter(prefix="/v1/metrics", tags=["metrics"])


@router.get("/board")
def board(request: Request, bundle: Annotated[str, Query(max_length=64)] = "") -> Response:
    """The shared numbers of a bundle, each with its interval and what it counts."""
    return json_answer(board_object(BoardPage(services_of(request)).numbers(bundle)))


def board_object(view: BoardView) -> dict[str, Any]:
    """The board as JSON."""
    return {**asdict(view), "as_of": instant_text(view.as_of)}
