"""The library of ``disk_calls.c``: built with the compiler at hand, preloaded into a worker."""

import ctypes
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir

SOURCE = Path(__file__).with_name("disk_calls.c")
PRELOAD = "LD_PRELOAD"


class Kinds(IntFlag):
    """Calls that can be struck."""

    READS = 1
    WRITES = 2
    SYNCS = 4
    TRUNCATES = 8
    OPENS = 16
    UNLINKS = 32
    MAPS = 64
    LOCKS = 128


class How(IntEnum):
    """What becomes of the call that is struck."""

    KILL_BEFORE = 1
    KILL_HALFWAY = 2  # of a write; other calls are made whole
    KILL_AFTER = 3
    FAIL_ONCE = 4
    FAIL_FROM_THEN_ON = 5


@cache
def missing() -> str:
    """What is missing for building the library, "" when it can be built."""
    if not sys.platform.startswith("linux"):
        return "disk calls are watched on Linux only"
    if _compiler() is None:
        return "no C compiler (cc) to build the library that watches disk calls"
    return ""


def _compiler() -> str | None:
    """The compiler at hand."""
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


@cache
def library() -> Path:
    """The library, built where it is not yet."""
    text = SOURCE.read_bytes()
    name = f"countermand-disk-calls-{os.getuid()}-{sha256(text).hexdigest()[:16]}.so"
    target = Path(gettempdir()) / name
    if not target.exists():
        partial = target.with_suffix(f".{os.getpid()}")
        command = [str(_compiler()), "-shared", "-fPIC", "-O2", "-o", str(partial), str(SOURCE)]
        subprocess.run([*command, "-ldl"], check=True)
        partial.replace(target)
    return target


@dataclass(frozen=True, slots=True)
class DiskCalls:
    """The library as loaded into this process, which must have been started with it."""

    calls: ctypes.CDLL

    def watch(self, folder: Path, record: int = -1) -> None:
        """Watch the files of a folder; write what is asked of them to this descriptor."""
        self.calls.disk_calls_watch(str(folder).encode(), record)

    def mark(self, text: str) -> None:
        """Write a word of one's own into the record."""
        words = text.encode()
        self.calls.disk_calls_mark(words, ctypes.c_size_t(len(words)))

    def strike(self, kinds: int, at: int, how: int = 0, error: int = 0) -> None:
        """Strike the call of this number, the first is 1, among calls of these kinds; 0: count."""
        self.calls.disk_calls_strike(kinds, ctypes.c_long(at), how, error)

    def lie(self) -> None:
        """From now on say that all was synchronised, and synchronise nothing."""
        self.calls.disk_calls_lie(1)

    def counted(self) -> int:
        """Calls of the kinds asked for since ``strike``."""
        count: int = self.calls.disk_calls_counted()
        return count


@cache
def disk_calls() -> DiskCalls:
    """The library in this process."""
    assert str(library()) in os.environ.get(PRELOAD, ""), "this process does not watch its calls"
    calls = ctypes.CDLL(str(library()))
    calls.disk_calls_counted.restype = ctypes.c_long
    return DiskCalls(calls)
