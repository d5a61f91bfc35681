"""A feedback set beside a plain pandas script that reads and decrypts the same rows.

The decisions are real ones of the benchmark's model, each with its encrypted parts, and each case
was withdrawn afterwards. The set and the script's table are made in turns, each by a process of
its own; the set is made each time and has to have the same bytes. The script has one frame of what
was stated and what each feature pushed, 60 columns of the set's 153: not what the decision was, no
labels, no acts, no checks, no hashes. Seconds of a processor are those of all processes of a side.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter, process_time
from typing import Any

from benchmarks.credit_bundle import NAME, write_bundle
from benchmarks.credit_fields import FIELDS, make_rows
from benchmarks.databases import DATABASES, database
from benchmarks.memory import Watch
from benchmarks.servers import countermand, let_out
from decision_service.access import HOST
from decision_service.feedback_export import FeedbackExport
from decision_service.feedback_files import ROWS
from decision_service.settings import Settings
from decision_service.wiring import build
from overrides.desk import decide_withdrawal
from overrides.forms import WithdrawalForm
from overrides.instants import instant_text, parse_instant
from overrides.journal import Decided, State
from overrides.kek_files import KekFile
from overrides.values import Actor, Role

OFFICER = Actor("person:bench", "bench", Role.CREDIT_MANAGER, limit_minor=10**12)
SENDERS = 8
ROUNDS = 3
SIDES = ("set", "pandas")
FIRST = 12  # bytes of a nonce
SALT_BYTES = 32
PARTS = """
SELECT p.seq, p.slot, p.event_id, p.nonce, p.ciphertext, k.dek_id, k.subject_ref, k.case_ref,
    k.record_class, k.wrapped, k.kek_epoch
FROM ledger_payload p JOIN data_key k ON k.dek_id = p.dek_id
JOIN case_decision d ON d.seq = p.seq WHERE p.slot IN ('inputs', 'explanation') ORDER BY p.seq
"""


def install(folder: Path, url: str) -> Settings:
    """An installation whose champion is the benchmark's model."""
    bundle = folder / "bundle"
    write_bundle(bundle)
    data = ["--data", str(folder / "data")]
    os.environ["COUNTERMAND_DATABASE_URL"] = url
    countermand("init", *data)
    countermand("bundle", "add", str(bundle), *data)
    let_out(folder, data)
    return Settings(data=folder / "data", database_url=url)


def bodies(count: int) -> Iterator[dict[str, Any]]:
    """So many applications."""
    rows, _ = make_rows(count)
    for number, row in enumerate(rows.tolist()):
        values = {f.name: None if v != v else v for f, v in zip(FIELDS, row, strict=True)}  # noqa: PLR0124 (not a number)
        yield {"application_id": f"A-{number}", "fields": values}


def fill(settings: Settings, count: int) -> str:
    """Decide so many applications and close their cases; the instant of the cut."""
    services = build(settings, serving=True)
    try:

        def send(body: dict[str, Any]) -> str:
            answer = services.decisions.decide_now(body, HOST, body["application_id"])
            case_ref = str(answer.body["case_id"])

            def withdraw(state: State) -> Decided:
                case = state.case(case_ref)
                assert case is not None, "it was opened a moment ago"
                return decide_withdrawal(
                    case, OFFICER, WithdrawalForm(), state.now, services.new_id
                )

            services.journal.submit(withdraw).result()
            return case_ref

        with ThreadPoolExecutor(SENDERS) as senders:
            list(senders.map(send, bodies(count)))
        return instant_text(services.clock())
    finally:
        services.close()


def write_set(settings: Settings, out: Path, as_of: datetime) -> dict[str, float]:
    """Make a feedback set in this process: its rows and what it took, the start left out."""
    import pyarrow.parquet  # noqa: F401

    services = build(settings, serving=False)
    try:
        used, begun = processor(), perf_counter()
        manifest, _ = FeedbackExport(services).write(out, HOST, bundle=NAME, as_of=as_of)
        return taken(manifest["rows"], used, begun)
    finally:
        services.close()


def taken(rows: int, used: float, begun: float) -> dict[str, float]:
    """Seconds since then, of a processor and of the clock."""
    elapsed = perf_counter() - begun
    return {"rows": rows, "processor_s": processor() - used, "elapsed_s": elapsed}


def processor() -> float:
    """Seconds of a processor that this process and those it started have taken."""
    of_children = getrusage(RUSAGE_CHILDREN)
    return process_time() + of_children.ru_utime + of_children.ru_stime


