"""A load client in a process of its own: keeps N connections busy for some seconds, then reports.

It speaks just enough HTTP/1.1 over plain sockets, the same for both servers, so that little of the
machine goes to measuring. Run as ``python -m benchmarks.load`` it reads one JSON order from
standard input and writes one JSON report.
"""

import asyncio
import json
import secrets
import sys
import time
from dataclasses import asdict, dataclass

CREATED = 201


@dataclass(frozen=True, slots=True)
class Order:
    """What to send: bodies with a place for a fresh id, to one address, for some seconds."""

    port: int
    path: str
    headers: dict[str, str]
    bodies: list[str]
    clients: int
    seconds: float
    status: int = CREATED  # of an answer that worked


@dataclass(frozen=True, slots=True)
class Report:
    """What came back. Latencies are in milliseconds, of requests that were answered in time."""

    answered: int
    refused: int
    requests_per_s: float
    p50_ms: float
    p99_ms: float


FRESH = "FRESH-ID"
"""Stands in each body where an id goes that was never used before."""


def request_bytes(order: Order, body: str) -> bytes:
    """One request, with a new application id and a new idempotency key."""
    fresh = secrets.token_hex(12)
    content = body.replace(FRESH, fresh).encode()
    headers = {**order.headers, "Idempotency-Key": fresh, "Content-Length": str(len(content))}
    lines = [f"POST {order.path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> tuple[int, bytes]:
    """Send one request, read one whole answer; its status and its body."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
    return int(lines[0].split()[1]), await reader.readexactly(length)


async def one_client(order: Order, place: int, until: float) -> list[tuple[float, bool]]:
    """Send one request after another until the time is up; seconds taken, and whether it worked."""
    reader, writer = await asyncio.open_connection("127.0.0.1", order.port)
    taken = []
    while time.perf_counter() < until:
        body = order.bodies[place % len(order.bodies)]
        request = request_bytes(order, body)
        sent = time.perf_counter()
        status, _ = await exchange(reader, writer, request)
        taken.append((time.perf_counter() - sent, status == order.status))
        place += order.clients
    writer.close()
    return taken


async def carry_out(order: Order) -> Report:
    """Run all clients at once and put their times together."""
    started = time.perf_counter()
    until = started + order.seconds
    clients = (one_client(order, place, until) for place in range(order.clients))
    taken = [entry for client in await asyncio.gather(*clients) for entry in client]
    elapsed = time.perf_counter() - started
    good = sorted(seconds for seconds, worked in taken if worked)
    if not good:
        return Report(0, len(taken), 0.0, 0.0, 0.0)
    return Report(
        answered=len(good),
        refused=len(taken) - len(good),
        requests_per_s=len(good) / elapsed,
        p50_ms=good[len(good) // 2] * 1000,
        p99_ms=good[min(len(good) - 1, len(good) * 99 // 100)] * 1000,
    )


def main() -> None:
    """Read the order, carry it out, report."""
    order = Order(**json.load(sys.stdin))
    json.dump(asdict(asyncio.run(carry_out(order))), sys.stdout)


if __name__ == "__main__":
    main()
