"""Being a witness of other ledgers: a C2SP tlog-witness, whoever carries the request to it.

A witness knows the ledgers it was told to witness by their keys, and remembers of each the newest
checkpoint that it signed. A further one is signed only if it continues that. Comparing, remembering
and signing are one step: two requests at once cannot make it go back, and what it signed it
remembers before anybody sees the signature. Its memory lies in a folder of its own and in no
backup: a witness that forgot would sign a second history.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256
from pathlib import Path

from overrides.cosigning import KEY, LEDGERS, NAME_BYTES_MAX, Cosigner, open_cosigner
from overrides.errors import NoteInvalid, ProofInvalid, WitnessRefused
from overrides.file_turns import alone
from overrides.instants import EARLIEST, instant_text, parse_instant
from overrides.kek_files import PARTIAL, overwrite, sync_folder, write_secret
from overrides.merkle import EMPTY_ROOT, verify_consistency
from overrides.notes import Checkpoint, PublicKey, claimed_checkpoint
from overrides.offers import Offer, read_offer
from overrides.values import Clock
from overrides.witness import opened_checkpoint

SEEN, FORKS, TURN = "seen", "forks", "turn.lock"
FORKS_MAX = 100  # of each ledger: two notes prove as much as two thousand
LOG_CHARS = 16  # of the hash of a ledger's name


class Outcome(Enum):
    """What became of a checkpoint that was shown to a witness."""

    COSIGNED = "cosigned"
    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"  # no ledger that is witnessed
    UNSIGNED = "unsigned"  # not by a key of that ledger
    BACKWARDS = "backwards"  # it has fewer entries than it says it had before
    BEHIND = "behind"  # another size was signed last
    FORKED = "forked"  # the same size was signed with another root
    UNPROVEN = "unproven"  # what was signed last is not shown to be its beginning


@dataclass(frozen=True, slots=True)
class Answer:
    """A witness's answer: signature lines, or why there are none, in words.

    ``size`` is how many entries were signed last, where the ledger is known.
    """

    outcome: Outcome
    said: str
    size: int | None = None
    lines: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest checkpoint of a ledger that was signed here. ``note`` is that which was shown."""

    log: str
    size: int = 0
    root: bytes = EMPTY_ROOT
    at: datetime = EARLIEST
    note: str = ""


