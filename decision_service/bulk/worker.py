"""A worker process: makes the decisions of its share of a file, and sends them block by block.

``python -m decision_service.bulk.worker FD`` is told what to do over the open line ``FD``. Making
and sending go on side by side. It writes to no database, and its end harms nobody: whoever asked
makes the rest itself.
"""

import secrets
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Queue

from decision_service.access import HOST
from decision_service.bulk.file_blocks import blocks_of
from decision_service.bulk.garbage import looked_for_between_blocks
from decision_service.bulk.making import Maker
from decision_service.bulk.messages import encoded, read_settings, read_task
from decision_service.wiring import build

DRAWN_AT_ONCE = 1024
AHEAD = 2  # blocks that were made and not taken yet


class Drawn:
    """Random bytes, drawn from ``source`` many at a time: each asking of the system costs."""

    def __init__(self, source: Callable[[int], bytes]) -> None:
        self._source = source
        self._left = b""

    def __call__(self, count: int) -> bytes:
        """So many bytes that nobody was given before."""
        if len(self._left) < count:
            self._left = self._source(max(count, DRAWN_AT_ONCE))
        found, self._left = self._left[:count], self._left[count:]
        return found


def work(line: Connection) -> None:
    """Do one task to its end, or until nobody listens any more."""
    task = read_task(line.recv_bytes())
    drawn = Drawn(secrets.token_bytes)
    services = build(read_settings(task.settings), serving=False, replay=False, random_bytes=drawn)
    ready: Queue[bytes | None] = Queue(AHEAD)
    alone = threading.Event()
    sending = threading.Thread(target=_send, args=(line, ready, alone), daemon=True)
    sending.start()
    try:
        services.registry.warm()
        longest = services.settings.body_bytes_max
        maker = Maker(services.decisions, HOST, services.ledger.log, longest)
        file, of = Path(task.file), {"block_bytes": task.block_bytes, "line_bytes_max": longest}
        with looked_for_between_blocks() as block_done:
            for lines in blocks_of(file, task.first, task.step, **of):
                if alone.is_set():
                    break
                ready.put(encoded(maker.block(lines)))
                block_done()
        ready.put(None)
        sending.join()
    finally:
        services.close()


def _send(line: Connection, ready: "Queue[bytes | None]", alone: threading.Event) -> None:
    """Send blocks in their order, up to the last; says so when nobody takes them any more."""
    while (block := ready.get()) is not None:
        try:
            if not alone.is_set():
                line.send_bytes(block)
        except OSError:
            alone.set()


if __name__ == "__main__":
    work(Connection(int(sys.argv[1])))
