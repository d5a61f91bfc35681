"""What a folder of explanations already holds: ``progress.json``, and nothing that it does not say.

Every step leaves the folder whole: a part is written beside its place, brought to disk and renamed,
then the refused rows are, then ``progress.json`` says that both are there. What it does not name is
of a run that was interrupted, and is made again.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from ..declared.policy_schema import Strict
from ..errors import NotExplainable

PROGRESS, REFUSED = "progress.json", "refused.csv"
UNFINISHED = ".unfinished"
HEADING = "row,field,code,cure\n"
HASHED_BYTES = 1 << 20
OTHER_FOLDER = "name another folder, or remove this one"


class Source(Strict):
    """What explanations are of, or by: its name and hash."""

    name: str
    sha256: str


class Part(Strict):
    """A file of explanations, and the rows it is about.

    ``records`` were read for it, from the row numbered ``first`` to ``last``; ``refused`` of them
    are not in it, ``unexplained`` are without a score or without reasons.
    """

    file: str
    sha256: str
    first: int
    last: int
    records: int
    refused: int
    unexplained: int


class Progress(Strict):
    """What a folder holds. ``refused_bytes`` is how long the list of refused rows is."""

    format: Literal[1] = 1
    bundle: Source
    file: Source
    part_rows: int
    left_aside: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    refused_bytes: int = len(HEADING)
    finished: bool = False

    @property
    def records(self) -> int:
        """How many rows were read."""
        return sum(part.records for part in self.parts)

    @property
    def refused(self) -> int:
        """How many of them were refused."""
        return sum(part.refused for part in self.parts)

    @property
    def unexplained(self) -> int:
        """How many of them have no score or no reasons."""
        return sum(part.unexplained for part in self.parts)


def sha256_of(path: Path) -> str:
    """The hash of a file of any size."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(HASHED_BYTES):
            found.update(block)
    return found.hexdigest()


class Folder:
    """A folder of explanations that one run at a time may add to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Make the folder, and keep a second run out of it; NotExplainable where one is."""
        self.path.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDONLY)
        try:
            with suppress(ImportError):
                import fcntl

                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    busy = "another run is writing to it just now: wait for it"
                    raise self._unfit(busy) from None
            yield
        finally:
            os.close(handle)

    def taken_up(self, new: Progress) -> Progress:
        """Where to go on; the folder then holds just what that says.

        NotExplainable where the folder is of another run, or is not what it was.
        """
        found = self._read()
        if found is None:
            if strangers := sorted(p.name for p in self.path.iterdir() if not _is_ours(p.name)):
                stranger = f"it is not empty ({strangers[0]}): name a new folder"
                raise self._unfit(stranger)
            found = new
            self.write(REFUSED, HEADING.encode())
            self.record(found)
        else:
            self._refuse_another(found, new)
        self._refuse_altered(found)
        kept = {PROGRESS, REFUSED, *(part.file for part in found.parts)}
        for path in self.path.iterdir():
            if path.name not in kept and _is_ours(path.name):
                path.unlink()
        with (self.path / REFUSED).open("r+b") as file:
            file.truncate(found.refused_bytes)
        return found

    def write(self, name: str, content: bytes) -> None:
        """A whole file, or none."""
        unfinished = self.path / (name + UNFINISHED)
        unfinished.write_bytes(content)
        self.finish(unfinished)

    def finish(self, unfinished: Path) -> None:
        """Bring a file to disk and put it in its place."""
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.replace(unfinished.with_name(unfinished.name.removesuffix(UNFINISHED)))
        handle = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def refuse(self, lines: str) -> int:
        """Add to the list of refused rows; how long it is now."""
        with (self.path / REFUSED).open("ab") as file:
            file.write(lines.encode())
            file.flush()
            os.fsync(file.fileno())
            return file.tell()

    def record(self, progress: Progress) -> None:
        """Say what the folder holds."""
        self.write(PROGRESS, (progress.model_dump_json(indent=1) + "\n").encode())

    def _read(self) -> Progress | None:
        """What the folder says it holds."""
        try:
            content = (self.path / PROGRESS).read_bytes()
        except FileNotFoundError:
            return None
        try:
            return Progress.model_validate_json(content)
        except ValidationError:
            damaged = f"{PROGRESS} is damaged: remove the folder and run again"
            raise self._unfit(damaged) from None

    def _refuse_another(self, found: Progress, new: Progress) -> None:
        """NotExplainable where the folder was begun with something else."""
        problems = []
        for what, before, now in (
            ("by the bundle", found.bundle, new.bundle),
            ("of the file", found.file, new.file),
        ):
            if before.sha256 != now.sha256:
                ours, theirs = now.sha256[:16], before.sha256[:16]
                problems.append(f"it is {what} {before.name} ({theirs}), not {now.name} ({ours})")
        if found.part_rows != new.part_rows:
            problems.append(f"its parts are of {found.part_rows} rows, not {new.part_rows}")
        if problems:
            raise self._unfit(*problems, OTHER_FOLDER)

    def _refuse_altered(self, found: Progress) -> None:
        """NotExplainable where what is said to be there is not, or not as it was written."""
        problems = []
        for part in found.parts:
            path = self.path / part.file
            if not path.is_file():
                problems.append(f"{part.file} is gone")
            elif sha256_of(path) != part.sha256:
                problems.append(f"{part.file} was changed")
        path = self.path / REFUSED
        if not path.is_file() or path.stat().st_size < found.refused_bytes:
            problems.append(f"{REFUSED} was changed")
        if problems:
            raise self._unfit(*problems, OTHER_FOLDER)

    def _unfit(self, *problems: str) -> NotExplainable:
        """What is wrong with the folder."""
        return NotExplainable(f"what goes into {self.path}", problems)


def part_name(number: int) -> str:
    """What a part is called."""
    return f"part-{number:05}.parquet"


def _is_ours(name: str) -> bool:
    """Whether a run could have left a file of this name."""
    plain = name.removesuffix(UNFINISHED)
    return plain in (PROGRESS, REFUSED) or (
        plain.startswith("part-") and plain.endswith(".parquet")
    )


def columns_left_aside(names: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """Columns that nobody looks at, in their order."""
    return tuple(name for name in names if name not in wanted)
