"""What writers said of their requests, held against the ledger that is left."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from overrides.errors import KeyReused
from tests.evidence.lots import Tally
from tests.evidence.office import Office
from tests.evidence.reading_on import Reader
from tests.evidence.tasks import Tasks, request_hash

KEYS_TRIED = 20


@dataclass(slots=True)
class Witness:
    """What writers said: what they sent, what they were told, and what nobody knows of."""

    told: dict[int, list[str]] = field(default_factory=dict)  # event ids by number
    refused: set[int] = field(default_factory=set)
    doubtful: set[int] = field(default_factory=set)
    next_number: int = 0
    replays: int = 0
    fresh: list[int] = field(default_factory=list)  # told since the ledger was last read
    wrong: list[str] = field(default_factory=list)

    def hear(self, lines: Iterable[str]) -> None:
        """Take in what one writer said before its end."""
        for line in lines:
            word, number, *ids = line.split()
            self._hear(word, int(number), ids)

    def compare(self, reader: Reader, tally: Tally, when: str) -> None:
        """Everything told is there; everything there is as it should be."""
        for wrong in (*reader.wrong, *self.wrong):
            tally.fail("unsound", f"{when}: {wrong}")
        reader.wrong.clear()
        self.wrong.clear()
        for number in self.fresh:
            lost = [one for one in self.told[number] if one not in reader.place_of]
            if lost:
                tally.fail("lost", f"{when}: request {number} was told {lost}")
        self.fresh.clear()

    def settle(self, office: Office, tasks: Tasks, chance: Random, tally: Tally) -> None:
        """Send again what is in doubt and some of what is not, and others under their keys."""
        known = chance.sample(sorted(self.told), min(KEYS_TRIED, len(self.told)))
        for number in sorted({*self.doubtful, *known}):
            task = tasks.task(number)
            done = office.journal.submit(task.command, once=task.once)
            if done.exception() is None:
                ids = [entry.event_id for entry in done.result().entries]
                self.hear([f"again {number} {' '.join(ids)}"])
            other = tasks.again(task, other=True)
            refused = office.journal.submit(other.command, once=other.once).exception()
            if done.exception() is None and not isinstance(refused, KeyReused):
                tally.fail("twice", f"another request under the key of {number}: {refused!r}")

    def compare_effects(self, reader: Reader, tasks: Tasks, tally: Tally) -> None:
        """Every request that was answered took effect once, as it was told."""
        for number, ids in self.told.items():
            places = reader.effects.get(request_hash(tasks.lookup, tasks.seed, number), [])
            if places != [reader.place_of.get(one) for one in ids]:
                tally.fail("twice", f"request {number} has the entries {places}, told were {ids}")

    def count(self, reader: Reader, tally: Tally) -> None:
        """Put into the tally what there was."""
        tally.counts["requests answered"] += len(self.told)
        tally.counts["requests refused"] += len(self.refused)
        tally.counts["requests sent again that had taken effect"] += self.replays
        tally.counts["entries"] += reader.tree.size

    def _hear(self, word: str, number: int, ids: list[str]) -> None:
        """One sentence."""
        if word == "hangs":
            self.wrong.append(f"request {number} was never answered")
            return
        if word == "sent":
            self.doubtful.add(number)
            self.next_number = max(self.next_number, number + 1)
            return
        self.doubtful.discard(number)
        if word == "refused":
            self.refused.add(number)
            return
        self.replays += word == "again"
        self.fresh.append(number)
        if self.told.setdefault(number, ids) != ids:
            self.wrong.append(f"request {number} was answered {self.told[number]}, then {ids}")
