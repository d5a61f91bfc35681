"""The service put together: the front, the door, the interface and the pages."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import Thread

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route

from countermand import __version__
from decision_service import (
    api_bundles,
    api_cases,
    api_changes,
    api_decisions,
    api_feedback,
    api_ledger,
    api_metrics,
    api_outcomes,
    api_questions,
    api_waiting,
    api_witness,
    operation,
)
from decision_service.access import ROUTES
from decision_service.answers import DATABASE, OURS, answer_to
from decision_service.api_batch import Batch
from decision_service.api_decisions import decide
from decision_service.door import Door
from decision_service.facades import routes as facades
from decision_service.facades.score_only import ScoreOnly
from decision_service.front import Front
from decision_service.lender import lender_problem
from decision_service.measures import Measures
from decision_service.office import office_of
from decision_service.operation import MODELS, Readiness
from decision_service.people_pages import Showcase
from decision_service.queries import known_parameters
from decision_service.route_table import RouteTable
from decision_service.services import Services
from ui.pages import install
from ui.ports import Office

API = (
    api_decisions.router,
    api_bundles.router,
    api_cases.router,
    api_waiting.router,
    api_changes.router,
    api_questions.router,
    api_outcomes.router,
    api_ledger.router,
    api_metrics.router,
    api_feedback.router,
    api_witness.router,
    facades.router,
)


def create_app(
    services: Services,
    *,
    showcase: Showcase | None = None,
    office: Office | None = None,
    warm: bool = True,
    warmed: Callable[[], None] = lambda: None,
) -> FastAPI:
    """The application over these services; it does not close them.

    With ``warm``, models are loaded and proven in the background after the start, and ``/readyz``
    says when that is done and ``warmed`` was called. ``app.state.readiness`` takes what else has to
    be waited for.
    """
    app = FastAPI(
        title="Countermand",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan if warm else None,
    )
    rooms = office or office_of(services, showcase)
    app.state.services = services
    app.state.office = rooms
    app.state.score_only = ScoreOnly(services)
    app.state.measures = measures = Measures()
    app.state.readiness = readiness = Readiness()
    app.state.warmed = warmed
    if warm:
        readiness.wait_for(MODELS)
    # The hot path first, and as plain Starlette: validation is the door's and the pipeline's.
    app.router.routes.append(Route("/v1/decisions", decide, methods=["POST"]))
    app.router.routes.append(Route("/v1/decisions/batch", Batch(), methods=["POST"]))
    for router in API:
        app.include_router(router, dependencies=[Depends(known_parameters)])
    app.include_router(operation.router)
    install(app, new_key=services.new_id)
    for kind in (*OURS, *DATABASE, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, answer_to)
    app.add_middleware(
        Door,
        people=services.people,
        office=rooms,
        table=RouteTable(ROUTES),
        body_limit=services.settings.body_bytes_max,
        rows_limit=services.settings.rows_bytes_max,
    )
    tls = services.settings.secure_cookies
    app.add_middleware(Front, measures=measures, new_id=services.new_id, tls=tls)
    return app


LOGGER = logging.getLogger(__name__)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Warm the models beside the first requests: those that come too early wait for their own."""
    Thread(target=_warm, args=(app,), name="warming", daemon=True).start()
    yield


def _warm(app: FastAPI) -> None:
    """Load, prove and warm every model in use; what cannot be used is told by ``/readyz``."""
    try:
        if problem := lender_problem(app.state.services.settings.lender):
            LOGGER.error("no letter can be made: %s", problem)
        app.state.services.registry.warm()
        app.state.warmed()
    finally:
        app.state.readiness.done(MODELS)
