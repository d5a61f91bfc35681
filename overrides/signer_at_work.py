"""Watches a log and signs it: soon after it changed, hourly when it did not, when it is asked.

Whatever goes wrong is told and tried again; nothing here can stop a decision.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from overrides.errors import LedgerError, SigningRefused
from overrides.ledger import HEARTBEAT
from overrides.signer_memory import Remembered
from overrides.signing import KeyAtHand
from overrides.signing_desk import REPORT_EVERY, RUNNING, STOPPED, Answer, Report, SigningDesk
from overrides.sweep import Sweep

EVERY = timedelta(seconds=30)  # nothing stays unsigned for longer
ENTRIES_MAX = 1_000  # and not for more entries than this
REFUSED_FOR = timedelta(seconds=10)  # after a refusal, look again
POLL_SECONDS = 0.25


@dataclass(slots=True)
class SignerAtWork:
    """One signer at work. ``problem`` is why it does not sign, "" when it does."""

    signing: KeyAtHand
    desk: SigningDesk
    on_problem: Callable[[str], None] = lambda _: None
    words: Callable[[Exception], str] = str  # what a failure is called
    problem: str = ""
    sweep: Sweep = field(init=False)
    _unsigned_since: datetime | None = None
    _refused_until: datetime | None = None
    _reported: Report | None = None

    def __post_init__(self) -> None:
        """Begin with a whole pass over the log."""
        self.sweep = Sweep(self.signing.book)

    def run(self, wait: Callable[[float], bool]) -> None:
        """Look again and again until ``wait``, given seconds, says that it is time to stop.

        Raises ``SigningRefused`` while another signer of this log is at work.
        """
        self.check_alone()
        while True:
            self.look()
            if wait(POLL_SECONDS):
                break
        self.finish()

    def check_alone(self) -> None:
        """Refuse to work beside a signer with another memory."""
        report, now = self.desk.last_report(), self.signing.clock()
        if report and report.home != self.signing.memory.home and not report.silent(now):
            ago = int((now - report.at).total_seconds())
            cause = f"another signer of this log, with a memory of its own, reported {ago} s ago"
            raise SigningRefused(cause=cause)

    def look(self) -> None:
        """Sign if it is time to, answer who asked, read back a little, say how it stands."""
        self._try(self._sign_if_due)
        self._try(self._answer)
        self._try(self._sweep)
        self._try(lambda: self._report(RUNNING))

    def finish(self) -> None:
        """Sign what is still unsigned, and say that nobody signs from now on."""
        self._try(self._sign)
        self._try(lambda: self._report(STOPPED))

    def _try(self, step: Callable[[], None]) -> None:
        """Take a step; whatever fails is told, and the next one is taken."""
        try:
            step()
        except Exception as failure:  # noqa: BLE001 - a signer that dies leaves no trace
            self._tell(self.words(failure))

    def _tell(self, problem: str) -> None:
        """Keep a problem, and tell it once."""
        if problem != self.problem:
            self.on_problem(problem)
        self.problem = problem

    def _sign_if_due(self) -> None:
        """Sign when something is unsigned for long enough, or too much is, or nothing happens."""
        now = self.signing.clock()
        if self._refused_until is not None and now < self._refused_until:
            return
        last, size = self.signing.remembered(), self.signing.book.head().size
        if self._is_due(last, size, now):
            self._sign()

    def _is_due(self, last: Remembered | None, size: int, now: datetime) -> bool:
        """Whether it is time to sign."""
        if last is None or self.problem:
            return bool(size or last)
        unsigned = size - last.size
        if not unsigned:
            self._unsigned_since = None
            return now - last.signed_at >= HEARTBEAT
        since = self._unsigned_since
        if since is None or now < since:
            since = self._unsigned_since = now
        return unsigned < 0 or unsigned >= ENTRIES_MAX or now - since >= EVERY

    def _sign(self) -> None:
        """Sign where the ledger stands, unless an entry that was signed is not there any more."""
        self._refused_until = self.signing.clock() + REFUSED_FOR
        if self.sweep.problem is not None:
            raise self.sweep.problem
        self.signing.checkpoint()
        self._refused_until = self._unsigned_since = None
        self.problem = ""

    def _answer(self) -> None:
        """Answer who asked."""
        for wanted in self.desk.wanted():
            try:
                note = self._note(wanted.text)
                answer = Answer(note, "" if note else "the ledger is empty")
            except LedgerError as refused:
                cause = refused.cause if isinstance(refused, SigningRefused) else str(refused)
                answer = Answer("", cause)
            self.desk.settle(wanted.request_id, answer)

    def _note(self, text: str) -> str:
        """What was asked for, signed."""
        if self.sweep.problem is not None:
            raise self.sweep.problem
        if text:
            return self.signing.sign(text)
        signed = self.signing.checkpoint()
        return signed.note if signed else ""

    def _sweep(self) -> None:
        """Read back a little; what is found is told at once and cleared by a clean pass."""
        before = self.sweep.problem
        self.sweep.step(self.signing.remembered(), self.signing.clock())
        found = self.sweep.problem
        if found is not None and found is not before:
            self._tell(self.words(found))
        elif found is None and before is not None:
            self._refused_until, self.problem = None, ""

    def _report(self, standing: str) -> None:
        """Say how it stands, when that changed or was not said for a while."""
        last, now = self.signing.remembered(), self.signing.clock()
        size = last.size if last else 0
        report = Report(self.signing.memory.home, now, standing, size, self.problem)
        before = self._reported
        told = (report.standing, report.signed_size, report.problem)
        if (
            before is None
            or told != (before.standing, before.signed_size, before.problem)
            or not timedelta() <= now - before.at < REPORT_EVERY
        ):
            self.desk.report(report)
            self._reported = report
