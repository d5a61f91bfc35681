"""Worker processes from outside: started, listened to in turn, and done without when they die."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from types import TracebackType
from typing import Self

from decision_service.bulk.file_blocks import block_count, blocks_of
from decision_service.bulk.making import Maker
from decision_service.bulk.messages import Block, Task, encoded, read_block, told_settings
from decision_service.settings import Settings

LOGGER = logging.getLogger(__name__)
PROGRAM = (sys.executable, "-m", "decision_service.bulk.worker")
SILENT_SECONDS = 120.0  # the longest that a block may take, a worker's start included
ENDING_SECONDS = 10.0
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
DIED = "a worker process ended early; its share of the file is decided by this process"


class Workers:
    """So many processes over one file. Leave the context to end them."""

    def __init__(self, settings: Settings, file: Path, count: int, *, block_bytes: int) -> None:
        self._file = file
        self._block_bytes = block_bytes
        self._longest = settings.body_bytes_max
        self._lines: list[Connection | None] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        for first in range(count):
            ours, theirs = Pipe()
            task = Task(told_settings(settings), str(file), block_bytes, first, count)
            with theirs:
                number = theirs.fileno()
                command = [*PROGRAM, str(number)]
                environ = {**os.environ, **ONE_THREAD}
                process = subprocess.Popen(  # noqa: S603 # our own program
                    command,
                    pass_fds=(number,),
                    stdin=subprocess.DEVNULL,
                    env=environ,
                    start_new_session=True,  # what stops this program at a keyboard is not for them
                )
            self._processes.append(process)
            self._lines.append(ours)
            with suppress(OSError):  # one that died at once is found out when it is listened to
                ours.send_bytes(encoded(task))

    def __enter__(self) -> Self:
        """The processes, at work."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End them; what they made and nobody took is made again next time."""
        for line in self._lines:
            if line is not None:
                line.close()
        for process in self._processes:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(ENDING_SECONDS)
            process.kill()
            process.wait()

    def blocks(self, maker: Maker) -> Iterator[Block]:
        """What became of each block of the file; ``maker`` makes what a worker does not."""
        count = len(self._lines)
        for block in range(block_count(self._file.stat().st_size, self._block_bytes)):
            told = self._told(block % count) if count else None
            yield maker.block(self._read(block)) if told is None else told

    def _told(self, place: int) -> Block | None:
        """The next block of a worker; None when it is gone."""
        line = self._lines[place]
        if line is None:
            return None
        try:
            if line.poll(SILENT_SECONDS):
                return read_block(line.recv_bytes())
        except (EOFError, OSError, ValueError):
            pass
        LOGGER.warning(DIED)
        line.close()
        self._processes[place].kill()
        self._lines[place] = None
        return None

    def _read(self, block: int) -> list[bytes]:
        """Lines of one block, read by this process."""
        sizes = {"block_bytes": self._block_bytes, "line_bytes_max": self._longest}
        last = block_count(self._file.stat().st_size, self._block_bytes)
        return next(blocks_of(self._file, block, max(last, 1), **sizes), [])
