"""Asking a time stamping authority over HTTP, without ever waiting for long.

Only the address that was given is asked, and no redirect is followed. It may be without TLS: what
counts is the signature in the reply, and the request tells nothing but a hash.
"""

from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

from decision_service.witness_visit import OK, REDIRECTS, Visit

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


@dataclass(slots=True)
class Asking(Visit):
    """One request to one authority; all of it together takes at most ``seconds``."""

    def __post_init__(self) -> None:
        """Begin to count the time."""
        self._until = monotonic() + self.seconds

    def stamp(self, request: bytes) -> bytes:
        """The authority's reply, not looked at. Raises ``NotReached`` where none comes."""
        path = "" if urlsplit(self.address).path.rstrip("/") else "/"
        headers = {"Content-Type": QUERY, "Accept": REPLY, "User-Agent": "countermand"}
        status, answered, body = self._send("POST", path, request, headers)
        if status in REDIRECTS:
            self._fail(f"it sends on to {answered.get('location', 'nowhere')[:200]}")
        if status != OK:
            self._fail(f"it answered {status}")
        return body


def is_address(text: str) -> bool:
    """Whether somebody can be asked there: http or https, a host, no name or password."""
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or parts.username)
    return bool(host) and plain and parts.scheme in ("http", "https")
