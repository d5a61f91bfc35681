"""The most memory that a program has had."""

import threading
from pathlib import Path

SAMPLE_SECONDS = 0.02


class Watch:
    """The most memory that a process and its children have had at once, where that can be told."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """Megabytes."""
        self._over.set()
        self._thread.join()
        return self._peak / 1024

    def _look(self) -> None:
        """Look every now and then."""
        while not self._over.wait(SAMPLE_SECONDS):
            self._peak = max(self._peak, self._kilobytes())

    def _kilobytes(self) -> int:
        """Proportional share of memory of the process and its children (Linux)."""
        proc, total = Path("/proc"), 0
        try:
            own = proc / str(self._pid)
            children = (own / "task" / str(self._pid) / "children").read_text().split()
            for pid in (str(self._pid), *children):
                for line in (proc / pid / "smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
        except OSError:
            return 0
        return total
