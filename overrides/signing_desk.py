"""How the service and a signer in another process tell each other: requests, answers, reports.

They share nothing but the database, so they may be two users or two machines. What the signer signs
is decided by its own memory and the stored bytes, never by who asks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from overrides.errors import SigningRefused
from overrides.ledger import SignedCheckpoint
from overrides.notes import PublicKey
from overrides.signing import SignableLog
from overrides.values import Clock, NewId

REPORT_EVERY = timedelta(seconds=20)
SILENT_AFTER = timedelta(seconds=60)  # a signer that said nothing for so long does not run
ANSWER_SECONDS = 10.0
POLL_SECONDS = 0.05
RUNNING, STOPPED = "running", "stopped"


@dataclass(frozen=True, slots=True)
class Report:
    """What a signer says of itself. ``problem`` is why it refuses to sign, "" when it does not."""

    home: str  # the name of its memory
    at: datetime
    standing: str
    signed_size: int
    problem: str

    def silent(self, now: datetime) -> bool:
        """Whether this signer has stopped, or was not heard of for too long."""
        return self.standing != RUNNING or now - self.at > SILENT_AFTER


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that is to be signed; without a text, a checkpoint."""

    request_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request: a signed note, or why there is none."""

    note: str
    refusal: str


class SigningDesk(Protocol):
    """Where requests and reports lie."""

    def ask(self, wanted: Wanted, at: datetime) -> None:
        """Leave a request."""

    def answer(self, request_id: str) -> Answer | None:
        """The answer, if there is one; nothing yet otherwise."""

    def withdraw(self, request_id: str) -> None:
        """Take a request and its answer away."""

    def wanted(self) -> Sequence[Wanted]:
        """Requests without an answer, oldest first."""

    def settle(self, request_id: str, answer: Answer) -> None:
        """Answer a request; nothing happens when it was taken away."""

    def report(self, report: Report) -> None:
        """Leave word of the signer, in the place of what was there."""

    def last_report(self) -> Report | None:
        """What the signer last said of itself."""


@dataclass(frozen=True, slots=True)
class AskedSigner:
    """``Signing`` for whoever does not have the key: asks, and waits a bounded time."""

    key: PublicKey
    book: SignableLog
    desk: SigningDesk
    clock: Clock
    new_id: NewId
    pause: Callable[[float], None]
    answer_seconds: float = ANSWER_SECONDS

    def checkpoint(self) -> SignedCheckpoint | None:
        """A checkpoint over every entry there is now; nothing for an empty ledger."""
        if not self.book.head().size:
            return None
        self._ask("")
        return self.book.latest_checkpoint()

    def sign(self, text: str) -> str:
        """The manifest of an export as a signed note."""
        return self._ask(text)

    def _ask(self, text: str) -> str:
        """The signer's answer. Raises ``SigningRefused`` with its reason, or when none comes."""
        wanted = Wanted(self.new_id(), text)
        self.desk.ask(wanted, self.clock())
        try:
            for _ in range(int(self.answer_seconds / POLL_SECONDS)):
                answer = self.desk.answer(wanted.request_id)
                if answer is not None:
                    break
                self.pause(POLL_SECONDS)
            else:
                raise SigningRefused(cause=f"the signer did not answer; {self._heard()}")
        finally:
            self.desk.withdraw(wanted.request_id)
        if answer.refusal:
            raise SigningRefused(cause=answer.refusal)
        return answer.note

    def _heard(self) -> str:
        """When the signer was last heard of."""
        report = self.desk.last_report()
        return f"it last reported at {report.at:%Y-%m-%d %H:%M:%SZ}" if report else "none ever ran"
