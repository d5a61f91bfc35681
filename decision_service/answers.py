"""Errors as answers: a page for who looks at pages, problem+json for programs.

Whatever is raised anywhere ends here, once; nothing of it but its own sentence leaves the house.
"""

import logging
import traceback
from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from decision_service.errors import (
    Fault,
    InvalidRequest,
    NotReady,
    Overloaded,
    ServiceError,
    Unauthenticated,
)
from decision_service.problems import (
    MEDIA_TYPE,
    encode,
    kebab,
    plain_problem,
    pointer,
    problem,
    status_of,
)
from decision_service.score_addresses import protocol_at, refusal_in, status_in
from decision_service.visits import REQUEST_ID, TEMPLATE
from explain.errors import ExplainError
from overrides.errors import LedgerUnavailable, OverridesError
from ui.ports import Refused
from ui.problems import problem_page

LOGGER = logging.getLogger(__name__)

DATABASE = (DBAPIError, PoolTimeoutError)
UNREACHABLE = "the database cannot be read"
EXPECTED = (NotReady, Overloaded)  # states of a healthy service, not worth a line in its log
OURS = (ServiceError, OverridesError, ExplainError)
API = "/v1/"
JSON_TYPE = "application/json"
BROKEN = "Something broke on our side. Nothing is half recorded; ask with the same key again."
RETRY_SECONDS = "1"


def answer_to(request: Request, error: Exception) -> Response:
    """The answer to a request that failed with this error."""
    if isinstance(error, RequestValidationError):
        error = InvalidRequest(_validation_faults(error))
    elif isinstance(error, DATABASE):
        error = LedgerUnavailable(cause=UNREACHABLE)
    status = _status(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, EXPECTED):
        _log(request, error)
    if protocol := protocol_at(request.url.path):
        status = status_in(status)
        said = str(_body(request, error, status)["detail"])
        answer: Response = Response(
            encode(refusal_in(protocol, status, said)), status, media_type=JSON_TYPE
        )
    elif wants_page(request):
        said = str(error) if isinstance(error, OURS) else ""
        answer = problem_page(request, status, "", said)
    else:
        answer = Response(encode(_body(request, error, status)), status, media_type=MEDIA_TYPE)
    answer.headers.update(_headers(error, status))
    return answer


def is_api(path: str) -> bool:
    """Whether programs ask here, and nobody who looks at pages."""
    return path.startswith(API) or bool(protocol_at(path))


def wants_page(request: Request) -> bool:
    """Whether a person looks at the answer: never where programs ask."""
    if is_api(request.url.path):
        return False
    return "text/html" in request.headers.get("accept", "")


def _body(request: Request, error: Exception, status: int) -> dict[str, object]:
    """The problem object."""
    instance = str(request.scope.get("state", {}).get(REQUEST_ID, ""))
    if isinstance(error, OURS):
        return problem(error, instance)
    if isinstance(error, Refused):
        faults = tuple(Fault(pointer(name), text) for name, text in error.fields.items())
        return plain_problem(status, "refused", str(error), instance=instance, faults=faults)
    if isinstance(error, HTTPException):
        phrase = HTTPStatus(status).phrase
        name = phrase.lower().replace(" ", "-").replace("'", "")
        return plain_problem(status, name, f"{phrase}.", instance=instance)
    return plain_problem(status, "internal-error", BROKEN, instance=instance)


def _status(error: Exception) -> int:
    """The HTTP status of whatever was raised."""
    if isinstance(error, Refused):
        return error.status
    if isinstance(error, HTTPException):
        return error.status_code
    return status_of(error)


def _headers(error: Exception, status: int) -> dict[str, str]:
    """Headers that go with some refusals."""
    if isinstance(error, HTTPException):
        return dict(error.headers or {})
    if isinstance(error, Unauthenticated):
        return {"www-authenticate": "Bearer"}
    seconds = getattr(error, "seconds", None)
    if seconds is not None:
        return {"retry-after": str(seconds)}
    waits = status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE)
    return {"retry-after": RETRY_SECONDS} if waits else {}


def _validation_faults(error: RequestValidationError) -> tuple[Fault, ...]:
    """What FastAPI found, without what was sent."""
    return tuple(
        Fault(pointer(*fault["loc"][1:]), fault["msg"], kebab(str(fault["type"])))
        for fault in error.errors()
    )


def _log(request: Request, error: Exception) -> None:
    """Note what is our fault, and where. A stranger's own words may repeat what was sent."""
    route = request.scope.get("state", {}).get(TEMPLATE, "")
    if isinstance(error, OURS):
        LOGGER.error("%s %s: %s", request.method, route, error)
        return
    frames = "".join(traceback.format_tb(error.__traceback__))
    LOGGER.error("%s %s: %s\n%s", request.method, route, type(error).__name__, frames)
