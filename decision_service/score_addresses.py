"""Which addresses speak whose protocol, and what a refusal looks like in each."""

from collections.abc import Mapping
from http import HTTPStatus

KSERVE = "kserve-v1"
OPEN_INFERENCE = "oip-v2"
MLFLOW = "mlflow"

PREDICT = "/v1/models/{name}:predict"
EXPLAIN = "/v1/models/{name}:explain"
INFER = "/v2/models/{name}/infer"
INFER_VERSION = "/v2/models/{name}/versions/{version}/infer"
INVOCATIONS = "/invocations"

ASKING = frozenset({PREDICT, EXPLAIN, INFER, INFER_VERSION, INVOCATIONS})
"""Addresses that score: their bodies are longer than an application, and read by the routes."""

_BEGINNINGS = (("/v1/models", KSERVE), ("/v2", OPEN_INFERENCE), ("/invocations", MLFLOW))
_MLFLOW_CODES: Mapping[int, str] = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    409: "RESOURCE_CONFLICT",
    503: "TEMPORARILY_UNAVAILABLE",
}


def protocol_at(path: str) -> str:
    """The protocol that an address speaks; "" for one of our own."""
    for beginning, protocol in _BEGINNINGS:
        if path == beginning or path.startswith(beginning + "/"):
            return protocol
    return ""


def status_in(status: int) -> int:
    """A status as clients of these protocols know it: 400 for all that they sent wrong."""
    known = HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.BAD_REQUEST.value if status == known else status


def refusal_in(protocol: str, status: int, words: str) -> dict[str, str]:
    """A refusal in the protocol's own shape."""
    if protocol != MLFLOW:
        return {"error": words}
    internal = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    code = _MLFLOW_CODES.get(status, "INTERNAL_ERROR" if internal else "BAD_REQUEST")
    return {"error_code": code, "message": words}
