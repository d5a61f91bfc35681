"""The board and the override report over very many cases: how long one takes, and in what memory.

The cases lie in the tables that the pages read, put there without a ledger under them: nothing of
these reports comes from it but the notes that the override report compares, and here are none. They
were opened over three years; most were approved, and what was approved has outcomes. Each report is
counted by a process of its own, as the pages count it.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from benchmarks.credit_bundle import NAME
from benchmarks.databases import DATABASES, database
from benchmarks.memory import Watch
from decision_service.board import board_sections
from decision_service.board_counts import board_of
from decision_service.board_drift import drift_section
from decision_service.board_vintages import vintages_section
from decision_service.case_columns import CaseColumns
from decision_service.override_ground import Ground
from decision_service.override_report import report_sections
from decision_service.oversight_words import oversight_section
from overrides.analysis.verdicts import Terms
from overrides.instants import instant_text
from overrides.labels import OutcomeDefinition
from overrides.stores.case_book import SqlCaseBook
from overrides.stores.case_tables import ACTS, DECISIONS, FILES, OUTCOMES
from overrides.stores.engine import create_all, open_engine, writing

LOG = "bench.example/reports"
BUNDLE = NAME
PLACES_FROM = 10**9  # in a ledger that has as many entries as it likes besides
END = datetime(2026, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=3 * 365)
APPROVE_UP_TO, DECLINE_ABOVE = 0.29, 0.43
AGAINST, REFERRED_APPROVED = 0.06, 0.6
BATCH = 5_000
OFFICERS, BRANCHES = 12, 20
DEFINITION = OutcomeDefinition(id="bench")
REPORTS = ("board", "overrides")
NEW = 100  # cases that are read again before the second count

Rows = tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]


def fill(url: str, decisions: int, seed: int = 1) -> None:
    """Put so many decided cases into an empty database."""
    engine = open_engine(url)
    create_all(engine)
    rng = random.Random(seed)
    for start in range(0, decisions, BATCH):
        made = [case(rng, n, decisions) for n in range(start, min(start + BATCH, decisions))]
        with writing(engine) as connection:
            connection.execute(insert(FILES), [rows[0] for rows in made])
            connection.execute(insert(DECISIONS), [rows[1] for rows in made])
            connection.execute(insert(ACTS), [act for rows in made for act in rows[2]])
            observed = [one for rows in made for one in rows[3]]
            if observed:
                connection.execute(insert(OUTCOMES), observed)
    with writing(engine) as connection:
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()


def case(rng: random.Random, number: int, of: int) -> Rows:
    """One decided case: its row, its decision, its acts, and what the books said of it."""
    opened = END - SPAN * (1 - number / of)
    chance = round(rng.betavariate(2, 5), 6)
    advice = "approve" if chance <= APPROVE_UP_TO else "refer"
    advice = "decline" if chance > DECLINE_ABOVE else advice
    ref, decision_id = (str(UUID(int=rng.getrandbits(128))) for _ in range(2))
    closed, standing = ended(rng, opened, advice)
    scored = {
        "recommendation": advice,
        "probability": str(chance),
        "reliable": True,
        "amount_minor": rng.randrange(50_000, 2_000_000),
        "currency": "EUR",
        "branch": f"branch {rng.randrange(BRANCHES):02d}",
        "received_at": instant_text(opened),
        "due_at": instant_text(opened + timedelta(days=2)),
    }
    place = {"log": LOG, "case_ref": ref}
    names = {**place, "decision_id": decision_id}
    file = {
        **{column.name: None for column in FILES.columns},
        **dict.fromkeys(("subject", "product", "queue", "routing", "excluded"), ""),
        "list_order": "2",
        "decision_event": ref,
        "attempt": 1,
        "bundle": BUNDLE,
        **names,
        **standing,
        **scored,
        "simulated": False,
        "opened_at": instant_text(opened),
    }
    decision = {
        **names,
        **scored,
        "seq": PLACES_FROM + 10 * number,
        "event_id": ref,
        "completed_at": None,
        "random_accept": False,
    }
    acts = [
        {
            **names,
            **standing,
            "seq": PLACES_FROM + 10 * number + step,
            "event_id": ref,
            "type": kind,
            "at": instant_text(at),
            "actor": "p",
            "about": None,
        }
        for step, (kind, at) in enumerate((("decision_made", opened), ("case_decided", closed)))
    ]
    acts[0].update(status="in_review", version=1, final=None, side=None, closed_at=None)
    lent = standing["final"] == "approve"
    return file, decision, acts, observations(rng, number, place, closed, chance) if lent else []


def ended(rng: random.Random, opened: datetime, advice: str) -> tuple[datetime, dict[str, Any]]:
    """When a case was decided, and how it stood then."""
    against = advice != "refer" and rng.random() < AGAINST
    approved = rng.random() < REFERRED_APPROVED if advice == "refer" else advice == "approve"
    approved ^= against
    by_person = against or advice == "refer"
    closed = opened + timedelta(hours=rng.expovariate(1 / 20) if by_person else 0, seconds=1)
    side = "approved_against_model" if approved else "declined_against_model"
    return closed, {
        "status": "decided",
        "version": 2,
        "final": "approve" if approved else "decline",
        "side": side if against else None,
        "code": rng.choice(("M01", "M02", "G01", "X03")) if against else "",
        "by_person": by_person,
        "reviewer": f"p-{rng.randrange(OFFICERS):02d}" if by_person else "",
        "approver": "p-99" if against else "",
        "closed_at": instant_text(closed),
    }


def observations(
    rng: random.Random, number: int, place: dict[str, Any], closed: datetime, chance: float
) -> list[dict[str, Any]]:
    """A loan paid out at once, and reported a year later if that has come."""
    worst = "120" if rng.random() < chance else "0"
    told: list[tuple[str, str, datetime, int | None]] = [("disbursed", "", closed, None)]
    if closed + timedelta(days=366) < END:
        told.append(("max_days_past_due", worst, closed + timedelta(days=366), 12))
    return [
        {
            **place,
            "seq": PLACES_FROM + 10 * number + 2 + step,
            "event_id": f"{number}-{step}",
            "at": instant_text(at),
            "kind": kind,
            "value": value,
            "months_on_book": month,
            "observed_at": instant_text(at),
            "source": "",
            "corrects": None,
            "simulated": False,
        }
        for step, (kind, value, at, month) in enumerate(told)
    ]


def count(name: str, every: CaseColumns) -> int:
    """Make one report; how many tables it has."""
    terms = Terms(0.1, 0.5)
    if name == "board":
        made = (
            *board_sections(board_of(every), {}, {}),
            vintages_section(every, terms),
            drift_section(every),
        )
        return len(made)
    ground = Ground(
        every=every,
        since=None,
        cutoffs=(APPROVE_UP_TO, DECLINE_ABOVE),
        kpis={},
        code_labels={},
        names=lambda refs: {ref: ref for ref in refs},
        terms=terms,
    )
    return len((*report_sections(ground), oversight_section(ground)))


def time_report(url: str, name: str) -> dict[str, float]:
    """Seconds of a processor that a first count, and one after new entries, take here."""
    engine = open_engine(url)
    book = SqlCaseBook(engine, log=LOG)
    started = time.process_time()
    every = CaseColumns.of(book.board_facts(END, bundle=BUNDLE), DEFINITION, END)
    read = time.process_time()
    count(name, every)
    counted = time.process_time()
    every.take(book.facts_of(every.refs[:: len(every) // NEW], END, BUNDLE), END)
    taken = time.process_time()
    count(name, every)
    again = time.process_time()
    engine.dispose()
    return {
        "cases": len(every),
        "read_s": read - started,
        "count_s": counted - read,
        "new_s": taken - counted,
        "again_s": again - taken,
    }


def measure(folder: Path, decisions: int, names: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Each report on each database, by a process of its own."""
    found: dict[str, dict[str, float]] = {}
    for kind in names:
        with database(kind, folder) as opened:
            fill(opened.url, decisions)
            for name in REPORTS:
                words = ["-m", "benchmarks.reports", "--url", opened.url, "--report", name]
                process = subprocess.Popen(
                    [sys.executable, *words], stdout=subprocess.PIPE, text=True
                )
                watch = Watch(process.pid)
                said = json.loads(process.communicate()[0])
                found[f"{name}, {kind}"] = {**said, "memory_mb": watch.stop()}
    return found


def show(found: dict[str, dict[str, float]]) -> None:
    """Print the table."""
    heading = ("read s", "count s", f"{NEW} new s", "count s")
    print(f"{'report':24}{'cases':>12}{''.join(f'{word:>10}' for word in heading)}{'MB':>8}")
    for name, one in found.items():
        times = (one[key] for key in ("read_s", "count_s", "new_s", "again_s"))
        print(
            f"{name:24}{one['cases']:12,}{''.join(f'{seconds:10.2f}' for seconds in times)}"
            f"{one['memory_mb']:8.0f}"
        )


def main() -> None:
    """Measure; or, as a process of its own, make one report of a database that is there."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--decisions", type=int, default=100_000)
    words.add_argument("--database", choices=DATABASES)
    words.add_argument("--url")
    words.add_argument("--report", choices=REPORTS, default=REPORTS[0])
    chosen = words.parse_args()
    if chosen.url:
        json.dump(time_report(chosen.url, chosen.report), sys.stdout)
        return
    names = (chosen.database,) if chosen.database else DATABASES
    with tempfile.TemporaryDirectory(prefix="countermand-bench-") as folder:
        show(measure(Path(folder), chosen.decisions, names))


if __name__ == "__main__":
    main()
