"""Who witnesses this ledger, and the cosignatures that came of it.

The folder has ``cosigners.json`` (who is trusted, by which keys, where they are asked),
``standing.json`` (what each signed last, and what went wrong) and a file of signed notes for each
day. Of a day only those notes are kept whose witnesses did not all sign a later one too. Nothing in
it is secret, and it is no part of the database: a backup that is put back does not undo it. No
signature is believed for lying there: each is checked with its key whenever it is read.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from overrides.cosigning import lines_of
from overrides.countermand_verify import (
    ML_DSA_KEY,
    WITNESS_KEY,
    Checkpoint,
    Key,
    Opened,
    Wrong,
    open_note,
)
from overrides.errors import MemoryUnusable, NoteInvalid
from overrides.file_turns import alone, put_aside
from overrides.instants import instant_text, parse_instant
from overrides.kek_files import PARTIAL, overwrite, sync_folder, write_secret
from overrides.kept_signatures import Notes, as_lines, holds, undominated, whole_note
from overrides.ledger import SignedCheckpoint

KINDS = {WITNESS_KEY: "ed25519", ML_DSA_KEY: "ml-dsa-44"}
STANDING_GONE = "what each witness signed last is noted anew when it signs again."
DAY_GONE = "what witnesses signed on that day is not enclosed any more."
LINES_GONE = "what does not hold of the signatures there is not enclosed any more, all else stays."
LIST_GONE = (
    "{} is missing, although witnesses signed this ledger: nobody is asked. Name them again."
)
PIN_AGAIN = "; move it away, and name the witnesses again (countermand cosigner add)"
COSIGNERS, STANDING, SIGNED, TURN = "cosigners.json", "standing.json", "signed", "turn.lock"


@dataclass(frozen=True, slots=True)
class Pinned:
    """A witness of this ledger. Without an address it is asked by file; ``ca`` names a file."""

    name: str
    keys: tuple[Key, ...]
    address: str = ""
    ca: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a witness: how much they signed last, and what came of asking last."""

    size: int = 0
    signed_at: datetime | None = None
    asked_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CosignerBook:
    """The folder of one ledger's witnesses; ``keys`` are those that sign or signed the ledger."""

    folder: Path
    keys: tuple[Key, ...]

    def pinned(self) -> list[Pinned]:
        """Who witnesses this ledger, in the order in which they were added."""
        rows = self._read(COSIGNERS, [])
        try:
            return [
                Pinned(
                    str(row["name"]),
                    tuple(Key.read(key) for key in row["keys"]),
                    str(row["address"]),
                    str(row["ca"]),
                )
                for row in rows
            ]
        except (Wrong, KeyError, TypeError) as damaged:
            raise self._unusable(COSIGNERS, damaged) from damaged

    def pin(self, new: Pinned) -> None:
        """Trust a witness from now on, in the place of one of the same name."""
        with alone(self.folder / TURN):
            kept = [one for one in self.pinned() if one.name != new.name]
            self._write_pinned([*kept, new])

    def unpin(self, name: str) -> bool:
        """Trust a witness no more; False when nobody has the name. What they signed stays."""
        with alone(self.folder / TURN):
            known = self.pinned()
            kept = [one for one in known if one.name != name]
            self._write_pinned(kept)
            return len(kept) < len(known)

    def standings(self) -> dict[str, Standing]:
        """What is known of each witness, by name."""
        rows = self._read(STANDING, {})
        try:
            return {
                name: Standing(
                    int(row["size"]),
                    parse_instant(row["signed_at"]) if row["signed_at"] else None,
                    parse_instant(row["asked_at"]) if row["asked_at"] else None,
                    str(row["problem"]),
                )
                for name, row in rows.items()
            }
        except (ValueError, KeyError, TypeError, AttributeError) as damaged:
            raise self._unusable(STANDING, damaged) from damaged

    def report(self, name: str, at: datetime, problem: str) -> None:
        """Note that a witness was asked, and what went wrong, "" for nothing."""
        self._change(name, lambda before: replace(before, asked_at=at, problem=problem))

    def open(self, note: str) -> tuple[Checkpoint, Opened]:
        """A note of this ledger that witnesses signed. Raises ``NoteInvalid``."""
        known = [key for one in self.pinned() for key in one.keys]
        try:
            opened = open_note(note, (*self.keys, *known))
            checkpoint = Checkpoint.read(opened.text)
        except Wrong as wrong:
            raise NoteInvalid(finding=str(wrong)) from wrong
        if checkpoint.origin not in {key.name for key in opened.signed_by}:
            raise NoteInvalid(finding="it is not signed by this ledger's own key")
        return checkpoint, opened

    def keep(self, note: str) -> list[str]:
        """Keep what witnesses signed; the names of those who did. Raises ``NoteInvalid``.

        What is let go of a day is what larger sizes have of the same witnesses. An answer that
        comes after them, for a smaller size, does not bring that back.
        """
        checkpoint, opened = self.open(note)
        if not opened.cosigners:
            raise NoteInvalid(finding="no witness of this ledger signed it")
        seen = dict(zip(opened.cosigners, (at for _, at in opened.seen_by), strict=True))
        own, theirs = lines_of(note, opened.signed_by), lines_of(note, opened.cosigners)
        newest = max(seen.values())
        with alone(self.folder / TURN):
            path = f"{SIGNED}/{newest:%Y-%m-%d}.jsonl"
            kept = self._notes(path)
            added = {str(key): line for key, line in {**own, **theirs}.items()}
            kept[opened.text] = kept.get(opened.text, {}) | added
            self._replace(path, as_lines(undominated(kept)))
        names = []
        for one in self.pinned():
            times = [seen[key] for key in one.keys if key in seen]
            if times:
                names.append(one.name)
                self._signed(one.name, checkpoint.size, max(times))
        return names

    def cosigned(self) -> Callable[[str], str]:
        """Adds to a signed note what witnesses signed of it."""
        lines: Notes = {}
        for path in sorted((self.folder / SIGNED).glob("*.jsonl")):
            for text, told in self._notes(f"{SIGNED}/{path.name}").items():
                lines.setdefault(text, {}).update(told)

        def added(note: str) -> str:
            text, _, signatures = note.rpartition("\n\n")
            there = set(signatures.splitlines(keepends=True))
            more = lines.get(f"{text}\n", {}).values()
            return note + "".join(line for line in more if line not in there)

        return added

    def mend(self, newest: int = 0) -> list[str]:
        """Put aside what was kept of signatures and cannot be read or does not hold, in words.

        Of all days, or of so many ``newest``. Who is trusted is never put aside: only whoever
        pinned them can say that again; where that is missing it is told.
        Raises ``MemoryUnusable`` for a file that the system does not let be read.
        """
        told = [LIST_GONE.format(self.folder / COSIGNERS)] if self._list_is_gone() else []
        if not self._damaged(newest):
            return told
        with alone(self.folder / TURN):
            for path, gone, rest in self._damaged(newest):
                told.append(f"{path} is damaged, and is {put_aside(path).name} now: {gone}")
                if rest:
                    self._replace(str(path.relative_to(self.folder)), as_lines(rest))
        return told

    def _list_is_gone(self) -> bool:
        """Whether there were witnesses and nothing says any more who they are."""
        return not (self.folder / COSIGNERS).exists() and (
            (self.folder / STANDING).exists() or any((self.folder / SIGNED).glob("*.jsonl"))
        )

    def newest(self) -> SignedCheckpoint | None:
        """The largest checkpoint that most witnesses signed, with what they signed, if any."""
        own = {str(key) for key in self.keys}
        for day in sorted((self.folder / SIGNED).glob("*.jsonl"), reverse=True):
            kept = self._notes(f"{SIGNED}/{day.name}")
            notes = {text: lines for text, lines in kept.items() if lines.keys() & own}
            if not notes:
                continue
            text = max(notes, key=lambda text: (len(notes[text]), Checkpoint.read(text).size))
            at, note = Checkpoint.read(text), whole_note(text, notes[text])
            signed_at = datetime.strptime(day.stem, "%Y-%m-%d").replace(tzinfo=UTC)
            return SignedCheckpoint(at.origin, at.size, note, signed_at)
        return None

    def under(self, here: Callable[[Checkpoint], bool]) -> dict[str, int]:
        """How many entries each witness signed last of what is ``here``, by its name.

        What a witness signed of a history that was lost since is no memory of this one.
        """
        pinned = {str(key): one.name for one in self.pinned() for key in one.keys}
        known = self.standings()
        wanted = {name for name in pinned.values() if known.get(name, Standing()).size}
        found: dict[str, int] = {}
        for path in sorted((self.folder / SIGNED).glob("*.jsonl"), reverse=True):
            if wanted <= found.keys():
                break
            of_day: dict[str, int] = {}
            for text, lines in self._notes(f"{SIGNED}/{path.name}").items():
                names = {pinned[key] for key in lines if key in pinned} - found.keys()
                at = Checkpoint.read(text)
                if names and here(at):
                    of_day |= {name: max(at.size, of_day.get(name, 0)) for name in names}
            found |= of_day
        return found

    def _damaged(self, newest: int) -> list[tuple[Path, str, Notes]]:
        """The files in which something is damaged, what is gone with each, and what is not."""
        found: list[tuple[Path, str, Notes]] = []
        with self._readable(found, self.folder / STANDING, STANDING_GONE):
            self.standings()
        for day in sorted((self.folder / SIGNED).glob("*.jsonl"))[-newest:]:
            path = f"{SIGNED}/{day.name}"
            with self._readable(found, day, DAY_GONE):
                kept, rest = self._rows(path), self._notes(path)
                if kept != rest or not kept:
                    found.append((day, LINES_GONE if rest else DAY_GONE, rest))
        return found

    @staticmethod
    @contextmanager
    def _readable(found: list[tuple[Path, str, Notes]], path: Path, gone: str) -> Iterator[None]:
        """Note a file that cannot be read. One that the system does not let be read is raised."""
        try:
            yield
        except MemoryUnusable as damaged:
            if isinstance(damaged.__cause__, OSError):
                raise
            found.append((path, gone, {}))

    def _signed(self, name: str, size: int, at: datetime) -> None:
        """Note what a witness signed, unless they signed something later."""

        def later(before: Standing) -> Standing:
            if before.signed_at is not None and before.signed_at > at:
                return before
            return replace(before, size=size, signed_at=at)

        self._change(name, later)

    def _change(self, name: str, change: Callable[[Standing], Standing]) -> None:
        """Change what is known of a witness."""
        with alone(self.folder / TURN):
            known = self.standings()
            known[name] = change(known.get(name, Standing()))
            rows = {who: asdict(standing) for who, standing in known.items()}
            text = json.dumps(rows, indent=1, ensure_ascii=False, default=instant_text)
            self._replace(STANDING, text + "\n")

    def _write_pinned(self, pinned: Sequence[Pinned]) -> None:
        """Write down who is trusted."""
        rows = [
            {"name": one.name, "keys": [*map(str, one.keys)], "address": one.address, "ca": one.ca}
            for one in pinned
        ]
        self._replace(COSIGNERS, json.dumps(rows, indent=1, ensure_ascii=False) + "\n")

    def _notes(self, path: str) -> Notes:
        """The notes of a day: text, and the signature lines that hold, by key."""
        checked = {
            text: {key: line for key, line in lines.items() if holds(text, key, line)}
            for text, lines in self._rows(path).items()
        }
        return {text: lines for text, lines in checked.items() if lines}

    def _rows(self, path: str) -> Notes:
        """The same as it lies there, whether it holds or not."""
        try:
            lines = (self.folder / path).read_text("utf-8").splitlines()
            rows = [json.loads(line) for line in lines]
            found = {str(row["note"]).rpartition("\n\n")[0] + "\n": dict(row["by"]) for row in rows}
            for text in found:
                Checkpoint.read(text)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, Wrong) as damaged:
            raise self._unusable(path, damaged) from damaged
        return found

    def _read(self, name: str, default: Any) -> Any:
        """What a JSON file has, or what is there without one."""
        try:
            return json.loads((self.folder / name).read_text("utf-8"))
        except FileNotFoundError:
            return default
        except (OSError, ValueError) as damaged:
            raise self._unusable(name, damaged) from damaged

    def _unusable(self, name: str, cause: Exception) -> MemoryUnusable:
        """A file that cannot be used."""
        cure = PIN_AGAIN if name == COSIGNERS else ""
        words = f"it cannot be read ({cause}){cure}"
        return MemoryUnusable(file=str(self.folder / name), cause=words)

    def _replace(self, name: str, text: str) -> None:
        """Put a file in the place of another, in one step."""
        path = self.folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = path.with_name(path.name + PARTIAL)
        overwrite(half)
        write_secret(half, text)
        half.replace(path)
        sync_folder(path.parent)


def policy_text(book: CosignerBook) -> str:
    """A C2SP tlog-policy: the ledger's keys, its witnesses, and that all of these must sign.

    A witness with two keys has signed when either of them did.
    """
    lines = [f"log {key}" for key in book.keys]
    pinned = book.pinned()
    for one in pinned:
        names = [f"{one.name}/{KINDS[key.type]}" for key in one.keys]
        lines += [
            f"witness {name} {key} {one.address}".rstrip()
            for name, key in zip(names, one.keys, strict=True)
        ]
        lines.append(f"group {one.name} any {' '.join(names)}")
    if pinned:
        lines.append(f"group all-of-them all {' '.join(one.name for one in pinned)}")
    return "\n".join([*lines, f"quorum {'all-of-them' if pinned else 'none'}", ""])
