"""What the door found out about a request, for the routes behind it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from decision_service.problems import encode
from decision_service.services import Services
from overrides.values import Actor

ACTOR = "actor"
BODY = "json"
KEY = "idempotency_key"
REQUEST_ID = "request_id"
TEMPLATE = "template"


def services_of(request: Request) -> Services:
    """The parts of this service."""
    found: Services = request.app.state.services
    return found


def actor_of(request: Request) -> Actor:
    """Who sends the request; the door let nobody unknown through to a route that needs one."""
    found: Actor = request.scope["state"][ACTOR]
    return found


def body_of(request: Request) -> Any:
    """The body as strictly parsed JSON; None when there is none."""
    return request.scope["state"].get(BODY)


def key_of(request: Request) -> str:
    """The Idempotency-Key, which every POST that records something has."""
    found: str = request.scope["state"][KEY]
    return found


def json_answer(body: Any, status: int = 200, **headers: str) -> Response:
    """An answer in JSON. A header's name is given with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(encode(body), status, named, media_type="application/json")
