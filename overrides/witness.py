"""An auditor's own memory of a ledger: every checkpoint seen, and whether the next continues it.

The memory is one small file that nobody but its owner writes: a line of JSON for each time the
ledger was looked at, the newest last, which every verifier of the product reads as it is. A
checkpoint enters it only when its signature holds and it continues the last one.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path

from overrides.errors import MemoryUnusable, NoteInvalid, ProofInvalid
from overrides.instants import instant_text, parse_instant
from overrides.kek_files import sync_folder
from overrides.merkle import verify_consistency
from overrides.notes import Checkpoint, OpenedNote, PublicKey, open_note

MEMORY_BYTES_MAX = 256 * 1024 * 1024
LINE_BYTES_MAX = 1024 * 1024

Prove = Callable[[int, int], Sequence[bytes] | None]
"""Hashes that show the first so many entries to be the beginning of the second; None: no proof."""


class Outcome(IntEnum):
    """What came of looking at a ledger; the numbers are exit codes, as those of a verification."""

    CONSISTENT = 0
    ALTERED = 1
    INCOMPLETE = 2
    STALE = 3


@dataclass(frozen=True, slots=True)
class Sighting:
    """A ledger as it was seen once: the signed note, when, where, and the keys it was held to.

    ``ended`` says that the ledger ended there at that time: it was asked itself, and had signed
    just then. What was carried, or was signed earlier, may have had more entries after it already.
    Raises ``NoteInvalid`` for a note that its own log did not sign: that could not be read again.
    """

    seen_at: datetime
    note: str
    source: str
    keys: tuple[PublicKey, ...]
    ended: bool = False

    def __post_init__(self) -> None:
        """Open the note."""
        opened_checkpoint(self.note, self.keys)

    @property
    def checkpoint(self) -> Checkpoint:
        """What the note says."""
        return opened_checkpoint(self.note, self.keys)[0]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a checkpoint is beside what was remembered. ``finding`` is one sentence in words."""

    outcome: Outcome
    finding: str
    proof: tuple[bytes, ...] = ()


def opened_checkpoint(note: str, keys: Sequence[PublicKey]) -> tuple[Checkpoint, OpenedNote]:
    """A checkpoint signed with one of these keys. Raises ``NoteInvalid``."""
    opened = open_note(note, keys)
    checkpoint = Checkpoint.from_text(opened.text)
    if checkpoint.origin not in opened.signed_by:
        finding = f"it is of the log {checkpoint.origin[:80]}, and not signed by that log's own key"
        raise NoteInvalid(finding=finding)
    return checkpoint, opened


def judge(
    last: Checkpoint | None, now: Checkpoint, prove: Prove, *, live: bool, when: str
) -> Judgement:
    """Hold a checkpoint to the last one remembered, which was seen ``when``.

    ``live`` says that it comes from the ledger itself, which must never show less than it did;
    a file may be of an earlier day.
    """
    if last is None:
        text = f"This is the first that you remember of {now.origin}: {_entries(now.size)}."
        return Judgement(Outcome.CONSISTENT, text)
    if now.origin != last.origin:
        text = f"This is the ledger {now.origin}, and you remember {last.origin}."
        return Judgement(Outcome.INCOMPLETE, text)
    if now.size == last.size:
        return _of_one_size(last, now, when)
    if now.size < last.size:
        return _shorter(last, now, live=live, when=when)
    return _longer(last, now, prove, when)


def _of_one_size(last: Checkpoint, now: Checkpoint, when: str) -> Judgement:
    """As many entries as before: the root must be the same."""
    if now.root == last.root:
        text = f"Nothing was added since {when}, and nothing of the {_entries(last.size)} changed."
        return Judgement(Outcome.CONSISTENT, text)
    text = (
        f"FORK: the ledger has {_entries(now.size)} as on {when}, and they are not the same ones."
        " Its key signed both: one of the two histories was invented."
    )
    return Judgement(Outcome.ALTERED, text)


def _shorter(last: Checkpoint, now: Checkpoint, *, live: bool, when: str) -> Judgement:
    """Fewer entries than before: of the ledger itself, they were taken away."""
    gone = last.size - now.size
    if live:
        text = (
            f"ROLLBACK: the ledger had {_entries(last.size)} on {when} and has {now.size:,} now:"
            f" {_entries(gone)} that you remember {'is' if gone == 1 else 'are'} gone. An old"
            " backup was put back, or its end was cut off."
        )
        return Judgement(Outcome.ALTERED, text)
    text = (
        f"This is older than what you remember: {_entries(now.size)}, and you saw {last.size:,}"
        f" on {when}. It was not compared. Ask for a newer one."
    )
    return Judgement(Outcome.STALE, text)


