"""What the pages are told about memories of the ledger: receipts, and what nobody remembers yet."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptView:
    """A receipt of one entry, for whoever made it."""

    log: str
    seq: int
    at: datetime
    what: str
    who: str
    case_id: str
    leaf_hash: str
    groups: tuple[str, ...]  # the hash in fours, to be compared by eye
    line: str  # what verifiers read
    signed_size: int  # entries under the newest checkpoint, 0 while none covers the entry
    signed_at: datetime | None
    note: str  # that checkpoint, signed; "" while none covers the entry
    key: str  # the ledger's public key
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptCheck:
    """What became of receipts that somebody brought."""

    ok: bool
    headline: str
    steps: tuple[tuple[str, str], ...]  # "checked", "broken" or "note", and a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipView:
    """Where the ledger stands, for paper that two people sign."""

    log: str
    size: int
    signed_at: datetime
    groups: tuple[str, ...]  # the root in letters, as it is typed
    line: str  # what verifiers read: name, size and groups
    note: str  # the signed checkpoint, which is what the picture holds
    key: str  # the public key that signed it
    fingerprint: tuple[str, ...]  # of the file with that key
    proves: str
    proves_not: str
    before: str  # what to do before signing it


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessLine:
    """Somebody outside who said how much they remember."""

    name: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CosignerLine:
    """A witness that signs what it sees: how much it signed last, and what went wrong."""

    name: str
    size: int
    at: datetime | None  # nothing while it signed nothing, and where that is not known
    problem: str  # a clause; "" when it signed when it was asked
    by_file: bool
    lost: int = 0  # entries of another history that it signed last


@dataclass(frozen=True, slots=True, kw_only=True)
class TailView:
    """The end of the ledger: what no signature covers, and what no memory outside does."""

    unsigned: int
    unsigned_since: datetime | None
    unanchored: int
    unanchored_since: datetime | None
    only_visits: bool  # whether the unanchored end is nothing but what witnesses left themselves
    witnesses: tuple[WitnessLine, ...]  # newest first, each once
    cosigners: tuple[CosignerLine, ...] = ()  # who signs what they see
    signer_problem: str  # a clause that says why nobody signs; "" when somebody does
