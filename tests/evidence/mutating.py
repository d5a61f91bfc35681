"""The export that is attacked, and the ways in which it is changed."""

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
from overrides.signing import sign_checkpoint
from tests.evidence.office import open_office, prepare, sqlite_url
from tests.evidence.soundness import SIGNER
from tests.evidence.tasks import Tasks
from tests.forging import edited, renumbered

KINDS = ("apply", "claim", "review", "view", "withdraw", "view", "observe", "show")
TASKS = 140
STRIDE = 7_919  # a prime, so that consecutive mutants are of bytes far from each other


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
