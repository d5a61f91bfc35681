"""Asking a ledger over HTTP what a witness wants to know, without ever waiting for long.

Standard library only. No redirect is followed, so a key goes to the named host and nowhere else,
and passwords and keys travel in the clear to this machine only.
"""

import json
import socket
import ssl
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import NoReturn, TypeVar
from urllib.parse import urlencode, urlsplit

from decision_service.errors import ServiceError

ANSWER_BYTES_MAX = 1_000_000
TOLD_MAX = 500
HASHES_MAX = 64
AGENT = "countermand-witness"
LEDGER_SIZE, LEDGER_TIME, DIGITS = "ledger-size", "ledger-time", 19
LATE = "not within {:g} seconds"
HTTP_PORT, HTTPS_PORT = 80, 443
OK, CREATED, SEE_OTHER, REDIRECTS = 200, 201, 303, range(300, 400)

_Found = TypeVar("_Found")


@dataclass(eq=False)
class NotReached(ServiceError):
    """{address} did not tell what it was asked: {cause}."""

    address: str
    cause: str


@dataclass(eq=False)
class NoAddress(ServiceError):
    """{address} is no address of a ledger: write https://host or https://host:port; without TLS only this machine's own."""  # noqa: E501

    address: str


@dataclass(frozen=True, slots=True)
class Login:
    """A name and a password, where there is no key."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A signed note as a service handed it out; all but the note is only its word."""

    note: str
    signed_at: str  # a date of HTTP, "" where it does not say
    size: int | None  # entries of the ledger just then, signed or not
    time: str  # when it counted them, "" where it does not say