def _longer(last: Checkpoint, now: Checkpoint, prove: Prove, when: str) -> Judgement:
    """More entries than before: those remembered must be its beginning, and that be shown."""
    steps = prove(last.size, now.size)
    if steps is None:
        text = (
            f"It has {_entries(now.size)} and came without a proof that the {last.size:,} you"
            f" remember from {when} are its beginning, so it is not remembered. Ask for what"
            f" 'countermand ledger checkpoint --since {last.size}' prints, or for an export."
        )
        return Judgement(Outcome.INCOMPLETE, text)
    proof = tuple(steps)
    try:
        verify_consistency(last.size, now.size, last.root, now.root, proof)
    except ProofInvalid as invalid:
        text = (
            f"FORK: nothing shows that the {_entries(last.size)} of {when} are the beginning of its"
            f" {now.size:,} now; the proof that came does not ({invalid.finding}). Ask once more."
            " If it stays so, what you remember was changed afterwards."
        )
        return Judgement(Outcome.ALTERED, text, proof)
    added = now.size - last.size
    text = (
        f"Everything you remember is still its beginning, unchanged since {when}:"
        f" {_entries(added)} {'was' if added == 1 else 'were'} added, {now.size:,} in all."
    )
    return Judgement(Outcome.CONSISTENT, text, proof)


def _entries(count: int) -> str:
    """So many entries, in words."""
    return "1 entry" if count == 1 else f"{count:,} entries"


@dataclass(frozen=True, slots=True)
class WitnessMemory:
    """The file of what was seen. ``torn`` lines, cut off by a power failure, are left out."""

    path: Path

    def read(self) -> list[Sighting]:
        """Everything remembered, oldest first; nothing where there is no file.

        Raises ``MemoryUnusable`` for a file that is something else, or damaged before its end.
        """
        try:
            with self.path.open("rb") as file:
                data = file.read(MEMORY_BYTES_MAX + 1)
        except FileNotFoundError:
            return []
        if len(data) > MEMORY_BYTES_MAX:
            raise MemoryUnusable(file=str(self.path), cause="it is too large")
        *whole, _torn = data.split(b"\n")
        return [self._sighting(place, line) for place, line in enumerate(whole, 1)]

    def add(self, sighting: Sighting) -> int:
        """Remember one more, on the disk when it returns; how many there are now."""
        line = json.dumps(_as_json(sighting), ensure_ascii=False) + "\n"
        with self.path.open("r+b" if self.path.exists() else "x+b") as file:
            before = file.read(MEMORY_BYTES_MAX)
            whole = before[: before.rfind(b"\n") + 1]
            file.seek(len(whole))
            file.truncate()
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self.path.parent)
        return whole.count(b"\n") + 1

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep another visit from writing meanwhile. Raises ``MemoryUnusable``."""
        with self.path.with_name(self.path.name + ".lock").open("ab") as file:
            with suppress(ImportError):  # where there are no such locks, nobody is kept out
                import fcntl

                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    cause = "another visit is writing it"
                    raise MemoryUnusable(file=str(self.path), cause=cause) from None
            yield

    def keep_evidence(
        self, last: Sighting, shown: Sighting, judgement: Judgement, *, stamp: str
    ) -> Path:
        """Write down two notes that contradict each other; the file, which is never overwritten.

        Both are signed with the ledger's own key, so anybody can see that it broke its word.
        """
        path = self.path.with_name(f"{self.path.name}.contradiction-{stamp}.json")
        told = {
            "finding": judgement.finding,
            "remembered": _as_json(last),
            "shown": _as_json(shown),
            "proof": [step.hex() for step in judgement.proof],
        }
        with path.open("x", encoding="utf-8") as file:
            file.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return path

    def _sighting(self, place: int, line: bytes) -> Sighting:
        """One line read."""
        try:
            kept = json.loads(line)
            sighting = Sighting(
                parse_instant(kept["seen_at"]),
                str(kept["note"]),
                str(kept["from"]),
                tuple(PublicKey.from_vkey(key) for key in kept["keys"]),
                ended=kept.get("ended") is True,
            )
        except (AttributeError, NoteInvalid, ValueError, TypeError, KeyError) as damaged:
            cause = f"its line {place} cannot be read ({damaged})"
            raise MemoryUnusable(file=str(self.path), cause=cause) from damaged
        return sighting


def _as_json(sighting: Sighting) -> dict[str, object]:
    """A sighting as it is written; verifiers look for ``note``, ``seen_at`` and ``ended``."""
    return {
        "seen_at": instant_text(sighting.seen_at),
        "note": sighting.note,
        "from": sighting.source,
        "keys": [key.vkey for key in sighting.keys],
        "ended": sighting.ended,
    }
