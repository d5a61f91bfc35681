"""Log-in sessions: kept by the server, so that they can be ended from here.

The browser holds a random token; the database holds its hash, so a stolen copy of the database
opens no session. A session ends when it lies idle, after a working day whatever happens, at
log-out, and when its person is locked, leaves or gets another password.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from overrides.values import Clock

TOKEN_BYTES = 32
TOUCH_EVERY = timedelta(minutes=1)  # a page view writes to the database at most this often


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody's log-in. ``token_hash`` and ``csrf`` are hexadecimal."""

    token_hash: str
    person: str
    csrf: str
    started_at: datetime
    seen_at: datetime


class SessionStore(Protocol):
    """Where sessions lie."""

    def session(self, token_hash: str) -> Session | None:
        """The session with this hash."""

    def start(self, session: Session, *, forget_before: datetime) -> None:
        """Keep a session; those started before that instant are over and may go."""

    def touch(self, token_hash: str, now: datetime) -> None:
        """Note that the session is in use."""

    def end(self, token_hash: str) -> None:
        """Forget one session."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Starts, finds and ends sessions."""

    store: SessionStore
    clock: Clock
    random_bytes: Callable[[int], bytes]
    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=12)

    def start(self, person: str) -> str:
        """A new session's token: never one that a browser brought along."""
        now, token = self.clock(), self.random_bytes(TOKEN_BYTES).hex()
        csrf = self.random_bytes(TOKEN_BYTES).hex()
        session = Session(_hash(token), person, csrf, started_at=now, seen_at=now)
        self.store.start(session, forget_before=now - self.longest)
        return token

    def find(self, token: str) -> Session | None:
        """The session of a token while it runs; finding it keeps it from lying idle."""
        now, session = self.clock(), self.store.session(_hash(token))
        if session is None:
            return None
        if now - session.seen_at >= self.idle or now - session.started_at >= self.longest:
            self.store.end(session.token_hash)
            return None
        if now - session.seen_at >= TOUCH_EVERY:
            self.store.touch(session.token_hash, now)
        return session

    def end(self, token: str) -> None:
        """End one session."""
        self.store.end(_hash(token))


def _hash(token: str) -> str:
    """What is stored instead of the token."""
    return hashlib.sha256(b"countermand/session/v1\0" + token.encode()).hexdigest()
