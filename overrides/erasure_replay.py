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
from overrides.erasure_memory import Erased, ErasureMemory, root_in, with_proof
from overrides.events import read_event
from overrides.journal import Decided, Draft, Entry, Event, Journal, Json, Receipt, State
from overrides.ledger import LedgerBook
from overrides.values import Actor, NewId

AT_ONCE = 500
NAMED = 3
HAVE_THE_REST_ERASED = "; have these erased too (countermand erase request), and it goes with them"
CLOSED = "nobody can open them, so nobody can say whose they are."
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

        What is not whose it says it is stays, and is told. Raises ``ErasureUnproven`` before
        anything is erased by that file.
        """
        done, known = Again(), self.memory.known()
        if not known:
            return done
        again = {entry.event_id: _first(entry) for entry in self._recorded()}
        for lost in sorted(known - again.keys()):
            erased, recorded = self.memory.read(lost, self.ledger.log)
            anew = lost not in again.values()
            if anew or self._lies_here(erased):
                self.erase(actor, erased, recorded, done, anew=anew)
        return done

    def erase(
        self, actor: Actor, erased: Erased, recorded: Event, done: Again, *, anew: bool = True
    ) -> None:
        """Erase again what one erasure took, as far as it is in this ledger.

        Unless it is done ``anew``, an entry of this ledger says so already of what is not here.
        """
        what = f"What was erased on {recorded.recorded_at.date()} ({erased.event_id})"

        def decide(state: State) -> Decided:
            known = self.erasures.within(state)
            there = known.events_there({event_id for event_id, _ in erased.pairs})
            pairs = [pair for pair in erased.pairs if pair[0] in there]
            if not anew:
                here = {part.pair for part in known.parts_named(pairs)}
                pairs = [pair for pair in pairs if pair in here]
            again = self._again(actor, known, erased.event_id, pairs, (what, done))
            return self._with_restore(actor, again, recorded.seq + 1)

        done.entries += _erasures(self.journal.submit(decide).result())

    def erase_returned(self, actor: Actor) -> Again:
        """Erase again parts that lie here although an entry of this ledger says they were erased.

        An entry that does not stand on a request and an approval by two people erases nothing
        again: that is told, and so is what stays as it is not whose it says it is.
        """
        done = Again()
        for erasure, pairs in self.erasures.returned().items():
            if doubt := self._doubt(erasure):
                done.told.append(f"Parts lie here that entry {erasure} calls erased: {doubt}.")
                continue
            telling = f"What was erased by entry {erasure}", done
            again = partial(self._returned, actor, erasure, pairs, telling)
            done.entries += _erasures(self.journal.submit(again).result())
        return done

    def _returned(
        self,
        actor: Actor,
        erasure: str,
        pairs: Sequence[Pair],
        telling: tuple[str, Again],
        state: State,
    ) -> Decided:
        """The command that erases what came back."""
        known = self.erasures.within(state)
        here = {part.pair for part in known.parts_named(pairs)}
        there = [pair for pair in pairs if pair in here]
        if len(there) < len(pairs):
            _tell(telling, "lies here again, and stays: some of it lies at another entry.")
        again = self._again(actor, known, erasure, there, telling)
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
        """The entry that erases these parts again, without those that stay."""
        sifted = known.sift(pairs)
        for words, is_theirs in sifted.stays:
            cure = HAVE_THE_REST_ERASED if is_theirs else ""
            _tell(telling, f"lies here again, and stays: {words.rstrip('.')}{cure}.")
        can_be_read = [part for part in sifted.parts if part.dek_id in sifted.keys]
        holds = [hold for hold in known.standing_holds() if any(map(hold.covers, can_be_read))]
        for hold in holds:
            _tell(telling, _words(hold))
        keys = sifted.keys - {part.dek_id for part in _kept(can_be_read, holds)}
        goes = {part.pair for part in sifted.parts if part.dek_id not in sifted.keys - keys}
        here = {part.pair for part in known.parts_named(pairs)}
        free = [pair for pair in pairs if pair in goes or pair not in here]
        if not free:
            return Decided(())
        if sifted.closed:
            _tell(telling, f"is gone again. Its data keys {_some(sifted.closed)} stay: {CLOSED}")
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


def _words(hold: Hold) -> str:
    """What is told of a hold over something that was erased before."""
    return (
        f"lies here again, and stays: the legal hold {hold.hold_id} of "
        f"{hold.set_at.date()} keeps it. Lift the hold, and it is erased again."
    )


def _tell(telling: tuple[str, Again], words: str) -> None:
    """Tell something of an erasure, once."""
    what, done = telling
    if (sentence := f"{what} {words}") not in done.told:
        done.told.append(sentence)


def _some(names: Sequence[str]) -> str:
    """Names, the first of many."""
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" * (len(names) > NAMED))
