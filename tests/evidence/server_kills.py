"""The server as a program, killed while callers send applications, and started again.

What was answered is there and is answered the same again; what was not answered is sent again with
its key and decided once. The ledger verifies, and goes on.
"""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from signal import SIGKILL
from typing import Any
from urllib.parse import urlsplit

from decision_service.access import HOST
from decision_service.people_changes import people_changes
from decision_service.settings import Settings
from decision_service.wiring import build
from overrides.examination import Trust
from overrides.signing import sign_checkpoint
from tests.cheap_passwords import cheap_passwords
from tests.decision_service.commands.servers import Server, Servers
from tests.decision_service.desk_house import desk_house
from tests.evidence.lots import Lot, Part, Tally, scratch
from tests.evidence.retries import decision
from tests.evidence.service import DECISIONS, Line, application, headers_with, surroundings

LOT = 2
CALLERS = 4
SENDING_SECONDS = (0.05, 0.8)
KNOWN_TRIED = 10


@dataclass(slots=True)
class Callers:
    """Everybody who sends applications, and what they were told."""

    secret: str
    told: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    doubtful: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, line: Line, number: int) -> None:
        """Send an application, or send it again; an answer must be the one of before."""
        with self.lock:
            self.doubtful.add(number)
        headers = headers_with(self.secret, f"key-{number}")
        answer = line.ask("POST", DECISIONS, application(number, f"S-{number}"), headers)
        with self.lock:
            self.doubtful.discard(number)
            if answer.status not in {200, 201}:
                self.wrong.append(f"request {number}: {answer.status} {answer.text[:200]}")
            elif decision(answer) != self.told.setdefault(number, decision(answer)):
                self.wrong.append(f"request {number} was answered otherwise before")

    def send_until_killed(self, line: Line) -> None:
        """Send one application after the other."""
        while True:
            with self.lock:
                number = next(self.numbers)
            try:
                self.ask(line, number)
            except (OSError, http.client.HTTPException):
                return


def _line(server: Server) -> Line:
    """A way to talk to a server."""
    return Line(urlsplit(server.address).port or 0)


def _kill_one(servers: Servers, data: Path, callers: Callers, chance: Random) -> None:
    """Start, send again what is in doubt, send more, kill."""
    server = servers(data)
    line = _line(server)
    known = chance.sample(sorted(callers.told), min(KNOWN_TRIED, len(callers.told)))
    for number in sorted({*callers.doubtful, *known}):
        callers.ask(line, number)
    with ThreadPoolExecutor(CALLERS) as crowd:
        sending = [crowd.submit(callers.send_until_killed, line) for _ in range(CALLERS)]
        time.sleep(chance.uniform(*SENDING_SECONDS))
        server.process.send_signal(SIGKILL)
        for one in sending:
            one.result(60)
    server.process.communicate(timeout=60)


def run(lot: Lot) -> Tally:
    """Kill the server so many times."""
    tally = Tally()
    servers = Servers()
    with scratch() as folder:
        data = folder / "data"
        with cheap_passwords(), desk_house(data) as house:
            secret = people_changes(house.services).add_key(HOST, "core")[1].text
        callers = Callers(secret)
        try:
            for number in range(lot.units):
                _kill_one(servers, data, callers, lot.chance("kill", number))
                tally.units += 1
            last = servers(data)
            for number in sorted(callers.doubtful):
                callers.ask(_line(last), number)
            last.stop()
        finally:
            servers.end()
        for words in callers.wrong:
            tally.fail("twice", words)
        _examine(data, callers, tally)
    return tally


def _examine(data: Path, callers: Callers, tally: Tally) -> None:
    """Every application is decided once, and the ledger verifies."""
    services = build(Settings(data=data, log="test.example/desk"), serving=False)
    try:
        ledger = services.ledger
        decided: dict[str, int] = {}
        for entry in ledger.entries(0, ledger.head().size):
            if entry.type.startswith("decision_"):
                request = json.loads(entry.body)["req"]
                decided[request] = decided.get(request, 0) + 1
        twice = sum(times > 1 for times in decided.values())
        if len(decided) != len(callers.told) or twice:
            words = f"{len(callers.told)} were told, {len(decided)} decided, {twice} twice"
            tally.fail("twice", words)
        sign_checkpoint(ledger, services.signer, services.clock)
        found = services.verify(Trust(keys=[services.signer.key], keys_from="this installation"))
        for finding in found.found:
            tally.fail("unsound", str(finding))
        tally.counts["applications decided"] += len(decided)
    finally:
        services.close()


PART = Part(
    name="server_kills",
    shows="A server killed under its callers loses no decision it told, and makes none twice",
    unit="kills",
    run=run,
    release=60,
    small=1,
    red=2,
    lot=LOT,
    rate=0.15,
    surroundings=surroundings,
)