@dataclass(slots=True)
class Visit:
    """One visit to one service; all of it together takes at most ``seconds``."""

    address: str
    key: str = ""
    login: Login | None = None
    ca: Path | None = None
    seconds: float = 30.0
    _until: float = field(init=False)
    _cookies: str = ""

    def __post_init__(self) -> None:
        """Refuse an address that is none, or to which a key would travel in the clear."""
        self._until = monotonic() + self.seconds
        if not reachable(self.address):
            raise NoAddress(self.address)

    def checkpoint(self) -> Shown:
        """The newest signed note, and what the service says of it."""
        status, headers, body = self._ask("GET", "/v1/ledger/checkpoint")
        self._expect(status, headers, body)
        size = headers.get(LEDGER_SIZE, "")
        return Shown(
            self._text(body),
            signed_at=headers.get("last-modified", ""),
            size=int(size) if size.isascii() and size.isdecimal() and len(size) < DIGITS else None,
            time=headers.get(LEDGER_TIME, ""),
        )

    def consistency(self, first: int, second: int) -> list[bytes]:
        """The proof that the first so many entries are the beginning of the second."""
        query = urlencode({"first": first, "second": second})
        status, headers, body = self._ask("GET", f"/v1/ledger/consistency?{query}")
        self._expect(status, headers, body)
        try:
            hashes = json.loads(body)["hashes"]
            return [b64decode(step, validate=True) for step in hashes[:HASHES_MAX]]
        except (ValueError, TypeError, KeyError):
            self._fail("its proof cannot be read")

    def tell(self, size: int, root: bytes) -> None:
        """Say what is remembered. Raises ``NotReached`` with the reason where it is not taken."""
        told = {"size": size, "root": root.hex()}
        key = f"anchor-{size}-{root.hex()[:16]}"
        status, headers, body = self._ask("POST", "/v1/ledger/anchors", told, key)
        if status != CREATED:
            self._expect(status, headers, body)

    def show(self, request: str) -> tuple[int, Mapping[str, str], bytes]:
        """Show a witness a checkpoint, as C2SP tlog-witness has it; status, headers and body."""
        headers = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": AGENT}
        return self._send("POST", "/add-checkpoint", request.encode(), headers)

    def _expect(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Raise ``NotReached`` for every answer but a good one."""
        if status == OK:
            return
        if status in REDIRECTS:
            self._fail(f"it sends on to {headers.get('location', 'nowhere')[:200]}")
        try:
            detail = str(json.loads(body)["detail"])[:500]
        except (ValueError, TypeError, KeyError):
            detail = "it is not a Countermand service, or something stands before it"
        self._fail(f"it answered {status}: {detail}")

    def _ask(
        self, method: str, path: str, body: object = None, key: str = ""
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request; a log-in comes first where there is no key."""
        if self.login and not self._cookies:
            self._log_in(self.login)
        headers = {"Accept": "application/json", "User-Agent": AGENT}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        if self._cookies:
            headers["Cookie"] = self._cookies
        if body is not None:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": key}
        data = None if body is None else json.dumps(body).encode()
        return self._send(method, path, data, headers)

    def _log_in(self, login: Login) -> None:
        """Get a session, as a browser would."""
        data = urlencode({"name": login.name, "password": login.password}).encode()
        form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
        status, headers, _ = self._send("POST", "/login", data, form)
        try:
            cookies = SimpleCookie(headers.get("set-cookie", ""))
        except CookieError:
            cookies = SimpleCookie()
        if status != SEE_OTHER or not cookies:
            self._fail(f"it did not let {login.name} in")
        self._cookies = "; ".join(f"{name}={kept.value}" for name, kept in cookies.items())

    def _send(
        self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One exchange, within the time that is left."""

        def exchange(wires: list[socket.socket]) -> tuple[int, Mapping[str, str], bytes]:
            with self._connected(wires) as connection:
                base = urlsplit(self.address).path.rstrip("/")
                connection.request(method, base + path, data, dict(headers))
                answer = connection.getresponse()
                body = answer.read(ANSWER_BYTES_MAX + 1)
                named = {name.lower(): value for name, value in answer.getheaders()}
                return answer.status, named, body

        status, named, body = self._in_time(exchange)
        if len(body) > ANSWER_BYTES_MAX:
            self._fail("its answer has no end")
        return status, named, body

    @contextmanager
    def _connected(self, wires: list[socket.socket]) -> Iterator[HTTPConnection]:
        """A connection to the named host. ``wires`` gets what it can be cut with."""
        parts, left = urlsplit(self.address), max(self._until - monotonic(), 0.1)
        assert parts.hostname
        plain = parts.scheme == "http"
        port = parts.port or (HTTP_PORT if plain else HTTPS_PORT)
        trust = None if plain else ssl.create_default_context(cafile=self.ca)
        # Greeting under TLS puts another socket in the place of this one: a second one cuts both.
        with (
            socket.create_connection((parts.hostname, port), left) as opened,
            opened.dup() as wire,
        ):
            wires.append(wire)
            if monotonic() > self._until:
                raise TimeoutError
            if trust is None:
                connection = HTTPConnection(parts.hostname, port, timeout=left)
                connection.sock = opened
            else:
                connection = HTTPSConnection(parts.hostname, port, timeout=left, context=trust)
                connection.sock = trust.wrap_socket(opened, server_hostname=parts.hostname)
            try:
                yield connection
            finally:
                connection.close()

    def _in_time(self, work: Callable[[list[socket.socket]], _Found]) -> _Found:
        """Do something that may hang anywhere, from a look-up of names to the last byte.

        When time is up its connection is cut, so that it ends, whatever the other side says. Only
        a look-up of names goes on for as long as the system lets it.
        """
        done: SimpleQueue[_Found | Exception] = SimpleQueue()
        wires: list[socket.socket] = []

        def run() -> None:
            try:
                done.put(work(wires))
            except Exception as failure:  # noqa: BLE001 - raised again by who waits
                done.put(failure)

        Thread(target=run, daemon=True).start()
        try:
            found = done.get(timeout=max(self._until - monotonic(), 0.0) + 0.05)
        except Empty:
            for wire in wires:
                with suppress(OSError):
                    wire.shutdown(socket.SHUT_RDWR)
            self._fail(LATE.format(self.seconds))
        if isinstance(found, TimeoutError):
            self._fail(LATE.format(self.seconds))
        if isinstance(found, OSError | HTTPException):
            cause = getattr(found, "strerror", None) or str(found) or type(found).__name__
            self._fail(str(cause).lower())
        if isinstance(found, Exception):
            raise found
        return found

    def _text(self, body: bytes) -> str:
        """An answer as text."""
        try:
            return body.decode()
        except UnicodeDecodeError:
            self._fail("its answer is no text")

    def _fail(self, cause: str) -> NoReturn:
        """Say why nothing was told."""
        raise NotReached(self.address, printable(cause)) from None


def printable(told: str) -> str:
    """What a stranger says, in one line for pages and terminals, which obey control characters."""
    plain = "".join(letter if letter.isprintable() else " " for letter in told)
    return " ".join(plain.split())[:TOLD_MAX]


def reachable(address: str) -> bool:
    """Whether this is an address to which a key may be sent."""
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    plain = bool(host) and not (parts.query or parts.fragment or parts.username)
    return plain and (parts.scheme == "https" or (parts.scheme == "http" and _here(host or "")))


def _here(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
