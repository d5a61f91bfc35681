"""What an operator asks: is it up, is it ready, what does it count, what does it speak."""

from threading import Lock

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from decision_service.errors import NotReady
from decision_service.lender import lender_problem
from decision_service.openapi import schema_of
from decision_service.signer_words import signer_standing
from decision_service.tail import unanchored
from decision_service.visits import json_answer, services_of

router = APIRouter(include_in_schema=False)

MODELS = "the models are being loaded, proven and warmed"


class Readiness:
    """What still has to happen before the service should be asked anything."""

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._lock = Lock()

    def wait_for(self, what: str) -> None:
        """Be not ready until this is done."""
        with self._lock:
            self._waiting.append(what)

    def done(self, what: str) -> None:
        """It is done."""
        with self._lock:
            self._waiting.remove(what)

    @property
    def waiting_for(self) -> str:
        """What is still to be done, empty when ready."""
        with self._lock:
            return "; ".join(self._waiting)


@router.get("/healthz")
def health() -> Response:
    """The process answers."""
    return json_answer({"status": "ok"})


@router.get("/readyz")
def ready(request: Request) -> Response:
    """Models are loaded, proven and warm, and the ledger can be read.

    A signer that does not sign is told and changes nothing: decisions are recorded unsigned. A
    file of the lender that cannot be read is told too, because no letter is made without it.
    """
    readiness: Readiness = request.app.state.readiness
    if readiness.waiting_for:
        raise NotReady(waiting_for=readiness.waiting_for)
    services = services_of(request)
    size = services.ledger.head().size
    bundles = {}
    for standing in services.registry.standings().all():
        used = services.registry.in_use(standing.name)
        bundles[standing.name] = used.problem or standing.status
        if used.problem and standing.champion and not standing.suspended:
            cause = f"the champion {standing.name} cannot be used ({used.problem})"
            raise NotReady(waiting_for=cause)
    signer = signer_standing(services)
    told = {"runs": signer.runs, "signed_size": signer.signed_size, "problem": signer.problem}
    letters = {"problem": lender_problem(services.settings.lender)}
    return json_answer(
        {
            "status": "ready",
            "ledger_size": size,
            "bundles": bundles,
            "signer": told,
            "letters": letters,
        }
    )


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Counters for Prometheus."""
    services = services_of(request)
    checkpoint, signer = services.ledger.latest_checkpoint(), signer_standing(services)
    text = request.app.state.measures.text(
        entries=services.ledger.head().size,
        signed=checkpoint.size if checkpoint else 0,
        unanchored=unanchored(services),
        signing=not signer.problem,
    )
    return Response(text, media_type=CONTENT_TYPE_LATEST)


@router.get("/openapi.json")
def openapi(request: Request) -> Response:
    """What the interface speaks, as OpenAPI."""
    app: FastAPI = request.app
    return json_answer(schema_of(app))
