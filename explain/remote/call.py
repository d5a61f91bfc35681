"""One request to a model over HTTP: bounded in time and size, to one host, and nowhere it points.

Standard library only. No redirect is followed, no proxy of the environment asked, and certificates
are checked as the system has them.
"""

import socket
import ssl
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from threading import Timer
from time import monotonic

from .hosts import AllowedHost, HostRefusedError, address_of

OK, REDIRECTS = 200, range(300, 400)
AGENT = "countermand-model"


class NoAnswerError(Exception):
    """A model did not answer; says why, and nothing of what was sent or told."""


class _Line:
    """A connection to a model that ends when its time is over, whatever it waits for.

    A time limit of a socket begins anew with each byte; this one does not.
    """

    def __init__(self, plain: socket.socket, seconds: float) -> None:
        self.socket = plain
        self._watch = Timer(max(seconds, 0.001), self._cut)
        self._watch.daemon = True
        self._watch.start()

    def secure(self, host: str) -> None:
        """Speak TLS from here on, with a certificate for this host."""
        context = ssl.create_default_context()
        self.socket = secured = context.wrap_socket(
            self.socket, server_hostname=host, do_handshake_on_connect=False
        )
        secured.do_handshake()

    def close(self) -> None:
        """Leave nothing open, nor anybody watching."""
        self._watch.cancel()
        self.socket.close()

    def _cut(self) -> None:
        """End whatever waits for this line; below TLS, which would first say goodbye."""
        with suppress(OSError):
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


def post(
    allowed: AllowedHost, path: str, body: bytes, *, tls: bool, seconds: float, limit: int
) -> bytes:
    """The body of a good answer; NoAnswerError or HostRefusedError, in time either way."""
    until = monotonic() + seconds
    try:
        address = address_of(allowed, seconds)
        left = max(until - monotonic(), 0.001)
        plain = socket.create_connection((address, allowed.port), left)
        plain.settimeout(None)
        with closing(_Line(plain, until - monotonic())) as line:
            if tls:
                line.secure(allowed.host)
            problem, told = _exchange(line.socket, allowed, path, body, limit)
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


def _exchange(
    line: socket.socket, allowed: AllowedHost, path: str, body: bytes, limit: int
) -> tuple[str, bytes]:
    """Ask and read: what is wrong with the answer, and its body where nothing is."""
    connection = HTTPConnection(allowed.host, allowed.port)
    connection.sock = line
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": AGENT,
        "Connection": "close",
    }
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    if answer.status in REDIRECTS:
        return "it sends requests on to somewhere else", b""
    if answer.status != OK:
        return f"it answered {answer.status}", b""
    told = answer.read(limit + 1)
    return (f"its answer is longer than {limit} bytes" if len(told) > limit else ""), told
