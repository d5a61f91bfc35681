"""Around everything: a name for each request, headers on each answer, and no answer left out."""

import time
from collections.abc import Iterable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from decision_service.answers import answer_to
from decision_service.measures import Measures
from decision_service.visits import REQUEST_ID, TEMPLATE
from overrides.values import NewId
from ui.render import SECURITY_HEADERS

DEFAULT_HEADERS = {**SECURITY_HEADERS, "Cache-Control": "no-store"}
TLS_HEADERS = {"Strict-Transport-Security": "max-age=31536000"}
UNKNOWN_ROUTE = "none"
METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"})


class Front:
    """Pure ASGI, outside everything else. Headers that an answer has itself are left alone."""

    def __init__(self, app: ASGIApp, *, measures: Measures, new_id: NewId, tls: bool) -> None:
        self._app = app
        self._measures = measures
        self._new_id = new_id
        headers = {**DEFAULT_HEADERS, **(TLS_HEADERS if tls else {})}
        self._headers = [(k.lower().encode(), v.encode()) for k, v in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens behind."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0
        state = scope.setdefault("state", {})
        state[REQUEST_ID] = name = self._new_id()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._completed(message.get("headers", ()), name)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as broken:
            if status:
                raise
            answer = answer_to(Request(scope), broken)
            await answer(scope, receive, send_with_headers)
        finally:
            method = scope["method"] if scope["method"] in METHODS else "other"
            route = state.get(TEMPLATE, UNKNOWN_ROUTE)
            self._measures.request(method, route, status, time.perf_counter() - started)

    def _completed(
        self, headers: Iterable[tuple[bytes, bytes]], name: str
    ) -> list[tuple[bytes, bytes]]:
        """The answer's headers with those it lacks."""
        given = list(headers)
        names = {key.lower() for key, _ in given}
        given += [(key, value) for key, value in self._headers if key not in names]
        given.append((b"x-request-id", name.encode()))
        return given
