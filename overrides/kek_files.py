"""The file of the key-encryption keys: read again when it changed, replaced without a gap.

At every moment there is one whole file. What is destroyed is written over before it is let go of;
a file system that keeps old blocks, or a disk that moves them, may hold them for a while yet.
"""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

KEK = "kek.json"
RETIRED = ".retired"  # what is about to be written over
PARTIAL = ".partial"
LOCK = "rotation.lock"
SECRET_MODE = 0o600


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
        keys = json.loads(self.path.read_text())["keys"]
        return {int(epoch): b64decode(key, validate=True) for epoch, key in keys.items()}

    def write(self, keys: Mapping[int, bytes]) -> None:
        """Put these keys in the place of those that are there, in one step."""
        coded = {str(epoch): b64encode(key).decode() for epoch, key in keys.items()}
        partial = self.directory / (KEK + PARTIAL)
        overwrite(partial)
        write_secret(partial, json.dumps({"keys": coded}) + "\n")
        partial.replace(self.path)
        sync_folder(self.directory)

    def keep_newest(self) -> None:
        """Destroy every key but the newest."""
        keys, retired = self.read(), self.directory / (KEK + RETIRED)
        if retired.exists() and retired.samefile(self.path):
            retired.unlink()  # a second name of the file in use, from a run that was cut short
        overwrite(retired)
        newest = max(keys)
        if len(keys) > 1:
            os.link(self.path, retired)
            self.write({newest: keys[newest]})
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
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return
    path.unlink()


def sync_folder(directory: Path) -> None:
    """See the names in a folder to the disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