@dataclass(frozen=True, slots=True)
class WitnessPost:
    """A witness in its folder: its keys, the ledgers it was told to witness, what it signed."""

    folder: Path
    clock: Clock

    def cosigner(self) -> Cosigner | None:
        """The witness's keys; nothing where there is no witness."""
        return open_cosigner(self.folder)

    def ledgers(self) -> Mapping[str, Sequence[PublicKey]]:
        """The keys of each ledger that is witnessed, by the ledger's name."""
        found: dict[str, list[PublicKey]] = {}
        for vkey in self._lines():
            key = PublicKey.from_vkey(vkey)
            found.setdefault(key.name, []).append(key)
        return found

    def take_on(self, key: PublicKey) -> bool:
        """Witness a ledger from now on, or take a further key of it; False if it is known.

        Raises ``WitnessRefused`` for a name that cannot be signed, and where only the keys of the
        witness are left: what they signed is not known any more.
        """
        if len(key.name.encode()) > NAME_BYTES_MAX:
            raise WitnessRefused(cause=f"a ledger's name has at most {NAME_BYTES_MAX} bytes")
        with alone(self.folder / TURN):
            lines = self._lines()
            if key.vkey in lines:
                return False
            if (self.folder / KEY).exists() and not (self.folder / LEDGERS).exists():
                raise WitnessRefused(cause=_forgotten(LEDGERS))
            if key.name not in self.ledgers() and not self._memory(key.name).exists():
                self._remember(Seen(key.name))
            self._replace(self.folder / LEDGERS, "".join(f"{v}\n" for v in (*lines, key.vkey)))
        return True

    def seen(self, log: str) -> Seen:
        """What was signed last of a ledger. Raises ``WitnessRefused`` where that is not known.

        Of a ledger that is witnessed there is a memory from the first, so that one that is gone
        is not taken for one of nothing.
        """
        path = self._memory(log)
        try:
            kept = json.loads(path.read_text("utf-8"))
            root, at = bytes.fromhex(kept["root"]), parse_instant(kept["at"])
            seen = Seen(str(kept["log"]), int(kept["size"]), root, at, str(kept["note"]))
        except FileNotFoundError:
            raise WitnessRefused(cause=_forgotten(f"{SEEN}/{path.name}")) from None
        except (OSError, ValueError, TypeError, KeyError) as damaged:
            why = getattr(damaged, "strerror", None) or damaged
            cause = f"its memory {SEEN}/{path.name} cannot be read ({why})"
            raise WitnessRefused(cause=cause) from damaged
        return seen

    def forks(self) -> list[Path]:
        """Pairs of notes that contradict each other, each signed with its ledger's own key."""
        return sorted((self.folder / FORKS).glob("*.json"))

    def add_checkpoint(self, text: str, *, carried: bool = False) -> Answer:
        """Sign the checkpoint in a request, in the form of ``overrides.offers``, if it may be.

        What was carried here in a file may be a note alone. Raises ``WitnessRefused`` where
        nothing can be signed at all just now.
        """
        try:
            offer = read_offer(text)
            claimed = claimed_checkpoint(offer.note)
        except NoteInvalid as unreadable:
            return Answer(Outcome.UNREADABLE, f"It cannot be read: {unreadable.finding}.")
        wrong = _wrong_in(offer, claimed, carried=carried)
        if wrong:
            return Answer(Outcome.UNREADABLE, wrong)
        keys = self.ledgers().get(claimed.origin)
        if keys is None:
            said = "This witness was not told to witness that ledger."
            return Answer(Outcome.UNKNOWN, said)
        try:
            shown = opened_checkpoint(offer.note, keys)[0]
        except NoteInvalid as unsigned:
            said = f"No key of {claimed.origin} signed it: {unsigned.finding}."
            return Answer(Outcome.UNSIGNED, said)
        if (offer.first or 0) > shown.size:
            said = f"It has {shown.size} entries, and says that it had {offer.first} before."
            return Answer(Outcome.BACKWARDS, said)
        with alone(self.folder / TURN):
            return self._compare(offer, shown)

    def _compare(self, offer: Offer, shown: Checkpoint) -> Answer:
        """Hold a checkpoint to the one signed last, and sign it. Nobody else does meanwhile."""
        last = self.seen(shown.origin)
        first = offer.first or 0
        if offer.first is None and shown.size == last.size:
            first = last.size  # a note alone: nothing needs to be shown of the same size
        if first != last.size:
            said = (
                f"This witness signed {last.size} entries last: show that they are its beginning."
            )
            return Answer(Outcome.BEHIND, said, last.size)
        if shown.size == last.size and shown.root != last.root:
            self._keep_fork(last, offer.note)
            said = f"FORK: this witness signed other {last.size} entries of {last.log}."
            return Answer(Outcome.FORKED, said, last.size)
        try:
            _see_continued(last, shown, offer.proof)
        except ProofInvalid as invalid:
            said = f"It does not show that the {first} entries signed last are its beginning"
            return Answer(Outcome.UNPROVEN, f"{said}: {invalid.finding}.", last.size)
        return self._sign(offer.note, shown, last)

    def _sign(self, note: str, shown: Checkpoint, last: Seen) -> Answer:
        """Remember a checkpoint, then sign it."""
        cosigner, now = self.cosigner(), self.clock()
        if cosigner is None:
            raise WitnessRefused(cause="there is no witness here")
        if now < last.at:
            behind = f"the clock says {instant_text(now)}"
            cause = f"{behind}, and the last signature is of {instant_text(last.at)}"
            raise WitnessRefused(cause=cause)
        lines = cosigner.lines(shown, now)
        self._remember(Seen(shown.origin, shown.size, shown.root, now, note))
        return Answer(Outcome.COSIGNED, "It continues what was signed last.", shown.size, lines)

    def _remember(self, seen: Seen) -> None:
        """Remember this, on the disk when it returns."""
        kept = {
            "log": seen.log,
            "size": seen.size,
            "root": seen.root.hex(),
            "at": instant_text(seen.at),
            "note": seen.note,
        }
        self._replace(self._memory(seen.log), json.dumps(kept, indent=1) + "\n")

    def _keep_fork(self, last: Seen, note: str) -> None:
        """Keep two histories of one ledger: anybody can see that its key stands under both."""
        digest = sha256(f"{last.root.hex()}\n{claimed_checkpoint(note).text}".encode()).hexdigest()
        of_it = self._memory(last.log).stem[:LOG_CHARS]
        path = self.folder / FORKS / f"{of_it}-{digest}.json"
        if not path.exists() and len([*path.parent.glob(f"{of_it}-*.json")]) < FORKS_MAX:
            told = {"log": last.log, "remembered": last.note, "shown": note}
            self._replace(path, json.dumps(told, ensure_ascii=False, indent=1) + "\n")

    def _memory(self, log: str) -> Path:
        """Where the memory of a ledger lies."""
        return self.folder / SEEN / f"{sha256(log.encode()).hexdigest()}.json"

    def _lines(self) -> list[str]:
        """The keys of ledgers, a line each."""
        try:
            text = (self.folder / LEDGERS).read_text("utf-8")
        except FileNotFoundError:
            return []
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    def _replace(self, path: Path, text: str) -> None:
        """Put a file in the place of another, in one step."""
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(path.parent.parent)
        partial = path.with_name(path.name + PARTIAL)
        overwrite(partial)
        write_secret(partial, text)
        partial.replace(path)
        sync_folder(path.parent)


def _wrong_in(offer: Offer, claimed: Checkpoint, *, carried: bool) -> str:
    """What is wrong in a request that can be read; "" for nothing."""
    if offer.first is None and not carried:
        return "It does not begin with the size that was signed last."
    if claimed.size == 0 and claimed.root != EMPTY_ROOT:
        return "It has no entries, and the root of some."
    return ""


def _forgotten(name: str) -> str:
    """What to say of a memory that is not there. Strangers read it: it tells no path."""
    return (
        f"its memory {name} is gone, and without it another history could be signed. Make a new"
        " witness, under a new name and in an empty folder, and have it pinned in the place of this"
        " one"
    )


def _see_continued(last: Seen, shown: Checkpoint, proof: Sequence[bytes]) -> None:
    """Raise ``ProofInvalid`` unless what was signed last is shown to be the beginning of this."""
    if last.size:
        verify_consistency(last.size, shown.size, last.root, shown.root, proof)
    elif proof:
        raise ProofInvalid(finding="nothing needs to be shown of a first checkpoint")
