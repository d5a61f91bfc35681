"""Two people on one case at the same moment: one act stands, and the other's words are not lost.

Both open the case's page, fill in the form on it, which is kept as it is typed, and send it at
once. One is led on, and has no draft any more; the other sees the case as it has become, with what
they had written, and keeps the draft, which nobody else is shown. Nothing of it is recorded.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from threading import Barrier

from decision_service.draft_pages import DraftPages
from tests.evidence.lots import Lot, Part, Tally
from tests.evidence.sabotage import CLOSED_DECIDED, WORDS_LOST, sabotaged
from tests.evidence.service import Answer, Browser, Service, served, surroundings

LOT = 150
PEOPLE = ("asha", "bruno")
DECLINABLE = frozenset({"refer", "decline"})  # declining is within anybody's limit
ENDINGS = frozenset({"case_decided", "case_withdrawn"})


@dataclass(slots=True)
class Race:
    """Two people, one case."""

    service: Service
    browsers: dict[str, Browser]
    crowd: ThreadPoolExecutor
    tally: Tally
    acts: dict[str, Callable[[str], tuple[str, dict[str, str]]]] = field(init=False)

    def __post_init__(self) -> None:
        """Know what people do."""
        self.acts = {"review": _review, "withdrawal": _withdrawal}

    def run(self, chance: Random, name: str) -> None:
        """Both act at once on a case that neither holds, or both take it."""
        made = self._case(chance, name)
        address = f"/cases/{made['case_id']}"
        if chance.random() < 0.3:
            self._take(address, name)
        else:
            self._act(chance, address, name)

    def _case(self, chance: Random, name: str) -> dict[str, str]:
        """A case that waits for a person."""
        for attempt in range(50):
            made: dict[str, str] = self.service.apply(f"W-{name}-{attempt}")
            if made["status"] == "in_review" and made["recommendation"] in DECLINABLE:
                return made
        msg = f"no application of fifty comes to a person ({chance})"
        raise RuntimeError(msg)

    def _at_once(self, work: Callable[[str], Answer]) -> dict[str, Answer]:
        """Both do something at the same moment."""
        barrier = Barrier(len(PEOPLE))

        def together(who: str) -> Answer:
            barrier.wait(30)
            return work(who)

        return dict(zip(PEOPLE, self.crowd.map(together, PEOPLE), strict=True))

    def _act(self, chance: Random, address: str, name: str) -> None:
        """Both send a form that ends the case."""
        forms = {}
        for who in PEOPLE:
            act = chance.choice(tuple(self.acts))
            page = address if act == "review" else f"{address}/withdrawal"
            words = f"What {who} wrote of {name}, at length enough to be missed."
            path, typed = self.acts[act](words)
            form = self.browsers[who].form(page)
            forms[who] = (f"{address}/{path}", {**form, **typed}, words)
            kept = {**form, **typed, "draft_of": f"{address}/{path}", "quietly": "1"}
            if self.browsers[who].post("/drafts", kept).status != 200:
                self.tally.fail("drafts", f"{name}: {who} could not keep what was typed")
        answers = self._at_once(lambda who: self.browsers[who].post(*forms[who][:2]))
        won = [who for who in PEOPLE if answers[who].status == 303]
        self.tally.counts[f"{len(won)} of two went on"] += 1
        if len(won) != 1:
            said = [(who, forms[who][0], answers[who].status) for who in PEOPLE]
            self.tally.fail("winners", f"{name}: {said}")
            return
        loser = next(who for who in PEOPLE if who not in won)
        if answers[loser].status != 409 or forms[loser][2] not in answers[loser].text:
            self.tally.fail("words", f"{name}: {loser} saw {answers[loser].status} without a draft")
        drafts = DraftPages(self.service.house.services)
        for who in PEOPLE:
            left = drafts.find(self.service.house.viewer(who), forms[who][0])
            note = dict(left.fields).get("note") if left else None
            if note != (forms[who][2] if who == loser else None):
                self.tally.fail("drafts", f"{name}: of {who} {note!r} is kept")
        kinds = self.service.house.kinds(address.rpartition("/")[2])
        if sum(kind in ENDINGS for kind in kinds) != 1:
            self.tally.fail("winners", f"{name}: {kinds}")

    def _take(self, address: str, name: str) -> None:
        """Both take the lease."""
        forms = {who: self.browsers[who].form(address) for who in PEOPLE}
        answers = self._at_once(lambda who: self.browsers[who].post(f"{address}/claim", forms[who]))
        kinds = self.service.house.kinds(address.rpartition("/")[2])
        self.tally.counts["leases raced for"] += 1
        if kinds.count("case_claimed") != 1:
            said = [answers[who].status for who in PEOPLE]
            self.tally.fail("winners", f"{name}: {said}, {kinds}")


def _review(words: str) -> tuple[str, dict[str, str]]:
    """Declining what was referred, for the reason ticked on the page, or agreeing to a decline."""
    return "review", {"decision": "decline", "note": words}


def _withdrawal(words: str) -> tuple[str, dict[str, str]]:
    """The applicant withdrew."""
    return "withdrawal", {"note": words}


def run(lot: Lot) -> Tally:
    """So many races."""
    tally = Tally()
    with (
        sabotaged(lot.sabotage),
        served() as service,
        ThreadPoolExecutor(len(PEOPLE)) as crowd,
    ):
        race = Race(service, {who: Browser(service, who) for who in PEOPLE}, crowd, tally)
        for number in range(lot.units):
            race.run(lot.chance("race", number), f"{lot.number}-{number}")
            tally.units += 1
    return tally


PART = Part(
    name="reviewers",
    shows="Of two people who act on one case at once one wins, and the other's draft is kept",
    unit="races",
    run=run,
    release=2_000,
    small=20,
    red=12,
    lot=LOT,
    rate=10,
    sabotages=(CLOSED_DECIDED, WORDS_LOST),
    surroundings=surroundings,
)
