"""The file of the key-encryption keys: read again when it changed, replaced without a gap.

At every moment there is one whole file. The file it takes the place of is written over, each time:
a second name keeps it in reach until that is done, should the process end in between. Where a file
system has no second names, only the open file does. A file system that keeps old blocks, or a disk
that moves them, may hold them for a while yet.
"""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

KEK = "kek.json"
RETIRED = ".retired"  # what is about to be written over
PARTIAL = ".partial"
LOCK = "rotation.lock"
SECRET_MODE = 0o600
READ_AGAIN = 3


@dataclass(frozen=True, slots=True)
class KekFile:
    """The key-encryption keys of an installation, by epoch."""

    directory: Path

    @property
    def path(self) -> Path:
        """The file itself."""
        return self.directory / KEK

    def __call__(self, seen: object) -> tuple[object, Mapping[int, bytes]] | None:
        """The keys with a mark of this state of the file; nothing when ``seen`` is that mark."""
        found = self.path.stat()
        mark = (found.st_ino, found.st_mtime_ns, found.st_size)
        return None if mark == seen else (mark, self.read())

    def read(self) -> dict[int, bytes]:
        """The keys as they are now."""
        for _ in range(READ_AGAIN):
            with suppress(ValueError):  # it was replaced and written over while it was read
                return _keys_in(self.path.read_text())
        return _keys_in(self.path.read_text())

    def is_rid_of(self, epoch: int) -> bool:
        """Whether no key of this epoch or of one before is left in this folder."""
        left = any((self.directory / (KEK + ending)).exists() for ending in (RETIRED, PARTIAL))
        return not left and min(self.read()) > epoch

    def write(self, keys: Mapping[int, bytes]) -> None:
        """Put these keys in the place of those that are there, in one step, and destroy those."""
        coded = {str(epoch): b64encode(key).decode() for epoch, key in keys.items()}
        partial = self.directory / (KEK + PARTIAL)
        self._clear()
        write_secret(partial, json.dumps({"keys": coded}) + "\n")
        with self._replaced():
            partial.replace(self.path)
            sync_folder(self.directory)
        self._clear()

    def keep_newest(self) -> None:
        """Destroy every key but the newest."""
        keys = self.read()
        newest = max(keys)
        if len(keys) > 1:
            self.write({newest: keys[newest]})
        else:
            self._clear()

    @contextmanager
    def _replaced(self) -> Iterator[None]:
        """Write over the file that is there before, once another has its name."""
        if not self.path.exists():
            yield
            return
        with suppress(OSError):  # there are no second names here
            os.link(self.path, self.directory / (KEK + RETIRED))
        with self.path.open("r+b") as former:
            yield
            _write_over(former)

    def _clear(self) -> None:
        """Destroy what a run that was cut short left behind."""
        retired = self.directory / (KEK + RETIRED)
        if retired.exists() and self.path.exists() and retired.samefile(self.path):
            retired.unlink()  # a second name of the file in use
        overwrite(retired)
        overwrite(self.directory / (KEK + PARTIAL))
        sync_folder(self.directory)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others from replacing keys meanwhile."""
        with (self.directory / LOCK).open("ab") as file:
            with suppress(ImportError):  # where there are no such locks, nobody is kept out
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX)
            yield


def write_secret(path: Path, text: str) -> None:
    """Write a secret that does not exist yet, and see it to the disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET_MODE)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def overwrite(path: Path) -> None:
    """Write zeros over a file's bytes and remove it; nothing when it is not there."""
    try:
        with path.open("r+b") as file:
            _write_over(file)
    except FileNotFoundError:
        return
    path.unlink()


def _write_over(file: BinaryIO) -> None:
    """Write zeros over an open file, and see them to the disk."""
    file.write(bytes(os.fstat(file.fileno()).st_size))
    file.flush()
    os.fsync(file.fileno())


def _keys_in(text: str) -> dict[int, bytes]:
    """The keys by epoch in a file's text."""
    keys = json.loads(text)["keys"]
    return {int(epoch): b64decode(key, validate=True) for epoch, key in keys.items()}


def sync_folder(directory: Path) -> None:
    """See the names in a folder to the disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
