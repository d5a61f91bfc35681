"""The one door: every request passes it before any route sees it.

In this order: is there such a route, does the request come from our own pages, who sends it, may
they, is the body one that can be read. What the table of routes does not name does not exist.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NoReturn
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from decision_service.access import Permission, check, permission
from decision_service.answers import answer_to, is_api
from decision_service.body_guard import (
    header,
    idempotency_key,
    parse_json,
    read_body,
    replay,
)
from decision_service.errors import CrossSite, Unauthenticated
from decision_service.people import People
from decision_service.route_table import RouteTable
from decision_service.score_addresses import ASKING
from decision_service.visits import ACTOR, BODY, KEY, TEMPLATE
from overrides.values import Actor, Role
from ui.ports import Office
from ui.visit import SESSION_COOKIE, SignInNeeded, kept_fields

SAFE = frozenset({"GET", "HEAD"})
OWN_SITES = frozenset({b"same-origin", b"none"})
FILES = frozenset({"/reconciliation"})  # a file may be as large as the rows of other protocols
STREAMED = frozenset({"/v1/decisions/batch"})  # read line by line, each line with its own key
FIELDS_MAX = 200
LOG_IN = "Log in to see this page."
LOG_IN_AGAIN = "Your log-in has run out. Nothing was recorded."
KNOWN_SECONDS = 1.0
KNOWN_MAX = 1024


@dataclass(slots=True)
class KnownKeys:
    """Which service sent a key a moment ago, so that a busy one is not looked up for each request.

    A key that is revoked opens nothing after ``KNOWN_SECONDS``. People are looked up every time:
    what they may do rests on their limit, as it is when they act.
    """

    people: People
    monotonic: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[float, Actor]] = field(default_factory=dict)

    def recall(self, authorization: str) -> Actor | None:
        """Who it was, if it was asked a moment ago."""
        found = self._known.get(authorization)
        if found is not None and self.monotonic() - found[0] < KNOWN_SECONDS:
            return found[1]
        return None

    def ask(self, authorization: str) -> Actor:
        """Who it is; raises Unauthenticated."""
        actor = self.people.authenticate(authorization)
        if actor.role is Role.SERVICE:
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            self._known[authorization] = (self.monotonic(), actor)
        return actor


class Door:
    """Pure ASGI, so that it costs a decision some microseconds and not a task."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        people: People,
        office: Office,
        table: RouteTable,
        body_limit: int,
        rows_limit: int,
    ) -> None:
        self._app = app
        self._people = people
        self._office = office
        self._table = table
        self._body_limit = body_limit
        self._rows_limit = rows_limit  # of what the routes of other protocols read themselves
        self._keys = KnownKeys(people)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            receive = await self._admit(scope, receive)
        except SignInNeeded as needed:
            ask = scope["app"].exception_handlers[SignInNeeded]
            answer = await asyncio.to_thread(ask, Request(scope), needed)
            await answer(scope, receive, send)
        except Exception as refused:  # noqa: BLE001 # every refusal has an answer
            answer = await asyncio.to_thread(answer_to, Request(scope), refused)
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive) -> Receive:
        """Everything that is asked of a request; what the routes read its body from."""
        method, path, headers = scope["method"], scope["path"], scope["headers"]
        found = self._table.find(path)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        if method not in found.methods:
            allowed = {"allow": ", ".join(sorted(found.methods))}
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers=allowed)
        state = scope.setdefault("state", {})
        state[TEMPLATE] = found.template
        if method not in SAFE:
            own_site(headers)
        api = is_api(path)
        if permission(method, found.template) is not Permission.PUBLIC:
            role = await self._identify(scope, api=api)
            if role is None and not api and _for_people(headers):
                await self._ask_to_sign_in(scope, receive)
            check(method, found.template, role)
        if method in SAFE or path in STREAMED:
            return receive
        asks_scores = found.template in ASKING
        large = asks_scores or path in FILES
        limit = self._rows_limit if large else self._body_limit
        body = await read_body(headers, receive, limit)
        if api and not asks_scores and (body or method == "POST"):
            self._read(state, headers, body, method)
        return replay(body, receive)

    def _read(
        self, state: dict[str, object], headers: list[tuple[bytes, bytes]], body: bytes, method: str
    ) -> None:
        """The key that every recording POST needs, and the body's one meaning."""
        if method == "POST":
            state[KEY] = idempotency_key(headers)
        if body:
            state[BODY] = parse_json(headers, body, self._body_limit)

    async def _identify(self, scope: Scope, *, api: bool) -> Role | None:
        """Who sends this, and in which role; None when nobody known does."""
        headers, state = scope["headers"], scope["state"]
        authorization = header(headers, b"authorization")
        if authorization is not None:
            text = authorization.decode("latin-1")
            actor = self._keys.recall(text)
            if actor is None:
                actor = await asyncio.to_thread(self._keys.ask, text)
            state[ACTOR] = actor
            return actor.role if api else None
        token = Request(scope).cookies.get(SESSION_COOKIE)
        if not token:
            return None
        if api:
            found = await asyncio.to_thread(self._people.signed_in, token)
            if found is None:
                raise Unauthenticated
            state[ACTOR] = found[0].actor
            return found[0].role
        viewer = await asyncio.to_thread(self._office.people.viewer, token)
        state["viewer"] = viewer
        return Role(viewer.role) if viewer else None

    async def _ask_to_sign_in(self, scope: Scope, receive: Receive) -> NoReturn:
        """Send a person to the log-in page, with what was typed kept for afterwards."""
        if scope["method"] in SAFE:
            raise SignInNeeded(LOG_IN)
        files = scope["path"] in FILES
        limit = self._rows_limit if files else self._body_limit
        body = await read_body(scope["headers"], receive, limit)
        request = Request(scope, replay(body, receive))
        typed = await request.form(max_files=int(files), max_fields=FIELDS_MAX)
        kept = kept_fields(typed)
        await typed.close()
        raise SignInNeeded(LOG_IN_AGAIN, kept)


def own_site(headers: list[tuple[bytes, bytes]]) -> None:
    """Refuse an act that another site's page asked for; raises CrossSite.

    Programs send neither header. Browsers send at least one, and no page can forge them.
    """
    site = header(headers, b"sec-fetch-site")
    if site is not None:
        if site not in OWN_SITES:
            raise CrossSite
        return
    origin, host = header(headers, b"origin"), header(headers, b"host") or b""
    if origin is not None and urlsplit(origin).netloc != host:
        raise CrossSite


def _for_people(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a browser asks, not a program."""
    return b"text/html" in (header(headers, b"accept") or b"")
