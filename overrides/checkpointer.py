"""A thread that signs where the ledger stands, soon after it changed and hourly when it did not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event, Thread

from overrides.ledger import HEARTBEAT, LedgerBook, sign_checkpoint
from overrides.notes import Signer
from overrides.values import Clock

EVERY = timedelta(seconds=30)  # nothing stays unsigned for longer, while the thread runs
ENTRIES_MAX = 1_000  # and not for more entries than this
POLL_SECONDS = 1.0


class Checkpointer:
    """Signs checkpoints until closed. ``problem`` is why the last attempt failed, if it did."""

    def __init__(
        self,
        book: LedgerBook,
        signer: Signer,
        clock: Clock,
        *,
        on_problem: Callable[[Exception], None] = lambda _: None,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.problem: Exception | None = None
        self._book = book
        self._signer = signer
        self._clock = clock
        self._on_problem = on_problem
        self._poll_seconds = poll_seconds
        self._unsigned_since: datetime | None = None
        self._closing = Event()
        self._thread = Thread(target=self._work, name="checkpointer", daemon=True)

    def start(self) -> None:
        """Begin to watch the ledger."""
        self._thread.start()

    def close(self) -> None:
        """Stop, after signing what is still unsigned."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
            self._try(self._sign)

    def _work(self) -> None:
        """Look, sign when it is time, look again."""
        while not self._closing.wait(self._poll_seconds):
            self._try(self._look)

    def _try(self, step: Callable[[], None]) -> None:
        """Take a step; a failure is kept and told, and the thread goes on."""
        try:
            step()
        except Exception as failure:  # noqa: BLE001 - a checkpointer that dies leaves no trace
            if not isinstance(self.problem, type(failure)):
                self._on_problem(failure)
            self.problem = failure
        else:
            self.problem = None

    def _look(self) -> None:
        """Sign when something is unsigned for long enough, or too much is, or nothing happens."""
        now, size = self._clock(), self._book.head().size
        last = self._book.latest_checkpoint()
        unsigned = size - (last.size if last else 0)
        if not unsigned:
            self._unsigned_since = None
            if last is not None and now - last.signed_at >= HEARTBEAT:
                self._sign()
            return
        since = self._unsigned_since = self._unsigned_since or now
        if unsigned < 0 or unsigned >= ENTRIES_MAX or now - since >= EVERY:
            self._sign()

    def _sign(self) -> None:
        """Sign where the ledger stands."""
        sign_checkpoint(self._book, self._signer, self._clock)
        self._unsigned_since = None
