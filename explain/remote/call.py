"""Requests to a model over HTTP: bounded in time and size, to one host, and nowhere it points.

Standard library only. No redirect is followed, no proxy of the environment asked, and certificates
are checked as the system has them. Connections are kept open between requests, a few and not for
long; where the host's name leads to is looked up for every request all the same, and only a
connection to that very address is used again.
"""

import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from threading import Lock, Timer
from time import monotonic

from .hosts import AllowedHost, HostRefusedError, address_of

OK, REDIRECTS = 200, range(300, 400)
AGENT = "countermand-model"

KEPT_MAX = 8
"""So many connections wait for the next request at most."""

KEPT_SECONDS = 20.0
"""And so long; many servers end what is silent for longer."""


class NoAnswerError(Exception):
    """A model did not answer; says why, and nothing of what was sent or told."""


class _Line:
    """A connection to an address that takes one request after another."""

    def __init__(self, allowed: AllowedHost, address: str, until: float) -> None:
        left = max(until - monotonic(), 0.001)
        self.address = address
        self.used_at = monotonic()
        self._socket = socket.create_connection((address, allowed.port), left)
        self._socket.settimeout(None)
        # Head and body go out one after the other, and must not wait for each other's receipt.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._http = HTTPConnection(allowed.host, allowed.port)
        self._http.auto_open = 0  # it would connect by name, to whatever that leads to then
        self._http.sock = self._socket
        self.open = True

    def secure(self, host: str) -> None:
        """Speak TLS from here on, with a certificate for this host."""
        context = ssl.create_default_context()
        self._http.sock = self._socket = secured = context.wrap_socket(
            self._socket, server_hostname=host, do_handshake_on_connect=False
        )
        secured.do_handshake()

    @contextmanager
    def ends(self, until: float) -> Iterator[None]:
        """Cut the line when its time is over, whatever it waits for.

        A time limit of a socket begins anew with each byte; this one does not.
        """
        watch = Timer(max(until - monotonic(), 0.001), self._cut)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def send(self, path: str, body: bytes) -> None:
        """Ask. Until there is a whole good answer, the line does not count as open."""
        self.open = False
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": AGENT,
        }
        self._http.request("POST", path, body, headers)
        if hasattr(socket, "TCP_QUICKACK"):
            # Nor must the server's, which waits 40 ms for a receipt between two small parts.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def hear(self, limit: int) -> tuple[str, bytes]:
        """What is wrong with the answer, and its body where nothing is."""
        answer = self._http.getresponse()
        if answer.status in REDIRECTS:
            return "it sends requests on to somewhere else", b""
        if answer.status != OK:
            return f"it answered {answer.status}", b""
        told = answer.read(limit + 1)
        if len(told) > limit:
            return f"its answer is longer than {limit} bytes", b""
        self.open = answer.isclosed() and not answer.will_close
        self.used_at = monotonic()
        return "", told

    def is_silent(self) -> bool:
        """Whether the other side said nothing since: neither goodbye nor an answer unasked for."""
        try:
            return not select.select([self._socket], [], [], 0)[0]
        except (OSError, ValueError):
            return False

    def close(self) -> None:
        """Leave nothing open."""
        self.open = False
        self._http.close()
        self._socket.close()

    def _cut(self) -> None:
        """End whatever waits for this line; below TLS, which would first say goodbye."""
        self.open = False
        with suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Caller:
    """Asks one host, and keeps some connections to it. Safe to use from many threads."""

    def __init__(self, allowed: AllowedHost, *, tls: bool) -> None:
        self._allowed = allowed
        self._tls = tls
        self._turn = Lock()
        self._kept: list[_Line] = []

    def post(self, path: str, body: bytes, *, seconds: float, limit: int) -> bytes:
        """The body of a good answer; NoAnswerError or HostRefusedError, in time either way."""
        until = monotonic() + seconds
        try:
            address = address_of(self._allowed, seconds)
            problem, told = self._asked(address, path, body, until, limit)
        except HostRefusedError:
            raise
        except ssl.SSLCertVerificationError:
            problem, told = "its certificate is not trusted", b""
        except (OSError, HTTPException, ValueError) as failed:
            problem, told = f"not reached ({type(failed).__name__})", b""
        if monotonic() >= until:
            problem = f"no answer within {seconds:.3g} s"
        if problem:
            raise NoAnswerError(problem)
        return told

    def close(self) -> None:
        """End what is kept."""
        with self._turn:
            ended, self._kept = self._kept, []
        for line in ended:
            line.close()

    def _asked(
        self, address: str, path: str, body: bytes, until: float, limit: int
    ) -> tuple[str, bytes]:
        """The answer over a connection that was kept, or over one of its own.

        Sent once: a question that a connection took with it when it ended may have been scored.
        """
        kept = self._kept_line(address)
        line = kept or _Line(self._allowed, address, until)
        try:
            with line.ends(until):
                if self._tls and kept is None:
                    line.secure(self._allowed.host)
                line.send(path, body)
                return line.hear(limit)
        finally:
            self._keep(line)

    def _kept_line(self, address: str) -> _Line | None:
        """The connection to this address that was used last; others that are no use end."""
        oldest = monotonic() - KEPT_SECONDS
        with self._turn:
            usable = [
                line
                for line in self._kept
                if line.used_at >= oldest and line.address == address and line.is_silent()
            ]
            ended = [line for line in self._kept if line not in usable]
            self._kept = usable
            found = usable.pop() if usable else None
        for line in ended:
            line.close()
        return found

    def _keep(self, line: _Line) -> None:
        """Keep a line that is open, where there are not enough of them."""
        with self._turn:
            if line.open and len(self._kept) < KEPT_MAX:
                self._kept.append(line)
                return
        line.close()
