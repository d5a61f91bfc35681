"""Exports changed in every way: each byte flipped, dropped, doubled; files and lines moved; forged.

The auditor holds the public key and nothing else for what somebody without the signing key can do,
and one remembered checkpoint besides for what somebody with it can. Every mutant must be found.
Only signatures of unknown keys may be added to the manifest: they say nothing and are passed over.
"""

import shutil
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from random import Random

from overrides.canonical import canonical
from overrides.countermand_verify import (
    CHECKPOINT,
    CHECKPOINTS,
    FILES,
    KEYS,
    MANIFEST,
    Key,
    Manifest,
    Memory,
    Verdict,
    check_export,
)
from overrides.export import export
from overrides.notes import Signer
from overrides.signing import sign_checkpoint
from tests.evidence.lots import Lot, Part, Tally, scratch
from tests.evidence.office import LOG, START, open_office, prepare, sqlite_url
from tests.evidence.sabotage import (
    FILES_UNLISTED,
    MEMORY_UNCHECKED,
    SIGNATURES_UNCHECKED,
    sabotaged,
)
from tests.evidence.soundness import SIGNER
from tests.evidence.tasks import Tasks
from tests.forging import edited, forged_export, renumbered

KINDS = ("apply", "claim", "review", "view", "withdraw", "view", "observe", "show")
TASKS = 140
LOT = 2_500
STRUCTURAL_EVERY = 12
STRIDE = 7_919  # a prime, so that consecutive mutants are of bytes far from each other
THIEF = Signer(LOG, b"t" * 32)
STRANGER = Signer("somebody.example/else", b"s" * 32)


@dataclass(slots=True)
class Subject:
    """An export, and what its auditor holds."""

    folder: Path
    bodies: list[bytes]
    notes: list[str]
    files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read every file."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                self.files[path.relative_to(self.folder).as_posix()] = path.read_bytes()

    def verdict(self, folder: Path | None = None, *, remembers: bool = False) -> Verdict:
        """What the verifier says of an export."""
        keys = (Key.read(SIGNER.key.vkey),)
        notes = ((self.notes[0], None),) if remembers else ()
        memory = Memory(keys=keys, notes=notes)
        return check_export(folder or self.folder, memory, jobs=1).verdict

    @property
    def places(self) -> list[tuple[str, int]]:
        """Each file with the number of its bytes."""
        return [(name, len(data)) for name, data in self.files.items()]


