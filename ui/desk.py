"""The desk: lists of cases, the next one, search, and links from the lender's own system."""

from dataclasses import asdict, dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from overrides.cases import OPEN_STATES
from ui.contexts import DeskPage, SearchPage
from ui.frame import Tab
from ui.line import may_be_kept
from ui.render import page
from ui.views import QueuePage
from ui.visit import Doer, Reader, go, office, shell
from ui.words import STATUS_WORDS

router = APIRouter(include_in_schema=False)

WORDS_MAX = 200
# The states worth a tab of their own; another state gets one when it has cases.
TABS = ("in_review", "waiting_approval", "decided")


def _address(path: str, **asked: str) -> str:
    """An address with only what was asked for."""
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{path}?{query}" if query else path


def _tabs(queue: QueuePage, status: str) -> tuple[Tab, ...]:
    states = [
        name for name in STATUS_WORDS if name in TABS or name == status or queue.counts.get(name)
    ]
    return tuple(
        Tab(
            href=_address("/desk", status=name),
            words=STATUS_WORDS[name],
            count=queue.counts.get(name),
            current=name == status,
        )
        for name in states
    )


@dataclass(frozen=True, slots=True)
class Filters:
    """What an address narrows the list to."""

    status: Annotated[str, Query()] = "in_review"
    queue: Annotated[str, Query()] = ""
    holder: Annotated[str, Query()] = ""
    urgency: Annotated[str, Query()] = ""
    reason: Annotated[str, Query()] = ""
    product: Annotated[str, Query()] = ""
    branch: Annotated[str, Query()] = ""

    def chosen(self) -> dict[str, str]:
        """The filters as they are used: a state that is none is the first one."""
        status = self.status if self.status in STATUS_WORDS else "in_review"
        held = status in OPEN_STATES  # once closed, nobody holds it and nothing presses
        return asdict(self) | {
            "status": status,
            "holder": self.holder if held else "",
            "urgency": self.urgency if held else "",
        }


@router.get("/desk")
def show_desk(
    request: Request,
    viewer: Reader,
    asked: Annotated[Filters, Depends()],
    cursor: Annotated[str, Query()] = "",
) -> HTMLResponse:
    """Cases in one state, most urgent first."""
    filters = asked.chosen()
    status = filters["status"]
    found = office(request).desk.queue(viewer, filters, cursor)
    narrowed = any(value for name, value in filters.items() if name != "status")
    context = DeskPage(
        shell=shell(
            request,
            viewer,
            "Desk",
            current="desk",
            notices=office(request).training.warnings(viewer),
        ),
        queue=found,
        tabs=_tabs(found, status),
        filters=filters,
        held=status in OPEN_STATES,
        more=_address("/desk", **filters, cursor=found.next_cursor) if found.next_cursor else "",
        first="" if not cursor else _address("/desk", **filters),
        clear=_address("/desk", status=status) if narrowed else "",
        again=office(request).review_dates.own(viewer),
    )
    return may_be_kept(page(request, context, block="rows"), viewer, holds=not cursor)


@router.post("/desk/next")
def take_next(request: Request, viewer: Doer) -> RedirectResponse:
    """Claim the most urgent free case and open it."""
    case_id = office(request).desk.take_next(viewer)
    if not case_id:
        return go("/desk", "No case is free just now.", "note")
    return go(f"/cases/{case_id}", "This case is yours now.")


@router.get("/search")
def search(
    request: Request,
    viewer: Reader,
    q: Annotated[str, Query()] = "",
    cursor: Annotated[str, Query()] = "",
) -> HTMLResponse:
    """Cases by application, case or branch."""
    words = q.strip()[:WORDS_MAX]
    found = office(request).desk.search(viewer, words, cursor) if words else None
    following = found.next_cursor if found else ""
    context = SearchPage(
        shell=shell(request, viewer, "Search", current="search"),
        words=words,
        found=found,
        more=_address("/search", q=words, cursor=following) if following else "",
    )
    return page(request, context, block="found")


@router.get("/applications/{application_id}")
def find_application(request: Request, viewer: Reader, application_id: str) -> RedirectResponse:
    """From the lender's application to its case."""
    return go(f"/cases/{office(request).desk.application(viewer, application_id)}")
