"""Taking turns at a file: one thread of one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from threading import Lock

from overrides.kek_files import sync_folder

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


def put_aside(path: Path) -> Path:
    """Give a file another name, so that a new one can take its place; where it lies."""
    names = (path.with_name(f"{path.name}.damaged-{number}") for number in count(1))
    aside = next(name for name in names if not name.exists())
    path.replace(aside)
    sync_folder(path.parent)
    return aside
