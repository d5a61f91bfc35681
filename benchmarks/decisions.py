"""Decisions over HTTP: ours and the textbook's in turns, first checked, then timed."""

import asyncio
import json
import math
import subprocess
import sys
import urllib.request
from dataclasses import asdict
from statistics import median
from typing import Any

from benchmarks.load import CREATED, FRESH, Order, Report, exchange, request_bytes
from benchmarks.servers import Server

TOLERANCE = 1e-9
ROUNDS = 5
SECONDS_PER_TURN = 3.0
ONE_CLIENT = 1
MANY_CLIENTS = 32
CHECKED_ROWS = 20


def order_for(server: Server, bodies: list[str], clients: int, seconds: float) -> Order:
    """The same work for either server."""
    return Order(server.port, server.path, server.headers, bodies, clients, seconds, server.status)


def bodies_of(rows: list[dict[str, float | None]]) -> list[str]:
    """Request bodies; ours takes missing fields as left out or null alike."""
    return [json.dumps({"application_id": FRESH, "fields": fields}) for fields in rows]


def check(server: Server, other: Server, bodies: list[str]) -> float:
    """Hold both against each other and against themselves before any clock is started.

    For each row the parts must add up to the raw score on both sides, and both sides must give the
    same score, to 1e-9; raises AssertionError otherwise. Returns the largest distance found.
    """
    worst = 0.0
    for body in bodies[:CHECKED_ROWS]:
        mine, theirs = send(server, body), send(other, body)
        whole = fetch(server, f"/v1/decisions/{mine['decision_id']}")
        amounts = [float(part["contribution"]) for part in whole["contributions"]]
        raw = float(mine["score"]["raw"])
        distances = [
            abs(math.fsum([float(mine["reasons"]["base"]), *amounts]) - raw),
            abs(math.fsum([theirs["base"], *json.loads(theirs["contributions"])]) - theirs["raw"]),
            abs(raw - theirs["raw"]),
        ]
        worst = max(worst, *distances)
        assert worst <= TOLERANCE * max(1.0, abs(raw)), f"the two do not agree: {distances}"
    return worst


def send(server: Server, body: str) -> dict[str, Any]:
    """One decision, as its JSON answer."""

    async def once() -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        order = order_for(server, [body], 1, 0)
        try:
            return await exchange(reader, writer, request_bytes(order, body))
        finally:
            writer.close()

    status, answer = asyncio.run(once())
    assert status == CREATED, answer.decode()
    decided: dict[str, Any] = json.loads(answer)
    return decided


def fetch(server: Server, path: str) -> dict[str, Any]:
    """One JSON answer."""
    request = urllib.request.Request(server.address + path, headers=server.headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def turn(server: Server, bodies: list[str], clients: int, seconds: float) -> Report:
    """Let the load client work on one server for some seconds, from a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(asdict(order_for(server, bodies, clients, seconds))),
        capture_output=True,
        text=True,
        check=True,
    )
    report = Report(**json.loads(ran.stdout))
    assert report.answered, f"{server.name} answered nothing"
    assert not report.refused, f"{server.name} refused {report.refused} requests"
    return report


def race(
    mine: Server, theirs: Server, bodies: list[str], *, rounds: int, seconds: float
) -> dict[str, Any]:
    """Rounds in turns, so that whatever else the machine does meets both sides; medians."""
    runs: dict[tuple[str, int], list[Report]] = {}
    for clients in (ONE_CLIENT, MANY_CLIENTS):
        for server in (mine, theirs):
            turn(server, bodies, clients, 1.0)
    for number in range(1, rounds + 1):
        for clients in (ONE_CLIENT, MANY_CLIENTS):
            for server in (mine, theirs):
                report = turn(server, bodies, clients, seconds)
                runs.setdefault((server.name, clients), []).append(report)
        print(f"  round {number} of {rounds}")
    return {
        f"{name}, {clients} client{'s' * (clients > 1)}": {
            "p50_ms": median(report.p50_ms for report in reports),
            "p99_ms": median(report.p99_ms for report in reports),
            "requests_per_s": median(report.requests_per_s for report in reports),
            "rounds": [asdict(report) for report in reports],
        }
        for (name, clients), reports in runs.items()
    }
