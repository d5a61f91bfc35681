"""Whose signature a bundle must bear here: the publishers whose keys this installation trusts.

``publishers.pub`` in the data directory names them, one key a line. While there is no such file,
any bundle may be added, signed or not. A signature is a signed note over the hash of the manifest,
which has the hashes of all other files.
"""

from dataclasses import dataclass
from pathlib import Path

from explain.declared.bundle_files import MANIFEST, SIGNATURE
from explain.errors import NotSigned
from overrides.errors import NoteInvalid
from overrides.notes import PublicKey, Signer, open_note

PUBLISHERS = "publishers.pub"
SUBJECT = "countermand bundle v1"

NOT_THERE = f"there is no {SIGNATURE}"
WRONG_SUBJECT = f"it was made for another {MANIFEST}"


@dataclass(frozen=True, slots=True)
class Publishers:
    """The trusted keys, read anew each time: one that is taken out counts no more at once."""

    file: Path

    def admit(self, directory: Path, sha256: str, signature: str) -> None:
        """Let a bundle be read, or raise NotSigned; ``sha256`` is its manifest's."""
        if self.file.exists():
            self._signers(directory, sha256, signature)

    def said(self, directory: Path, sha256: str, signature: str) -> str:
        """Who signed a bundle, in a sentence."""
        if self.file.exists():
            try:
                names = ", ".join(self._signers(directory, sha256, signature))
            except NotSigned as refused:
                return str(refused)
            return f"Signed by {names}, as {PUBLISHERS} has their keys."
        if signature:
            return f"Signed, but not checked: there is no {PUBLISHERS} in the data directory."
        return "Not signed."

    @property
    def mark(self) -> tuple[str, int, int]:
        """A mark of this state of the list."""
        try:
            stat = self.file.stat()
        except OSError:
            return self.file.name, -1, 0
        return self.file.name, stat.st_size, stat.st_mtime_ns

    def _signers(self, directory: Path, sha256: str, signature: str) -> tuple[str, ...]:
        """Names of the trusted publishers who signed; raises NotSigned where none did."""
        keys = self._keys(directory)
        if not signature:
            raise NotSigned(str(directory), NOT_THERE)
        try:
            note = open_note(signature, keys)
        except NoteInvalid as invalid:
            raise NotSigned(str(directory), f"{SIGNATURE}: {invalid.finding}") from None
        if note.text != signed_text(sha256):
            raise NotSigned(str(directory), f"{SIGNATURE}: {WRONG_SUBJECT}")
        return note.signed_by

    def _keys(self, directory: Path) -> list[PublicKey]:
        """The keys; raises NotSigned where the list cannot be read: then nothing is trusted."""
        try:
            lines = self.file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise NotSigned(str(directory), f"{PUBLISHERS} cannot be read") from None
        keys = []
        for number, line in enumerate(map(str.strip, lines), 1):
            if line and not line.startswith("#"):
                try:
                    keys.append(PublicKey.from_vkey(line))
                except NoteInvalid as invalid:
                    where = f"{PUBLISHERS}, line {number}: {invalid.finding}"
                    raise NotSigned(str(directory), where) from None
        if not keys:
            raise NotSigned(str(directory), f"{PUBLISHERS} names no key")
        return keys


def signed_text(sha256: str) -> str:
    """What is signed of a bundle: the hash of its manifest, and what kind of thing that is."""
    return f"{SUBJECT}\n{sha256}\n"


def sign_bundle(directory: Path, sha256: str, signer: Signer) -> Path:
    """Write the signature of a bundle beside its manifest, in place of one that was there."""
    path = directory / SIGNATURE
    partial = path.with_name(f".{SIGNATURE}.partial")
    partial.write_text(signer.sign(signed_text(sha256)), encoding="utf-8", newline="\n")
    partial.replace(path)
    return path
