"""What was erased, remembered beside the keys, so that no older copy of the database undoes it.

Each erasure leaves a file that names the parts it took and carries the entry that recorded it, with
the proof that this entry is under a checkpoint that the ledger's own key signed. Whoever can write
a file cannot make such a proof, so a file alone erases nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from overrides.canonical import canonical
from overrides.countermand_verify import Proof, Wrong
from overrides.erasing import Pair, pairs_root
from overrides.erasure_errors import ErasureUnproven
from overrides.errors import OverridesError, ProofInvalid
from overrides.events import read_event
from overrides.journal import Entry, Event
from overrides.kek_files import PARTIAL, overwrite, sync_folder, write_secret
from overrides.ledger import LedgerBook
from overrides.merkle import leaf_hash, verify_inclusion
from overrides.notes import PublicKey, open_checkpoint
from overrides.proofs import whole_proof
from overrides.signing_keys import trusted_keys

FOLDER = "erasures"
DIRECTORY_MODE = 0o700
NO_PROOF = "it carries no proof that the ledger recorded it"
UNREADABLE = "it is no note of an erasure"


@dataclass(frozen=True, slots=True)
class Erased:
    """One erasure: the event that recorded it, what it took, and the proof of the event.

    ``proof`` is "" until a signed checkpoint covers the event.
    """

    event_id: str
    pairs: tuple[Pair, ...]
    proof: str = ""

    @property
    def text(self) -> str:
        """The erasure as it lies in its file."""
        parts = [list(pair) for pair in self.pairs]
        members = {"event": self.event_id, "parts": parts, "proof": self.proof}
        return canonical(members).decode() + "\n"

    @classmethod
    def from_text(cls, text: str) -> "Erased":
        """An erasure from its file; a ``LookupError`` or such for another file."""
        members = json.loads(text)
        pairs = tuple((str(event_id), str(slot)) for event_id, slot in members["parts"])
        return cls(str(members["event"]), pairs, str(members.get("proof", "")))


def recorded_in(erased: Erased, log: str, keys: Sequence[PublicKey]) -> Event:
    """The event that recorded an erasure, from its proof. Raises ``ProofInvalid`` and such."""
    if not erased.proof:
        raise ProofInvalid(finding=NO_PROOF)
    try:
        proof = Proof.read(erased.proof)
    except Wrong as wrong:
        raise ProofInvalid(finding=str(wrong)) from None
    signed = open_checkpoint(proof.note, log, keys)
    body = proof.entry or b""
    verify_inclusion(leaf_hash(body), proof.seq, signed.size, proof.path, signed.root)
    event = read_event(body)
    if (event.type, event.event_id) != ("record_erased", erased.event_id):
        raise ProofInvalid(finding="its proof is of another entry")
    if pairs_root(erased.pairs) != root_in(event.data):
        raise ProofInvalid(finding="the parts it names are not those that the entry names")
    return event


def root_in(data: Any) -> str:
    """The root over what an erasure took, as its entry has it."""
    return str(
        data.get("root") or pairs_root((str(pair[0]), str(pair[1])) for pair in data["slots"])
    )


@dataclass(frozen=True, slots=True)
class ErasureMemory:
    """The folder of erasures beside the keys of one installation."""

    directory: Path

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return self.directory / FOLDER

    def path(self, event_id: str) -> Path:
        """The file of one erasure."""
        return self.folder / f"{event_id}.json"

    def keep(self, erased: Erased) -> None:
        """Remember an erasure, whole or not at all."""
        self.folder.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        path = self.path(erased.event_id)
        partial = path.with_name(path.name + PARTIAL)
        overwrite(partial)
        write_secret(partial, erased.text)
        partial.replace(path)
        sync_folder(self.folder)

    def known(self) -> set[str]:
        """Events that are remembered."""
        return {path.stem for path in self.folder.glob("*.json")}

    def read(self, event_id: str, log: str) -> tuple[Erased, Event]:
        """One erasure, and the event that recorded it. Raises ``ErasureUnproven``."""
        path = self.path(event_id)
        try:
            erased = Erased.from_text(path.read_text("utf-8"))
            if erased.event_id != event_id:
                raise ProofInvalid(finding="it was given another name")
            return erased, recorded_in(erased, log, trusted_keys(self.directory))
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            raise ErasureUnproven(file=str(path), why=UNREADABLE) from None
        except OverridesError as doubt:
            raise ErasureUnproven(file=str(path), why=doubt_in(doubt)) from None

    def proves(self, event_id: str, log: str) -> bool:
        """Whether the file of an erasure is there and can be believed."""
        try:
            return bool(self.path(event_id).is_file() and self.read(event_id, log))
        except ErasureUnproven:
            return False


def doubt_in(doubt: OverridesError) -> str:
    """Why something is not believed, as the end of a sentence."""
    return str(getattr(doubt, "finding", doubt)).rstrip(".")


def with_proof(erased: Erased, entry: Entry, ledger: LedgerBook) -> Erased:
    """The same with the proof of its entry; as it was where no signed checkpoint covers that."""
    signed = ledger.latest_checkpoint()
    if signed is None or signed.size <= entry.seq:
        return erased
    path = ledger.inclusion(entry.seq, signed.size)
    return replace(erased, proof=whole_proof(entry.seq, path, signed.note, body=entry.body))
