"""Many decisions at once: scored, explained, worded, encrypted, recorded, all on the disk.

Once as a file, by the command, whose processes share the processors there are; once in one request
to a server. What shap alone needs for as many rows is measured by ``bulk`` in the same run. Both
are told by the clock, which counts whatever else the machine does, and in seconds of a processor.
Of the file the start is left out, by recording a short one too.
"""

import asyncio
import json
import resource
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.load import FRESH
from benchmarks.servers import Server

ROWS = 20_000
WARM_ROWS = 1_000
MILLION = 1_000_000
TICKS = 100  # of a processor's clock in a second, as the kernel counts them
LINE_BYTES_MAX = 1 << 20


def measure(server: Server, bodies: list[str]) -> dict[str, float]:
    """Seconds of the clock and of the processor for so many decisions in one request."""
    asyncio.run(_send(server, bodies, WARM_ROWS))
    before, own = processor_seconds(server.process_id), time.process_time()
    elapsed = asyncio.run(_send(server, bodies, ROWS))
    spent, own = processor_seconds(server.process_id) - before, time.process_time() - own
    return {"rows": ROWS, "elapsed_s": elapsed, "processor_s": spent, "sender_s": own}


def by_file(folder: Path, bodies: Sequence[str]) -> dict[str, float]:
    """Seconds of the clock and of all processors for a file of so many decisions.

    ``folder`` is an installation that nobody serves at the time.
    """
    few, many = (_file_recorded(folder, bodies, rows) for rows in (WARM_ROWS, WARM_ROWS + ROWS))
    return {
        "file_elapsed_s": many[0] - few[0],
        "file_processor_s": many[1] - few[1],
        "file_start_s": few[0],
    }


def _file_recorded(folder: Path, bodies: Sequence[str], rows: int) -> tuple[float, float]:
    """Clock and processor seconds of one run of the command, its start included."""
    file = folder.parent / f"{rows}.jsonl"
    with file.open("w", encoding="utf-8") as written:
        for place in range(rows):
            written.write(bodies[place % len(bodies)].replace(FRESH, secrets.token_hex(12)) + "\n")
    command = [sys.executable, "-m", "countermand", "record", str(file), "--data", str(folder)]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with file.with_suffix(".answers").open("wb") as answers:
        subprocess.run(command, stdout=answers, stderr=subprocess.DEVNULL, check=True)
    elapsed, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return elapsed, spent


def processor_seconds(process_id: int) -> float:
    """What a process has spent so far, in user and system time, by Linux."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def _send(server: Server, bodies: list[str], rows: int) -> float:
    """Send all, read an answer line for each, all of them decisions; seconds taken."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=LINE_BYTES_MAX)
    headers = {**server.headers, "Content-Type": "application/x-ndjson", "Connection": "close"}
    lines = [f"POST {server.path}/batch HTTP/1.1", "Host: 127.0.0.1", "Transfer-Encoding: chunked"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    clock = asyncio.get_running_loop().time
    begun = clock()
    sending = asyncio.create_task(_write(writer, bodies, rows))
    decided = 0
    while line := await reader.readline():
        if line.startswith(b"{"):
            assert "decision_id" in json.loads(line), line.decode()
            decided += 1
    await sending
    writer.close()
    assert decided == rows, f"{decided} of {rows} were decided"
    return clock() - begun


async def _write(writer: asyncio.StreamWriter, bodies: list[str], rows: int) -> None:
    """Every line a chunk, each with an application and a key that are new."""
    for place in range(rows):
        fresh = secrets.token_hex(12)
        body = json.loads(bodies[place % len(bodies)].replace(FRESH, fresh))
        line = json.dumps({**body, "idempotency_key": fresh}).encode() + b"\n"
        writer.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()


def show(found: Mapping[str, float], bulk: Mapping[str, Any]) -> None:
    """Print both sides, and what a million would take."""
    ours, theirs = found["processor_s"] / found["rows"], 1 / bulk["shap_rows_per_s"]
    clock, processor = (
        found[f"file_{name}_s"] / found["rows"] for name in ("elapsed", "processor")
    )
    print(f"\n{found['rows']:,} decisions of a file, everything on")
    print(f"{'clock ms each':64}{clock * 1000:10.2f}")
    print(f"{'processor ms each, of all processes':64}{processor * 1000:10.2f}")
    print(
        f"{'seconds before the first, and for the first thousand':64}{found['file_start_s']:10.1f}"
    )
    print(f"{'a million at that speed, seconds':64}{clock * MILLION:10.0f}")
    print(f"\n{found['rows']:,} decisions in one request, everything on")
    print(f"{'processor ms each, all recorded':64}{ours * 1000:10.2f}")
    print(f"{'clock ms each':64}{found['elapsed_s'] / found['rows'] * 1000:10.2f}")
    print(f"{'processor ms each of the sender':64}{found['sender_s'] / found['rows'] * 1000:10.2f}")
    print(f"{'by shap: contributions alone, processor ms':64}{theirs * 1000:10.2f}")
    print(f"{'a million at that speed, processor seconds':64}{ours * MILLION:10.0f}")


def goals(
    found: Mapping[str, float], bulk: Mapping[str, Any]
) -> list[tuple[str, float, float, bool, str]]:
    """The promise about many decisions."""
    ways = {
        "processor": "decisions recorded in one request: shap's time alone / ours",
        "elapsed": "the same by the clock, the sender beside it",
        "file_elapsed": "decisions recorded from a file: shap's time alone / ours, by the clock",
    }
    return [
        (what, found["rows"] / found[f"{name}_s"] / bulk["shap_rows_per_s"], 12, True, "times")
        for name, what in ways.items()
    ]
