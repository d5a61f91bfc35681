"""Durable appends: many clients in groups, beside one commit per event, on either database.

Run as ``python -m benchmarks.appends`` it prints the table of ``make bench`` alone. Every client
waits for its event to be on disk before it sends the next. The second disk is the same with every
fsync held for four milliseconds, as a slow one takes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median
from typing import Any

from benchmarks.databases import DATABASES, postgres
from overrides.errors import LedgerError
from overrides.ids import id_maker
from overrides.journal import Decided, Draft, State
from overrides.keyfiles import create_keys, open_vault
from overrides.stores.engine import create_all, open_engine
from overrides.stores.projections import CaseProjector
from overrides.stores.writer import SqlJournal

LOG = "ledger.benchmark/appends"
CLIENTS = 128
SLOW_US = 4000
BUSY_SECONDS = 60.0
RATIO_SLOW, RATIO_RAW, FAIR_SHARE = 10.0, 1.5, 0.8


@dataclass(frozen=True, slots=True)
class Appended:
    """What one run gave. ``slowest``: events of the slowest client over those of the mean one."""

    events_per_s: float
    slowest: float
    refused: int
    fsync_us: float


def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def append(url: str, keys: Path, *, grouped: bool, clients: int, seconds: float) -> Appended:
    """Let so many clients append for some seconds, in this process."""
    create_keys(keys, name=LOG, random_bytes=os.urandom)
    vault = open_vault(keys, random_bytes=os.urandom)
    engine = open_engine(url, busy_seconds=BUSY_SECONDS)
    create_all(engine)
    new_id, cases = id_maker(now, os.urandom), CaseProjector(vault.lookup_hash, log=LOG)
    journal = SqlJournal(
        engine,
        log=LOG,
        vault=vault,
        clock=now,
        new_id=new_id,
        projectors=[cases],
        states=cases,
        grouped=grouped,
    )
    done, refused = [0] * clients, [0] * clients
    start = threading.Barrier(clients + 1)
    until = [0.0]

    def client(place: int) -> None:
        def command(_state: State) -> Decided:
            draft = Draft(
                event_id=new_id(),
                type="record_viewed",
                actor="person-1",
                role="compliance",
                data={"person": "person-1", "what": "case"},
            )
            return Decided((draft,))

        start.wait()
        while time.perf_counter() < until[0]:
            try:
                journal.submit(command).result()
                done[place] += 1
            except LedgerError:
                refused[place] += 1

    threads = [threading.Thread(target=client, args=(place,)) for place in range(clients)]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    until[0] = began + seconds
    start.wait()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    journal.close()
    engine.dispose()
    return Appended(sum(done) / took, min(done) / max(mean(done), 1e-9), sum(refused), fsync_us())


def fsync_us(times: int = 50) -> float:
    """How long a write of 4 kB to stable storage takes at this moment, median in microseconds."""
    taken = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(times):
            file.write(b"x" * 4096)
            file.flush()
            before = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - before)
    return median(taken) * 1e6


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user may read: a server that root starts runs as another."""
    with tempfile.TemporaryDirectory(prefix="countermand-shim-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def compiled_shim(folder: Path) -> Path:
    """The shim that slows fsync down."""
    shim = folder / "slow_fsync.so"
    source = Path(__file__).with_name("slow_fsync.c")
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O2", "-o", str(shim), str(source), "-ldl"], check=True
    )
    return shim


def in_own_process(
    url: str, folder: Path, slow: dict[str, str], *, grouped: bool, seconds: float
) -> Appended:
    """One run in a process of its own, so that its fsync can be slowed down."""
    words = ["--worker", "--url", url, "--keys", str(folder), "--seconds", str(seconds)]
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.appends", *words, *(["--grouped"] if grouped else [])],
        env={**os.environ, **slow},
        capture_output=True,
        text=True,
        check=True,
    )
    return Appended(**json.loads(ran.stdout))


