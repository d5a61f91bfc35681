"""All pages together: what a service calls to have them."""

from collections.abc import Callable
from uuid import uuid4

from fastapi import FastAPI

from ui import (
    admin,
    appeals,
    approvals,
    board,
    case,
    changing,
    desk,
    drafts,
    erasures,
    findings,
    first_view,
    governing,
    handbook,
    ledger,
    letters,
    line,
    login,
    misses,
    models,
    overriding,
    practice,
    questions,
    receipts,
    review_dates,
    reviews,
    sharing,
    training,
    verdicts,
    waiting,
)
from ui.problems import install_problems
from ui.render import STATIC, KeptFiles

ROUTERS = tuple(
    module.router
    for module in (
        login,
        desk,
        case,
        overriding,
        drafts,
        line,
        questions,
        first_view,
        sharing,
        reviews,
        review_dates,
        training,
        practice,
        findings,
        waiting,
        appeals,
        changing,
        approvals,
        letters,
        receipts,  # before the ledger's entries, whose addresses end in anything
        ledger,
        erasures,
        board,
        verdicts,
        misses,
        models,
        governing,
        admin,
        handbook,
    )
)


def _random_key() -> str:
    return str(uuid4())


def install(app: FastAPI, *, new_key: Callable[[], str] = _random_key) -> None:
    """Add every page, the static files and the answers to what pages raise.

    The service puts its ``ui.ports.Office`` into ``app.state.office`` before the first request.
    ``new_key`` makes the idempotency key of each form shown.
    """
    app.state.new_key = new_key
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", KeptFiles(directory=STATIC), name="static")
    install_problems(app)
