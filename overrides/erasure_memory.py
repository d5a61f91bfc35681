"""What was erased, remembered beside the keys, so that no older copy of the database undoes it.

Each erasure leaves a file that names the parts it took. When a database is opened that does not
know of one of them, because it was put back from a backup, the parts are erased again, and an
entry says so, before anything else is done with it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from overrides.canonical import canonical
from overrides.countermand_verify import ERASED
from overrides.erasing import INLINE_MAX, RESTORED, Erasures, Pair, pairs_root
from overrides.journal import Decided, Draft, Journal, Json, State
from overrides.kek_files import PARTIAL, overwrite, sync_folder, write_secret
from overrides.ledger import LedgerBook
from overrides.values import Actor, NewId

FOLDER = "erasures"
AT_ONCE = 500
DIRECTORY_MODE = 0o700


@dataclass(frozen=True, slots=True)
class Erased:
    """One erasure: the event that recorded it, and what it took."""

    event_id: str
    pairs: tuple[Pair, ...]

    @property
    def text(self) -> str:
        """The erasure as it lies in its file."""
        members = {"event": self.event_id, "parts": [list(pair) for pair in self.pairs]}
        return canonical(members).decode() + "\n"

    @classmethod
    def from_text(cls, text: str) -> "Erased":
        """An erasure from its file. Raises ``ValueError`` or ``KeyError`` for another file."""
        members = json.loads(text)
        pairs = tuple((str(event_id), str(slot)) for event_id, slot in members["parts"])
        return cls(members["event"], pairs)


@dataclass(frozen=True, slots=True)
class ErasureMemory:
    """The folder of erasures beside the keys of one installation."""

    directory: Path

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return self.directory / FOLDER

    def keep(self, erased: Erased) -> None:
        """Remember an erasure, whole or not at all."""
        self.folder.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        path = self.folder / f"{erased.event_id}.json"
        partial = path.with_name(path.name + PARTIAL)
        overwrite(partial)
        write_secret(partial, erased.text)
        partial.replace(path)
        sync_folder(self.folder)

    def known(self) -> set[str]:
        """Events that are remembered."""
        return {path.stem for path in self.folder.glob("*.json")}

    def read(self, event_id: str) -> Erased:
        """One erasure."""
        return Erased.from_text((self.folder / f"{event_id}.json").read_text())


def erased_in(export: Path) -> list[Erased]:
    """What the erasures took that an export lists. Whoever uses it has checked the export."""
    listed: dict[str, list[Pair]] = {}
    with (export / ERASED).open("rb") as lines:
        for line in lines:
            part = json.loads(line)
            listed.setdefault(part["erasure"], []).append((part["event_id"], part["slot"]))
    return [Erased(event_id, tuple(pairs)) for event_id, pairs in listed.items()]


@dataclass(frozen=True, slots=True)
class Replaying:
    """Erases again what an older database brought back."""

    memory: ErasureMemory
    erasures: Erasures
    ledger: LedgerBook
    journal: Journal
    new_id: NewId
    epoch: int

    def remember(self) -> int:
        """Keep every erasure of the ledger that is not kept yet; how many those were."""
        known, kept = self.memory.known(), 0
        for event_id, _ in self._recorded():
            if event_id not in known:
                self.memory.keep(Erased(event_id, tuple(self.erasures.list_of(event_id))))
                kept += 1
        return kept

    def replay(self, actor: Actor) -> int:
        """Erase again what is remembered as erased and is not erased here; in how many entries."""
        known = self.memory.known()
        if not known:
            return 0
        done = {name for recorded in self._recorded() for name in recorded}
        return sum(self._again(actor, self.memory.read(lost)) for lost in sorted(known - done))

    def _again(self, actor: Actor, erased: Erased) -> int:
        """Erase again what one erasure took, as far as it is in this ledger; 1 for an entry."""

        def decide(state: State) -> Decided:
            known = self.erasures.within(state)
            there = known.events_there({event_id for event_id, _ in erased.pairs})
            pairs = [pair for pair in erased.pairs if pair[0] in there]
            if not pairs:
                return Decided(())
            keys = {part.dek_id for part in known.parts_named(pairs)}
            data: dict[str, Json] = {
                "ground": RESTORED,
                "of": erased.event_id,
                "slots": [list(pair) for pair in pairs] if len(pairs) <= INLINE_MAX else [],
                "root": pairs_root(pairs),
                "count": len(pairs),
                "destroyed": len(keys),
                "epoch": self.epoch,
            }
            draft = Draft(
                event_id=self.new_id(),
                type="record_erased",
                actor=actor.ref,
                role=actor.role.value,
                data=data,
            )
            return Decided((draft,), also=(self.erasures.destroy(draft.event_id, pairs, keys),))

        return len(self.journal.submit(decide).result().entries)

    def _recorded(self) -> Iterator[tuple[str, str]]:
        """Erasures of this ledger: the event, and the event that it did again or ""."""
        after = -1
        while found := self.ledger.changes(after, AT_ONCE, ("record_erased",)):
            for entry in found:
                data = json.loads(entry.body)["data"]
                yield entry.event_id, data["of"] if data["ground"] == RESTORED else ""
            after = found[-1].seq
