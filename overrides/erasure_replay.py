"""Erasing again what had been erased and lies there all the same.

It was put back: by a backup of before, which knows nothing of the erasure, or row by row. What is
erased again is what an entry of the ledger says, and nothing else: an entry that is here, or one
that the file beside the keys carries with its proof. A legal hold is asked again too, and what it
keeps stays until it is lifted.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from overrides.erasing import (
    INLINE_MAX,
    RESTORED,
    Erasures,
    ErasureState,
    Hold,
    Pair,
    Part,
    pairs_root,
)
from overrides.erasure_errors import ErasureEntangled
from overrides.erasure_memory import Erased, ErasureMemory, root_in, with_proof
from overrides.errors import DataKeyAltered, LedgerAltered
from overrides.events import read_event
from overrides.journal import Decided, Draft, Entry, Event, Journal, Json, Receipt, State
from overrides.ledger import LedgerBook
from overrides.values import Actor, NewId

AT_ONCE = 500
BY_HAND = "by_hand"  # reason of a restore that no command made


@dataclass(slots=True)
class Again:
    """What was erased again: in how many entries, and what is to be told of it."""

    entries: int = 0
    told: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Replaying:
    """Erases again what an older database, or somebody, brought back."""

    memory: ErasureMemory
    erasures: Erasures
    ledger: LedgerBook
    journal: Journal
    new_id: NewId
    epoch: Callable[[], int]  # of the key above the data keys, as the writer has it in its turn
    opens: Callable[[int], bool]  # whether there is the key above data keys of an epoch

    def remember(self) -> list[str]:
        """Keep every erasure of the ledger beside the keys; those that no checkpoint covers yet."""
        unproven, log = [], self.ledger.log
        for entry in self._recorded():
            if self.memory.proves(entry.event_id, log) or self._doubt(entry.event_id):
                continue
            erased = Erased(entry.event_id, tuple(self.erasures.list_of(entry.event_id)))
            kept = with_proof(erased, entry, self.ledger)
            self.memory.keep(kept)
            unproven += [] if kept.proof else [entry.event_id]
        return unproven

    def replay(self, actor: Actor) -> Again:
        """Erase again what is remembered as erased and what this ledger knows nothing of.

        Raises ``ErasureUnproven``, ``ErasureEntangled``, and ``DataKeyAltered`` or
        ``LedgerAltered`` where something is not whose it says it is, before anything is erased by
        that file.
        """
        done, known = Again(), self.memory.known()
        if not known:
            return done
        again = {entry.event_id: _first(entry) for entry in self._recorded()}
        for lost in sorted(known - again.keys()):
            erased, recorded = self.memory.read(lost, self.ledger.log)
            if lost not in again.values() or self._lies_here(erased):
                self.erase(actor, erased, recorded, done)
        return done

    def erase(self, actor: Actor, erased: Erased, recorded: Event, done: Again) -> None:
        """Erase again what one erasure took, as far as it is in this ledger."""
        what = f"What was erased on {recorded.recorded_at.date()} ({erased.event_id})"

        def decide(state: State) -> Decided:
            known = self.erasures.within(state)
            there = known.events_there({event_id for event_id, _ in erased.pairs})
            pairs = [pair for pair in erased.pairs if pair[0] in there]
            again = self._again(actor, known, erased.event_id, pairs, (what, done))
            return self._with_restore(actor, again, recorded.seq + 1)

        done.entries += _erasures(self.journal.submit(decide).result())

    def erase_returned(self, actor: Actor) -> Again:
        """Erase again parts that lie here although an entry of this ledger says they were erased.

        An entry that does not stand on a request and an approval by two people erases nothing
        again, nor does one whose parts are not whose they say they are: that is told.
        """
        done = Again()
        for erasure, pairs in self.erasures.returned().items():
            if doubt := self._doubt(erasure):
                done.told.append(f"Parts lie here that entry {erasure} calls erased: {doubt}.")
                continue
            self._erase_back(actor, erasure, pairs, done)
        return done

    def _erase_back(self, actor: Actor, erasure: str, pairs: Sequence[Pair], done: Again) -> None:
        """Erase what came back of an erasure; of a case in which something is altered, nothing."""
        what = f"What was erased by entry {erasure}"
        again = partial(self._returned, actor, erasure, pairs, (what, done))
        try:
            done.entries += _erasures(self.journal.submit(again).result())
        except ErasureEntangled as entangled:
            done.told.append(str(entangled))
        except (DataKeyAltered, LedgerAltered) as altered:
            cases = self._by_case(pairs)
            if len(cases) == 1:
                done.told.append(f"{what} lies here again, and stays: {altered}")
                return
            for some in cases:
                self._erase_back(actor, erasure, some, done)

    def _by_case(self, pairs: Sequence[Pair]) -> list[list[Pair]]:
        """The pairs, those of a case together."""
        found: dict[str, list[Pair]] = {}
        for pair in pairs:
            entry = self.ledger.entry_of(pair[0])
            case = read_event(entry.body).case if entry else None
            found.setdefault(case or "", []).append(pair)
        return list(found.values())

    def _returned(
        self,
        actor: Actor,
        erasure: str,
        pairs: Sequence[Pair],
        telling: tuple[str, Again],
        state: State,
    ) -> Decided:
        """The command that erases what came back."""
        again = self._again(actor, self.erasures.within(state), erasure, pairs, telling)
        return self._with_restore(actor, again, self.ledger.head().size)

    def _lies_here(self, erased: Erased) -> bool:
        """Whether anything of an erasure can be read here, as a hold kept it when it was done."""
        with self.erasures.now() as known:
            return any(self.opens(part.epoch) for part in known.parts_named(erased.pairs))

    def _again(
        self,
        actor: Actor,
        known: ErasureState,
        erasure: str,
        pairs: Sequence[Pair],
        telling: tuple[str, Again],
    ) -> Decided:
        """The entry that erases these parts again, without those that a hold keeps."""
        what, done = telling
        named = known.parts_named(pairs)
        under = known.parts_under({part.dek_id for part in named})
        if len(under) != len(named):
            file = str(self.memory.path(erasure))
            raise ErasureEntangled(file=file, parts=len(under) - len(named))
        known.check_opening(named, closed_pass=True)
        can_be_read = [part for part in named if self.opens(part.epoch)]
        holds = [hold for hold in known.standing_holds() if any(map(hold.covers, can_be_read))]
        kept = _kept(can_be_read, holds)
        done.told += [words for h in holds if (words := _words(what, h)) not in done.told]
        free = [pair for pair in pairs if pair not in {part.pair for part in kept}]
        if not free:
            return Decided(())
        keys = {part.dek_id for part in named} - {part.dek_id for part in kept}
        data: dict[str, Json] = {
            "ground": RESTORED,
            "of": erasure,
            "slots": [list(pair) for pair in free] if len(free) <= INLINE_MAX else [],
            "root": pairs_root(free),
            "count": len(free),
            "destroyed": len(keys),
            "epoch": self.epoch(),
        }
        draft = self._draft(actor, "record_erased", data)
        return Decided((draft,), also=(self.erasures.destroy(draft.event_id, free, keys),))

    def _with_restore(self, actor: Actor, again: Decided, size: int) -> Decided:
        """With the entry that something was put back, where no entry says so yet."""
        if not again.drafts or self.ledger.latest(None, 1, ("restore_performed",)):
            return again
        restore = self._draft(actor, "restore_performed", {"from_size": size, "reason": BY_HAND})
        return replace(again, drafts=(restore, *again.drafts))

    def _draft(self, actor: Actor, kind: str, data: Mapping[str, Json]) -> Draft:
        """An entry without anything personal."""
        return Draft(
            event_id=self.new_id(), type=kind, actor=actor.ref, role=actor.role.value, data=data
        )

    def _doubt(self, erasure: str) -> str:
        """Why an entry is not enough to erase by again, "" where it is."""
        entry = self.ledger.entry_of(erasure)
        if entry is None or entry.type != "record_erased":
            return "there is no such entry"
        data = read_event(entry.body).data
        if pairs_root(self.erasures.list_of(erasure)) != root_in(data):
            return "the list of what it took is not the one it was recorded with"
        if data["ground"] == RESTORED:
            first = self.ledger.entry_of(str(data.get("of")))
            if first is None:
                proven = self.memory.proves(str(data.get("of")), self.ledger.log)
                return "" if proven else "what it does again is not proven"
            return self._doubt(first.event_id) if first.seq < entry.seq else "it is not sound"
        asked, approved = (self.ledger.entry_of(str(data.get(n))) for n in ("of", "approval"))
        if asked is None or approved is None:
            return "nobody asked for it or nobody approved it"
        request, approval = read_event(asked.body), read_event(approved.body)
        stands = (
            (request.type, approval.type) == ("erasure_requested", "erasure_approved")
            and request.actor != approval.actor
            and {request.data["root"], approval.data["root"]} == {root_in(data)}
        )
        return "" if stands else "it is not what one person asked for and another approved"

    def _recorded(self) -> Iterator[Entry]:
        """Erasures of this ledger, in order."""
        after = -1
        while found := self.ledger.changes(after, AT_ONCE, ("record_erased",)):
            yield from found
            after = found[-1].seq


def _first(entry: Entry) -> str:
    """The erasure that an entry does again, "" for one that does none again."""
    data = json.loads(entry.body)["data"]
    return str(data["of"]) if data["ground"] == RESTORED else ""


def _erasures(receipt: Receipt) -> int:
    """How many of the entries that were written erase something."""
    return sum(entry.type == "record_erased" for entry in receipt.entries)


def _kept(parts: Collection[Part], holds: Sequence[Hold]) -> list[Part]:
    """The parts that holds keep, with all that is locked by the same keys."""
    keys = {part.dek_id for part in parts if any(hold.covers(part) for hold in holds)}
    return [part for part in parts if part.dek_id in keys]


def _words(what: str, hold: Hold) -> str:
    """What is told of a hold over something that was erased before."""
    return (
        f"{what} lies here again, and stays: the legal hold {hold.hold_id} of "
        f"{hold.set_at.date()} keeps it. Lift the hold, and it is erased again."
    )
