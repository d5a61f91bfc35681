"""Requests sent again to a served installation: one effect, one answer, whatever was lost between.

Callers hang up before the answer comes, send twice at once, send again later, send something else
under the same key, and use a key again for something else altogether.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.evidence.lots import Lot, Part, Tally
from tests.evidence.sabotage import FORGETFUL, sabotaged
from tests.evidence.service import DECISIONS, Answer, Service, served, surroundings

OUTCOMES = "/v1/outcomes"
LOT = 600
AT_ONCE = 4
PAUSE_SECONDS = 0.01
UNSAID = ("latency_us",)  # members of an answer that are not of the decision


@dataclass(slots=True)
class Caller:
    """Sends requests to a service and notes what should not be."""

    service: Service
    lot: Lot
    tally: Tally
    crowd: ThreadPoolExecutor

    def send(self, number: int) -> None:
        """One request, in one of the ways in which things go wrong."""
        chance = self.lot.chance("request", number)
        name = f"{self.lot.number}-{number}"
        body = self.service.application(f"R-{name}")
        headers = self.service.headers("core", f"key-{name}")
        ways: tuple[Callable[..., list[Answer]], ...] = (self._again, self._lost, self._at_once)
        answers = chance.choice(ways)(body, headers, chance)
        self._compare(name, answers)
        if chance.random() < 0.3:
            other = self.service.ask("POST", DECISIONS, self.service.application("other"), headers)
            self.tally.units += 1
            if other.status != 422 or "key-reused" not in other.text:
                self.tally.fail("twice", f"{name}: other words under its key: {other.status}")
        if chance.random() < 0.2:
            self._elsewhere(name, headers)

    def _ask(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a request and wait."""
        return self.service.ask("POST", DECISIONS, body, headers)

    def _again(self, body: bytes, headers: Mapping[str, str], chance: Random) -> list[Answer]:
        """Send, and send again."""
        times = chance.randint(1, 3)
        self.tally.units += times
        return [self._ask(body, headers) for _ in range(1 + times)]

    def _lost(self, body: bytes, headers: Mapping[str, str], chance: Random) -> list[Answer]:
        """Hang up, once or twice, and send again."""
        times = chance.randint(1, 2)
        for _ in range(times):
            self.service.hang_up(DECISIONS, body, headers)
            time.sleep(chance.random() * PAUSE_SECONDS)
        self.tally.counts["answers not waited for"] += times
        self.tally.units += times
        return [self._ask(body, headers)]

    def _at_once(self, body: bytes, headers: Mapping[str, str], chance: Random) -> list[Answer]:
        """Send several times at the same moment."""
        times = chance.randint(2, AT_ONCE)
        self.tally.units += times - 1
        return list(self.crowd.map(lambda _: self._ask(body, headers), range(times)))

    def _elsewhere(self, name: str, headers: Mapping[str, str]) -> None:
        """The same key for something else altogether is another request."""
        record = {
            "application_id": f"R-{name}",
            "kind": "max_days_past_due",
            "value": 30,
            "observed_at": "2026-01-01T00:00:00Z",
        }
        answer = self.service.ask("POST", OUTCOMES, json.dumps([record]).encode(), headers)
        self.tally.counts["keys used elsewhere"] += 1
        if answer.status not in {200, 201}:
            self.tally.fail("twice", f"{name}: its key elsewhere: {answer.status} {answer.text}")

    def _compare(self, name: str, answers: list[Answer]) -> None:
        """Every answer must be the same decision."""
        if any(answer.status not in {200, 201} for answer in answers):
            said = [(answer.status, answer.text[:200]) for answer in answers]
            self.tally.fail("refused", f"{name}: {said}")
            return
        told = [decision(answer) for answer in answers]
        if any(one != told[0] for one in told):
            differing = {key for one in told for key in one if one[key] != told[0].get(key)}
            self.tally.fail("twice", f"{name}: answers differ in {sorted(differing)}")


def decision(answer: Answer) -> dict[str, Any]:
    """The decision in an answer."""
    said: dict[str, Any] = answer.json
    return {name: value for name, value in said.items() if name not in UNSAID}


def run(lot: Lot) -> Tally:
    """Send so many requests again."""
    tally = Tally()
    with sabotaged(lot.sabotage), served() as service, ThreadPoolExecutor(AT_ONCE) as crowd:
        caller = Caller(service, lot, tally, crowd)
        sent = 0
        while tally.units < lot.units:
            caller.send(sent)
            sent += 1
        ledger = service.house.services.ledger
        kinds = Counter[str]()
        requests = Counter[str]()
        for entry in ledger.entries(0, ledger.head().size):
            body = json.loads(entry.body)
            kinds[entry.type] += 1
            if entry.type.startswith("decision_"):
                requests[body["req"]] += 1
        doubled = [one for one, times in requests.items() if times > 1]
        if len(requests) != sent or doubled:
            tally.fail("twice", f"{sent} requests, {len(requests)} decided, {len(doubled)} twice")
        tally.counts["requests"] += sent
        tally.counts["outcomes"] += kinds["outcome_observed"]
    return tally


PART = Part(
    name="retries",
    shows="A request sent again has one effect and one answer, whatever was lost between",
    unit="retries",
    run=run,
    release=20_000,
    small=60,
    red=30,
    lot=LOT,
    rate=100,
    sabotages=(FORGETFUL,),
    surroundings=surroundings,
)
