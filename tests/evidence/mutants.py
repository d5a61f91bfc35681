"""Exports changed in every way: each byte flipped, dropped, doubled; files and lines moved; forged.

The auditor holds the public key and nothing else for what somebody without the signing key can do,
and one remembered checkpoint besides for what somebody with it can. Every mutant must be found.
Only signatures of unknown keys may be added to the manifest: they say nothing and are passed over.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random

from overrides.countermand_verify import MANIFEST, Verdict
from overrides.notes import Signer
from tests.evidence.lots import Lot, Part, Tally, scratch
from tests.evidence.mutating import (
    Subject,
    borrow,
    by_bytes,
    by_lines,
    changed,
    signed_twice,
    subjects,
)
from tests.evidence.office import LOG, START
from tests.evidence.sabotage import (
    FILES_UNLISTED,
    MEMORY_UNCHECKED,
    SIGNATURES_UNCHECKED,
    sabotaged,
)
from tests.evidence.soundness import SIGNER
from tests.forging import forged_export

LOT = 2_500
STRUCTURAL_EVERY = 12
THIEF = Signer(LOG, b"t" * 32)
STRANGER = Signer("somebody.example/else", b"s" * 32)


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
        if way == "a link" and name == MANIFEST:
            return  # its bytes are what is signed, wherever they lie
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
    small=1_200,
    red=900,
    lot=LOT,
    rate=300,
    sabotages=(FILES_UNLISTED, SIGNATURES_UNCHECKED, MEMORY_UNCHECKED),
)
