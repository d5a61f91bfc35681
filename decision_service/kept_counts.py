"""Reports over all cases, kept while a newer count is made beside the pages that show them.

A report over few cases is counted whenever somebody looks, so it holds everything recorded by then.
Where a count takes longer than that allows, whoever looks is shown the last one at once, with how
many entries came after it, and a new one begins. What is shown is therefore always one whole count
of the cases as they stood at one instant, and never a sum that has to be kept right. It lies in
memory alone: nothing that is erased lives on in it after a restart, and it names no applicant.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock, Thread

from decision_service.errors import NotReady
from ui.views import BoardView

AT_ONCE_SECONDS = 0.2  # of processor time: up to here a report is counted for each look
AT_ONCE_ENTRIES = 1_000  # later ones, up to which the next count is taken to be as quick
FRESH_SECONDS = 60.0  # without later entries only the time of day changes a number
REST = 9  # times as long as it took passes before the next count: a tenth of one core at most
FIRST_WAIT_SECONDS = 20.0  # for a count that somebody else's look began
WAITING_FOR = "the cases are being counted for the first time since it started; look again later"

Count = Callable[[], BoardView]
Begin = Callable[[Callable[[], None]], None]
LOGGER = logging.getLogger(__name__)


def in_thread(work: Callable[[], None]) -> None:
    """Do some work beside everything else."""
    Thread(target=work, name="counting", daemon=True).start()


@dataclass(frozen=True, slots=True)
class _Kept:
    """One count: of a ledger of ``size`` entries, what it cost, and when it was finished.

    ``rest_s`` is how long the next one waits: not at all after a first, which read every case.
    """

    view: BoardView
    size: int
    processor_s: float
    rest_s: float
    at: float


@dataclass(slots=True)
class _Report:
    """One report: its last count, and whether one is being made."""

    kept: _Kept | None = None
    busy: Lock = field(default_factory=Lock)


class KeptCounts:
    """The last count of each report, by its name and bundle."""

    def __init__(
        self,
        *,
        begin: Begin = in_thread,
        monotonic: Callable[[], float] = time.monotonic,
        processor: Callable[[], float] = time.thread_time,
        first_wait_s: float = FIRST_WAIT_SECONDS,
    ) -> None:
        self._begin = begin
        self._monotonic = monotonic
        self._processor = processor
        self._first_wait_s = first_wait_s
        self._reports: dict[tuple[str, str], _Report] = {}
        self._adding = Lock()

    def view(self, name: str, bundle: str, size: int, count: Count) -> BoardView:
        """A report of a bundle, the ledger having ``size`` entries now.

        Raises ``NotReady`` where its first count is under way and takes long.
        """
        with self._adding:
            report = self._reports.setdefault((name, bundle), _Report())
        kept = report.kept
        if kept is None or _is_quick(kept, size):
            return self._now(report, size, count)
        if self._due(kept, size) and report.busy.acquire(blocking=False):
            self._begin(lambda: self._beside(report, size, count))
        return _shown(kept, size)

    def _now(self, report: _Report, size: int, count: Count) -> BoardView:
        """Count while somebody waits; whoever comes meanwhile waits for what takes long."""
        if not report.busy.acquire(timeout=self._first_wait_s):
            raise NotReady(waiting_for=WAITING_FOR)
        try:
            kept = report.kept
            if kept is None or _is_quick(kept, size):
                kept = report.kept = self._counted(size, count, first=kept is None)
        finally:
            report.busy.release()
        return _shown(kept, size)

    def _beside(self, report: _Report, size: int, count: Count) -> None:
        """Count while the last one is shown; it stays where that fails."""
        try:
            report.kept = self._counted(size, count, first=False)
        except Exception:
            LOGGER.exception("a report could not be counted; the last count is still shown")
        finally:
            report.busy.release()

    def _due(self, kept: _Kept, size: int) -> bool:
        """Whether a newer count is worth its time."""
        age = self._monotonic() - kept.at
        return age >= kept.rest_s and (size != kept.size or age >= FRESH_SECONDS)

    def _counted(self, size: int, count: Count, *, first: bool) -> _Kept:
        """Count, and what it cost."""
        began, used = self._monotonic(), self._processor()
        view = count()
        at, spent = self._monotonic(), self._processor() - used
        return _Kept(view, size, spent, 0.0 if first else REST * (at - began), at)


def _is_quick(kept: _Kept, size: int) -> bool:
    """Whether another count may be made while somebody waits."""
    return kept.processor_s <= AT_ONCE_SECONDS and size - kept.size <= AT_ONCE_ENTRIES


def _shown(kept: _Kept, size: int) -> BoardView:
    """A count with how many entries it does not hold yet."""
    return replace(kept.view, later_entries=max(0, size - kept.size))