def measure(folder: Path, *, seconds: float = 4.0) -> dict[str, Any]:
    """Both databases on both disks, in groups and one by one; every figure."""
    with open_folder() as place:
        preload = {"LD_PRELOAD": str(compiled_shim(place)), "SLOW_FSYNC_US": str(SLOW_US)}
        return {
            **_on_disk(folder / "raw", "raw disk", {}, seconds),
            **_on_disk(folder / "slow", "4 ms fsync", preload, seconds),
        }


def _on_disk(folder: Path, disk: str, slow: dict[str, str], seconds: float) -> dict[str, Any]:
    """Both databases on one disk."""
    found: dict[str, Any] = {}
    for database in DATABASES:
        for way in ("single", "groups"):
            keys = folder / database / way
            keys.mkdir(parents=True)
            with ExitStack() as stack:
                url, here = f"sqlite:///{keys}/ledger.sqlite3", slow
                if database == "postgresql":
                    server = stack.enter_context(tempfile.TemporaryDirectory())
                    url, here = stack.enter_context(postgres(Path(server), slow)).url, {}
                    check_slowed(url, slow)
                run = in_own_process(url, keys, here, grouped=way == "groups", seconds=seconds)
            found[f"{database}, {disk}, {way}"] = asdict(run)
    return found


def check_slowed(url: str, slow: dict[str, str], times: int = 9) -> None:
    """Raise where a commit of a server that was to be slowed down is as quick as ever."""
    engine = open_engine(url)
    taken = []
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE slowed (n INTEGER)")
        connection.commit()
        for number in range(times):
            before = time.perf_counter()
            connection.exec_driver_sql(f"INSERT INTO slowed VALUES ({number})")
            connection.commit()
            taken.append(time.perf_counter() - before)
    engine.dispose()
    if slow and median(taken) * 1e6 < SLOW_US:
        message = f"a commit takes {median(taken) * 1e6:.0f} us: the server was not slowed down"
        raise RuntimeError(message)


def goals(found: dict[str, Any]) -> list[tuple[str, float, float, bool, str]]:
    """The promises about durable appends: what, measured, limit, at least, unit."""
    reached = []
    for disk, least in (("raw disk", RATIO_RAW), ("4 ms fsync", RATIO_SLOW)):
        for database in DATABASES:
            alone, groups = (found[f"{database}, {disk}, {way}"] for way in ("single", "groups"))
            ratio = groups["events_per_s"] / alone["events_per_s"]
            reached.append((f"appends, {database}, {disk}", ratio, least, True, "times"))
    slowest = min(run["slowest"] for name, run in found.items() if name.endswith("groups"))
    reached.append(("slowest of 128 clients over the mean one", slowest, FAIR_SHARE, True, "share"))
    return reached


def show(found: dict[str, Any]) -> None:
    """Print the table: events a second, the slowest client's share, and the ratio."""
    print(f"\n{f'durable appends, {CLIENTS} clients':36}{'events/s':>10}{'slowest':>9}{'ratio':>8}")
    for name, run in found.items():
        base = found[name.replace("groups", "single")]["events_per_s"]
        print(
            f"{name:36}{run['events_per_s']:10.0f}{run['slowest']:9.0%}"
            f"{run['events_per_s'] / base:8.1f}   fsync {run['fsync_us']:.0f} us"
        )


def main() -> None:
    """The table, or one run for it."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--worker", action="store_true")
    words.add_argument("--grouped", action="store_true")
    words.add_argument("--url", default="")
    words.add_argument("--keys", default="")
    words.add_argument("--seconds", type=float, default=4.0)
    chosen = words.parse_args()
    if chosen.worker:
        run = append(
            chosen.url,
            Path(chosen.keys),
            grouped=chosen.grouped,
            clients=CLIENTS,
            seconds=chosen.seconds,
        )
        json.dump(asdict(run), sys.stdout)
        return
    with tempfile.TemporaryDirectory(prefix="countermand-appends-") as folder:
        show(measure(Path(folder), seconds=chosen.seconds))


if __name__ == "__main__":
    main()
