"""The board and the override report of an installation with very many cases, as pages make them.

The cases are those of ``benchmarks.reports``, put into the tables of a real installation without a
ledger under them. One process looks as the pages do: first after the start, again, and after new
decisions that the ledger does hold; a count of the cases one by one stands beside.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.credit_bundle import NAME
from benchmarks.databases import DATABASES, database
from benchmarks.feedback_sets import bodies, install
from benchmarks.memory import Watch
from benchmarks.reports import END, LOG, fill
from decision_service.access import HOST
from decision_service.board_page import BoardPage, outcome_definitions
from decision_service.override_pages import OverridePages
from decision_service.settings import Settings
from decision_service.wiring import build
from overrides.metrics import board
from ui.tables import table_name, table_of
from ui.views import BoardView

NEW = 20
LOOKS = 5


def looked(settings: Settings) -> dict[str, Any]:
    """Milliseconds of each kind of look, in this process."""
    services = build(settings, serving=False)
    reports: dict[str, Callable[[], BoardView]] = {
        "/board": BoardPage(services).numbers,
        "/overrides": OverridePages(services).report,
    }
    found: dict[str, Any] = {}
    try:
        for name, report in reports.items():
            found[f"{name}, first after a start"], view = timed(report)
            title = next(table_name(s) for s in view.sections if s.table)
            csv = [timed(partial(as_csv, report, title))[0] for _ in range(LOOKS)]
            found[f"{name}, again"] = max(timed(report)[0] for _ in range(LOOKS))
            found[f"{name}, one table as CSV"] = max(csv)
        for body in bodies(NEW):
            services.decisions.decide_now(body, HOST, body["application_id"])
        for name, report in reports.items():
            found[f"{name}, right after {NEW} decisions"], view = timed(report)
            found[f"{name}, entries not in it yet"] = view.later_entries
            found[f"{name}, until it held them"] = caught_up(report)
        found["a month's sheet, /board as of a day"], _ = timed(
            lambda: BoardPage(services).numbers(as_of=END)
        )
        facts = services.cases.board_facts(END, bundle=NAME)
        found["the cases one by one, the board alone"], counted = timed(
            lambda: board(facts, outcome_definitions(services), END)
        )
        found["cases"] = counted.cases
    finally:
        services.close()
    return found


def as_csv(report: Callable[[], BoardView], title: str) -> bytes:
    """One table of a report."""
    return table_of(report(), title)


def caught_up(report: Callable[[], BoardView], most_s: float = 600.0) -> float:
    """Milliseconds until a report holds every entry."""
    begun = time.perf_counter()
    while report().later_entries and time.perf_counter() - begun < most_s:
        time.sleep(0.1)
    return 1000 * (time.perf_counter() - begun)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds that some work took, and what it made."""
    begun = time.perf_counter()
    made = work()
    return 1000 * (time.perf_counter() - begun), made


def measure(folder: Path, decisions: int, name: str) -> dict[str, Any]:
    """Looks at one database, by a process of its own."""
    os.environ["COUNTERMAND_LOG"] = LOG
    with database(name, folder) as opened:
        settings = install(folder, opened.url)
        fill(opened.url, decisions)
        words = ["-m", "benchmarks.report_pages", "--data", str(settings.data)]
        process = subprocess.Popen(
            [sys.executable, *words, "--url", opened.url], stdout=subprocess.PIPE, text=True
        )
        watch = Watch(process.pid)
        said: dict[str, Any] = json.loads(process.communicate()[0])
        return {**said, "memory, MB": watch.stop()}


def main() -> None:
    """Measure; or, as a process of its own, look at what is there."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--decisions", type=int, default=100_000)
    words.add_argument("--database", choices=DATABASES, default=DATABASES[0])
    for hidden in ("--url", "--data"):
        words.add_argument(hidden, help=argparse.SUPPRESS)
    chosen = words.parse_args()
    if chosen.url:
        settings = Settings(data=Path(chosen.data), database_url=chosen.url, log=LOG)
        json.dump(looked(settings), sys.stdout)
        return
    with tempfile.TemporaryDirectory(prefix="countermand-bench-") as folder:
        for what, told in measure(Path(folder), chosen.decisions, chosen.database).items():
            print(f"{what:50}{told:14,.0f}")


if __name__ == "__main__":
    main()
