"""Taking turns at a file: one thread of one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

_HERE = Lock()


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep everybody else waiting who asks for the same file; the turn goes with the process."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _HERE, path.open("ab") as file:
        with suppress(ImportError):  # elsewhere only this process's own threads take turns
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