def subjects(folder: Path) -> tuple[Subject, Subject]:
    """The ledger as it is exported, and as it was before: the same ones in every lot."""
    url = sqlite_url(folder)
    prepare(url)
    with open_office(url, Random(11)) as office:
        tasks = Tasks(7, office.new_id, office.vault.lookup_hash)
        exported: list[Subject] = []
        for first in (0, TASKS // 2):
            for number in range(first, first + TASKS // 2):
                task = tasks.task(number, KINDS[number % len(KINDS)])
                office.journal.submit(task.command, once=task.once).exception()
            sign_checkpoint(office.book, SIGNER, office.clock)
            target = folder / "out" / f"export-{first}"
            export(office.book, target, SIGNER, office.clock, disclose=["note", "party"])
            bodies = [entry.body for entry in office.book.entries(0, office.book.head().size)]
            notes = [kept.note for kept in office.book.checkpoints()]
            exported.append(Subject(target, bodies, notes))
    older, newer = exported
    return newer, older


def by_bytes(subject: Subject, number: int) -> tuple[str, bytes, str]:
    """One byte flipped, dropped or doubled: which file becomes what."""
    places = subject.places
    total = sum(size for _, size in places)
    way, at = number % 3, number // 3 * STRIDE % total
    starts = [0, *accumulate(size for _, size in places)]
    place = bisect_right(starts, at) - 1
    name, at = places[place][0], at - starts[place]
    data = subject.files[name]
    byte = data[at : at + 1]
    bit = 1 << (number // 3 // total + at) % 8
    middle = (bytes([byte[0] ^ bit]), b"", byte * 2)[way]
    word = ("flipped", "dropped", "doubled")[way]
    return name, data[:at] + middle + data[at + 1 :], f"byte {at} of {name} {word}"


def by_lines(subject: Subject, chance: Random) -> tuple[str, bytes, str]:
    """Lines or stretches of a file moved, dropped, doubled or cut."""
    name = chance.choice(list(subject.files))
    data = subject.files[name]
    lines = data.splitlines(keepends=True)
    first, second = (chance.randrange(len(lines) or 1) for _ in range(2))
    start, stop = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    way = chance.choice(("swapped", "dropped", "doubled", "cut", "zeroed", "moved", "extended"))
    if way == "swapped" and lines:
        lines[first], lines[second] = lines[second], lines[first]
        data = b"".join(lines)
    elif way == "dropped":
        data = b"".join(lines[:first] + lines[first + 1 :])
    elif way == "doubled" and lines:
        data = b"".join([*lines[:first], lines[first], *lines[first:]])
    elif way == "cut":
        data = data[:start]
    elif way == "zeroed":
        data = data[:start] + bytes(stop - start) + data[stop:]
    elif way == "moved":
        data = data[:start] + data[stop:] + data[start:stop]
    else:
        data += chance.randbytes(chance.randint(1, 40))
    return name, data, f"{name}: {way} ({first}, {second}, {start}, {stop})"


def changed(bodies: Sequence[bytes], seen: int, chance: Random) -> tuple[list[bytes], str]:
    """A history changed somewhere in its first ``seen`` entries, spelt and numbered rightly."""
    while True:
        forged = list(bodies)
        at, other = (chance.randrange(1, seen) for _ in range(2))
        way = chance.choice(("edited", "deleted", "inserted", "swapped", "cut", "moved"))
        if way == "edited":
            forged[at] = edited(forged[at], actor="somebody else")
        elif way == "deleted":
            del forged[at]
        elif way == "inserted":
            forged.insert(at, edited(forged[other], id=f"another-{chance.randrange(1 << 30)}"))
        elif way == "cut":
            forged = forged[:at]
        elif way == "moved":
            forged.insert(at, forged.pop(other))
        else:
            forged[at], forged[other] = forged[other], forged[at]
        forged = renumbered(forged)
        if forged != list(bodies):
            return forged, f"{way} at {at} ({other})"


def borrow(folder: Path, genuine: dict[str, bytes]) -> None:
    """Put a genuine signature, of something else, beneath all that is signed in an export."""
    signatures = genuine[MANIFEST].decode().rpartition("\n\n")[2]
    text = (folder / CHECKPOINT).read_text("utf-8").rpartition("\n\n")[0]
    note = f"{text}\n\n{signatures}"
    kept = (folder / CHECKPOINTS).read_bytes().splitlines(keepends=True)
    kept = [line for line in kept if line in genuine[CHECKPOINTS]]
    changed = {
        CHECKPOINT: note.encode(),
        CHECKPOINTS: b"".join([*kept, canonical({"note": note}) + b"\n"]),
        KEYS: genuine[KEYS],
    }
    listed = (folder / FILES).read_text("ascii").splitlines()
    for name, data in changed.items():
        (folder / name).write_bytes(data)
        place = next(n for n, line in enumerate(listed) if line.endswith(f" {name}"))
        listed[place] = f"{sha256(data).hexdigest()} {len(data)} {name}"
    files = "".join(f"{line}\n" for line in listed).encode()
    (folder / FILES).write_bytes(files)
    text = (folder / MANIFEST).read_text("utf-8").rpartition("\n\n")[0] + "\n"
    manifest = Manifest.read(text)._replace(digest=sha256(files).hexdigest())
    (folder / MANIFEST).write_text(f"{manifest.text}\n{signatures}", "utf-8")


def signed_twice(data: bytes, genuine: bytes) -> bool:
    """Whether a note is the genuine one with its own signatures repeated: it says what it said."""
    (text, _, more), (said, _, signatures) = (x.partition(b"\n\n") for x in (data, genuine))
    return text == said and set(more.split(b"\n")) == set(signatures.split(b"\n"))


@dataclass(slots=True)
class Workshop:
    """Where mutants are made and judged."""

    subject: Subject
    older: Subject
    folder: Path
    tally: Tally

    def bytewise(self, number: int) -> None:
        """A mutant of one byte."""
        self._one_file(*by_bytes(self.subject, number), "byte")

    def structural(self, chance: Random) -> None:
        """A mutant of another kind."""
        make = chance.choice(
            (self._lines, self._files, self._mixed, self._own_key, self._borrowed, self._stolen)
        )
        make(chance)

    def harmless(self, chance: Random) -> None:
        """A signature that says nothing, added to the manifest: no alarm may be raised."""
        note = self.subject.files[MANIFEST].decode()
        stranger = Signer(STRANGER.name, chance.randbytes(32))
        line = stranger.sign(note.rpartition("\n\n")[0] + "\n").rpartition("\n\n")[2]
        self._write(MANIFEST, (note + line).encode())
        verdict = self.subject.verdict()
        self._write(MANIFEST, self.subject.files[MANIFEST])
        self.tally.counts["strangers' signatures passed over"] += 1
        if verdict is not Verdict.CLEAN:
            self.tally.fail("false alarm", f"a stranger's signature was added: {verdict.name}")

    def _lines(self, chance: Random) -> None:
        """Lines and stretches of a file."""
        name, data, words = by_lines(self.subject, chance)
        genuine = self.subject.files[name]
        if data != genuine and not (name == MANIFEST and signed_twice(data, genuine)):
            self._one_file(name, data, words, "lines")

    def _one_file(self, name: str, data: bytes, words: str, kind: str) -> None:
        """A mutant of one file."""
        self._write(name, data)
        self._judge(kind, words)
        self._write(name, self.subject.files[name])

    def _files(self, chance: Random) -> None:
        """A file removed, emptied, exchanged for another, made a link, or brought along."""
        name, other = chance.sample(list(self.subject.files), 2)
        path = self.subject.folder / name
        way = chance.choice(("removed", "emptied", "exchanged", "a link", "brought"))
        stray = self.subject.folder / chance.choice(("stray", "tile/0/999", "tile/entries/x001"))
        if way == "brought":
            stray.write_bytes(self.subject.files[other])
        elif way == "emptied" and self.subject.files[name]:
            path.write_bytes(b"")
        elif way == "exchanged" and self.subject.files[name] != self.subject.files[other]:
            path.write_bytes(self.subject.files[other])
        elif way == "a link":
            copy = self.folder / "copy"
            copy.write_bytes(self.subject.files[name])
            path.unlink()
            path.symlink_to(copy)
        else:
            path.unlink()
        self._judge("files", f"{name} {way} ({other})")
        stray.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        self._write(name, self.subject.files[name])

    def _mixed(self, chance: Random) -> None:
        """Some files of an older export of the same ledger in the newer one."""
        ours, theirs = self.subject.files, self.older.files
        differ = [name for name in ours if name in theirs and ours[name] != theirs[name]]
        chosen = chance.sample(differ, chance.randint(1, len(differ)))
        for name in chosen:
            self._write(name, theirs[name])
        self._judge("mixed", f"of an older export: {', '.join(chosen)}")
        for name in chosen:
            self._write(name, ours[name])

    def _own_key(self, chance: Random) -> None:
        """A history written anew and signed with another key of the same name."""
        self._judge_forged("own key", *self._forged(chance, THIEF, len(self.subject.bodies)))

    def _borrowed(self, chance: Random) -> None:
        """The same with a genuine signature, of something else, beneath everything."""
        folder, words = self._forged(chance, THIEF, len(self.subject.bodies))
        borrow(folder, self.subject.files)
        self._judge_forged("borrowed signatures", folder, words)

    def _stolen(self, chance: Random) -> None:
        """A history written anew with the stolen key, where somebody remembers a checkpoint."""
        seen = int(self.subject.notes[0].split("\n")[1])
        forged = self._forged(chance, SIGNER, seen)
        self._judge_forged("stolen key", *forged, remembers=True)

    def _forged(self, chance: Random, signer: Signer, seen: int) -> tuple[Path, str]:
        """A whole export of a changed history, with some of the checkpoints left in."""
        bodies, words = changed(self.subject.bodies, seen, chance)
        notes = chance.choice((self.subject.notes, self.subject.notes[1:], [], []))
        folder = self.folder / "forged"
        forged_export(folder, signer, bodies, notes, clock=lambda: START.replace(year=2027))
        return folder, f"{len(notes)} checkpoints left in, {words}"

    def _judge_forged(
        self, kind: str, folder: Path, words: str, *, remembers: bool = False
    ) -> None:
        """Judge a forged export and throw it away."""
        self._judge(kind, words, folder, remembers=remembers)
        shutil.rmtree(folder)

    def _judge(
        self, kind: str, words: str, folder: Path | None = None, *, remembers: bool = False
    ) -> None:
        """A mutant that is told clean, or that the verifier cannot stand, is a failure."""
        self.tally.units += 1
        self.tally.counts[kind] += 1
        try:
            verdict = self.subject.verdict(folder, remembers=remembers)
        except Exception as broken:  # noqa: BLE001 - whatever breaks the verifier
            self.tally.fail("broken", f"{words}: {type(broken).__name__}: {broken}")
            return
        self.tally.counts[f"told {verdict.name.lower()}"] += 1
        if verdict is Verdict.CLEAN:
            self.tally.fail("missed", words)

    def _write(self, name: str, data: bytes) -> None:
        """Put a file's bytes."""
        (self.subject.folder / name).write_bytes(data)


def run(lot: Lot) -> Tally:
    """So many mutants: every byte in turn, and others between."""
    tally = Tally()
    with scratch() as folder, sabotaged(lot.sabotage):
        newer, older = subjects(folder)
        workshop = Workshop(newer, older, folder, tally)
        for one in (newer, older):
            if (verdict := one.verdict(remembers=True)) is not Verdict.CLEAN:
                tally.fail("false alarm", f"an export that nobody touched: {verdict.name}")
        number = lot.number * LOT
        while tally.units < lot.units:
            if number % STRUCTURAL_EVERY:
                workshop.bytewise(number - number // STRUCTURAL_EVERY)
            else:
                chance = lot.chance("structural", number)
                workshop.structural(chance)
                workshop.harmless(chance)
            number += 1
        total = sum(size for _, size in newer.places)
        tally.counts["bytes of the export"] = total if lot.number == 0 else 0
    return tally


PART = Part(
    name="mutants",
    shows="Whatever is changed in an export, the verifier says so, and raises no false alarm",
    unit="mutants",
    run=run,
    release=240_000,
    small=3_000,
    red=900,
    lot=LOT,
    rate=300,
    sabotages=(FILES_UNLISTED, SIGNATURES_UNCHECKED, MEMORY_UNCHECKED),
)