def write_frame(settings: Settings, out: Path) -> dict[str, float]:
    """What somebody would write who has the keys and pandas, the start left out."""
    import pandas as pd
    import pyarrow.parquet  # noqa: F401
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from sqlalchemy import create_engine

    used, begun = processor(), perf_counter()
    keks = {epoch: AESGCM(key) for epoch, key in KekFile(settings.keys).read().items()}
    frame = pd.read_sql(PARTS, create_engine(settings.database_url))

    def opened(row: Any) -> Any:
        scope = f"{row.dek_id}\0{row.subject_ref}\0{row.case_ref}\0{row.record_class}"
        binds = f"countermand/data-key/v2\0{scope}"
        locked = bytes(row.wrapped)[1:]
        key = keks[row.kek_epoch].decrypt(locked[:FIRST], locked[FIRST:], binds.encode())
        cut = f"{row.event_id}\0{row.slot}".encode()
        plain = AESGCM(key).decrypt(bytes(row.nonce), bytes(row.ciphertext), cut)
        return json.loads(plain[SALT_BYTES:])

    frame["part"] = [opened(row) for row in frame.itertuples()]
    wide = frame.pivot_table(index="seq", columns="slot", values="part", aggfunc="first")
    stated = pd.DataFrame([part["fields"] for part in wide["inputs"]]).add_prefix("stated_")
    pushes = [{name: by for name, by, *_ in part["contributions"]} for part in wide["explanation"]]
    made = stated.join(pd.DataFrame(pushes).astype(float).add_prefix("contribution_"))
    out.mkdir(parents=True)
    made.to_parquet(out / f"{NAME}.parquet", compression="zstd")
    return taken(len(made), used, begun)


def turn(side: str, settings: Settings, out: Path, as_of: str) -> dict[str, float]:
    """One side by a process of its own."""
    given = ["--url", settings.database_url, "--data", str(settings.data), "--as-of", as_of]
    words = ["-m", "benchmarks.feedback_sets", "--side", side, "--out", str(out), *given]
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True)
    watch = Watch(process.pid)
    said: dict[str, float] = json.loads(process.communicate()[0])
    return {**said, "memory_mb": watch.stop()}


def measure(folder: Path, decisions: int, names: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Each side on each database: the best of its turns, so that other work weighs least."""
    found: dict[str, dict[str, float]] = {}
    for name in names:
        own = folder / name
        own.mkdir(parents=True)
        with database(name, own) as opened:
            settings = install(own, opened.url)
            as_of = fill(settings, decisions)
            sets: list[list[bytes]] = []
            for number in range(ROUNDS):
                for side in SIDES:
                    out = own / f"{side}-{number}"
                    one = turn(side, settings, out, as_of)
                    assert one["rows"] == decisions, one
                    best = found.setdefault(f"{side}, {name}", one)
                    if one["processor_s"] < best["processor_s"]:
                        found[f"{side}, {name}"] = one
                    if side == "set":
                        sets.append([file.read_bytes() for file in sorted(out.glob(ROWS[0]))])
            assert all(made == sets[0] for made in sets), "the same cut gave other bytes"
    return found


def show(found: dict[str, dict[str, float]]) -> None:
    """Print the table."""
    heading = f"{'':24}{'rows':>10}{'processor s':>14}{'us a row':>10}{'elapsed s':>12}{'MB':>8}"
    print(heading)
    for name, one in found.items():
        each = 1e6 * one["processor_s"] / one["rows"]
        print(
            f"{name:24}{one['rows']:10,.0f}{one['processor_s']:14.2f}{each:10.0f}"
            f"{one['elapsed_s']:12.2f}{one['memory_mb']:8.0f}"
        )


def main() -> None:
    """Measure; or, as a process of its own, make one side of what is there."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--decisions", type=int, default=2_000)
    words.add_argument("--database", choices=DATABASES)
    for hidden in ("--side", "--url", "--data", "--out", "--as-of"):
        words.add_argument(hidden, help=argparse.SUPPRESS)
    chosen = words.parse_args()
    if chosen.side:
        settings = Settings(data=Path(chosen.data), database_url=chosen.url)
        if chosen.side == "set":
            said = write_set(settings, Path(chosen.out), parse_instant(chosen.as_of))
        else:
            said = write_frame(settings, Path(chosen.out))
        json.dump(said, sys.stdout)
        return
    names = (chosen.database,) if chosen.database else DATABASES
    with tempfile.TemporaryDirectory(prefix="countermand-bench-") as folder:
        show(measure(Path(folder), chosen.decisions, names))


if __name__ == "__main__":
    main()
