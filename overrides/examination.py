"""One reading of a ledger from its first entry to its last, comparing everything on the way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from overrides.countermand_verify import (
    ERASING,
    WITH_KEY,
    Entry,
    Erasures,
    Findings,
    Receipt,
    Told,
    UnknownKind,
    Verdict,
    Wrong,
    place_of,
    read_canonical,
    read_entry,
    text_of,
)
from overrides.erasing import Pair
from overrides.errors import LedgerAltered, NoteInvalid, SlotErased
from overrides.instants import parse_instant
from overrides.key_history import KEY_KINDS, KeyHistory
from overrides.ledger_rows import DatabaseRows, PartRow, PartsBySeq, Row
from overrides.merkle import Frontier, leaf_hash
from overrides.notes import (
    NO_KNOWN_KEY,
    Checkpoint,
    PublicKey,
    claimed_checkpoint,
    kept_checkpoint,
)
from overrides.signer_memory import OLDER_COPY, WITH_MEMORY
from overrides.stamps import Authority
from overrides.vault import Sealed, Vault

UNSIGNED_MAX = timedelta(minutes=5)  # an older end without a checkpoint is stale


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What a verification may rely on.

    ``keys`` check the checkpoints and ``keys_from`` says in words where they come from.
    ``remembered`` are checkpoints kept elsewhere, signed or typed from paper; so are ``receipts``.
    ``vault`` opens personal parts; ``now`` is for judging staleness, where that matters.
    ``authority`` is whose time stamps are believed. ``signer`` is the checkpoint that the signer
    of this installation remembers: on the same machine, and not in the database.
    """

    keys: Sequence[PublicKey]
    keys_from: str
    remembered: Sequence[str | Checkpoint] = ()
    receipts: Sequence[Receipt] = ()
    vault: Vault | None = None
    now: datetime | None = None
    authority: Authority | None = None
    signer: str = ""


@dataclass(slots=True)
class _Claim:
    """A root that somebody signed for a size, and how to speak of it."""

    checkpoint: Checkpoint
    what: str
    own: bool
    note: str
    here: bool = False  # the signer's, on this machine: nothing that was kept outside


@dataclass(slots=True)
class Examination:
    """What was met so far, and what was wrong with it. The steps are taken in the order below."""

    rows: DatabaseRows
    trust: Trust
    tree: Frontier = field(default_factory=Frontier)
    claims: list[_Claim] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)  # at the sizes that were signed
    subtrees: dict[tuple[int, int], bytes] = field(default_factory=dict)
    told: Told = field(default_factory=Told)
    gaps: dict[Pair, int] = field(default_factory=dict)  # to the entry's place
    erasures: Erasures = field(init=False)
    first_at: str = ""
    last_at: str = ""
    signed_size: int | None = None
    opened: int = 0
    receipts: int = 0  # that were compared
    keys: KeyHistory = field(default_factory=KeyHistory)

    def __post_init__(self) -> None:
        """What is wrong with erasures is told among the rest."""
        self.erasures = Erasures(self.told)

    def tell(self, verdict: Verdict, text: str, seq: int | None = None) -> None:
        """Note a finding."""
        self.told.add(verdict, text, seq)

    def read_notes(self) -> None:
        """Open every signed checkpoint, the ledger's own and the remembered ones."""
        own, strange = list(self.rows.notes()), 0
        for place, note in enumerate(own, 1):
            try:
                checkpoint = kept_checkpoint(note, self.rows.log, self.trust.keys)
            except NoteInvalid as invalid:
                if invalid.finding != NO_KNOWN_KEY or place == len(own):
                    text = f"a checkpoint of its own does not hold: {invalid.finding}"
                    self.tell(Verdict.ALTERED, text)
                    continue
                strange += 1
                checkpoint = claimed_checkpoint(note)
            self._claim(_Claim(checkpoint, "a checkpoint of its own", own=True, note=note))
        if strange:
            text = f"{strange:,} of its older checkpoints are signed by none of the keys at hand"
            self.tell(Verdict.INCOMPLETE, text)
        if not own:
            self.tell(Verdict.INCOMPLETE, "there is no signed checkpoint at all")
        for kept in self.trust.remembered:
            typed = isinstance(kept, Checkpoint)
            self._remember(kept, "a slip you typed in" if typed else "a checkpoint you remembered")
        if self.trust.signer:
            self._remember(self.trust.signer, "what the signer here remembers", here=True)

    def _remember(self, kept: str | Checkpoint, what: str, *, here: bool = False) -> None:
        """Have something compared that was kept apart from the database."""
        try:
            checkpoint = kept_checkpoint(kept, self.rows.log, self.trust.keys)
        except NoteInvalid as invalid:
            self.tell(Verdict.INCOMPLETE, f"{what} cannot be compared: {invalid.finding}")
        else:
            self._claim(_Claim(checkpoint, what, own=False, note=str(kept), here=here))

    def _claim(self, claim: _Claim) -> None:
        """Have the tree compared with this when it is as large."""
        self.claims.append(claim)
        self.roots[claim.checkpoint.size] = b""

    def read_entries(self) -> None:
        """Hash every entry and compare it with all that is stored beside it."""
        parts = PartsBySeq(self.rows.parts())
        self._remember_root()
        for row in self.rows.rows():
            if str(row.seq).startswith("-"):  # a text, where somebody put one
                self.tell(Verdict.ALTERED, "it lies before the first entry, as none does", row.seq)
                continue
            if row.seq != self.tree.size:
                self.tell(Verdict.ALTERED, "the entry before it is missing", row.seq)
                return
            digest = leaf_hash(row.body)
            if row.leaf_hash is not None and row.leaf_hash != digest:
                self.tell(Verdict.ALTERED, "the bytes are not those that were hashed", row.seq)
            for tree in self.tree.append(digest):
                self.subtrees[tree.level, tree.index] = tree.hash
            self._remember_root()
            self._check_receipts(row.seq, digest)
            entry = self._read(row)
            here = parts.of(row.seq)
            if entry is not None and (here or entry.commit != b"{}"):
                self._check_parts(row.seq, entry, {part.sealed.slot: part for part in here})
        for seq in parts.rest():
            self.tell(Verdict.ALTERED, "a personal part belongs to no entry", seq)

    def _check_receipts(self, seq: int, digest: bytes) -> None:
        """Compare an entry with the receipts that somebody holds of it."""
        for receipt in self.trust.receipts:
            if receipt.seq != seq or receipt.log not in ("", self.rows.log):
                continue
            self.receipts += 1
            if receipt.leaf != digest:
                self.tell(Verdict.ALTERED, "it is not the entry that your receipt is of", seq)

    def compare_head(self) -> None:
        """The head row must say where the entries lead."""
        head = self.rows.head()
        if head is None:
            self.tell(Verdict.ALTERED, "the head, which says where the entries end, is missing")
            return
        expected = (self.tree.size, self.tree.root(), self.tree.to_bytes(), self.last_at)
        if (head.size, head.root, head.frontier, head.last_ts) != expected:
            text = f"the head says {head.size} entries with another end; there are {self.tree.size}"
            self.tell(Verdict.ALTERED, text)

    def compare_subtrees(self) -> None:
        """Stored subtree roots must be those of the entries."""
        missing = dict(self.subtrees)
        for level, index, stored in self.rows.subtrees():
            if missing.pop((level, index), None) != stored:
                text = f"subtree {index} of level {level} is not that of the entries"
                self.tell(Verdict.ALTERED, text)
        if missing:
            self.tell(Verdict.ALTERED, f"{len(missing)} subtree roots are missing")

    def compare_notes(self) -> None:
        """Every signed root must be the root of that many entries."""
        for claim in self.claims:
            size = claim.checkpoint.size
            if size > self.tree.size:
                text = f"{claim.what} has {size} entries, here are {self.tree.size}"
                why = OLDER_COPY if claim.here else "entries were removed from the end"
                self.tell(Verdict.ALTERED, f"{text}: {why}")
            elif self.roots[size] != claim.checkpoint.root:
                text = f"{claim.what} over {size} entries has another root: one was changed"
                self.tell(Verdict.ALTERED, text)
            elif claim.own:
                self.signed_size = max(size, self.signed_size or 0)
            self._judge_signer(claim)
        for receipt in self.trust.receipts:
            if receipt.log not in ("", self.rows.log):
                text = (
                    f"a receipt you hold is of the ledger {receipt.log[:80]}: it was not compared"
                )
                self.tell(Verdict.INCOMPLETE, text)
            elif receipt.seq >= self.tree.size:
                text = f"you hold a receipt of entry {receipt.seq}, here are {self.tree.size}"
                self.tell(Verdict.ALTERED, f"{text}: entries were removed from the end")
        unsigned = self.tree.size > (self.signed_size or 0)
        now, last = self.trust.now, parse_instant(self.last_at) if self.last_at else None
        if unsigned and now is not None and last is not None and now - last > UNSIGNED_MAX:
            minutes = (now - last) // timedelta(minutes=1)
            text = f"the end is {minutes} minutes old and under no signed checkpoint"
            self.tell(Verdict.STALE, text)

    def _judge_signer(self, claim: _Claim) -> None:
        """A key that was retired signs nothing later."""
        seq = self.keys.retired_before(claim.checkpoint.size, claim.note, self.trust.keys)
        if seq is not None:
            text = f"{claim.what} after entry {seq} is signed by a key that it retired"
            self.tell(Verdict.ALTERED, f"{text}: somebody else has that key")

    def explain_gaps(self) -> None:
        """A personal part that cannot be read must have been erased by an entry that says so."""
        self.erasures.finish(lambda: (row.body for row in self.rows.rows()))
        erased = self.erasures.places
        unexplained = {place for place in self.gaps if place_of(*place) not in erased}
        given_up = {place for place in unexplained if self.gaps[place] < (self.keys.lost or 0)}
        if given_up:
            parts = "1 personal part" if len(given_up) == 1 else f"{len(given_up):,} personal parts"
            text = f"{parts} before it cannot be read: the key above them was lost, as it says"
            self.tell(Verdict.INCOMPLETE, text, self.keys.lost)
        for place in sorted(unexplained - given_up, key=lambda p: (self.gaps[p], p)):
            text = f"the personal part {place[1]} cannot be read, and no entry says it was erased"
            self.tell(Verdict.INCOMPLETE, text, self.gaps[place])

    def findings(self) -> Findings:
        """All that was found."""
        return Findings(
            log=self.rows.log,
            size=self.tree.size,
            root=self.tree.root(),
            first_at=parse_instant(self.first_at) if self.first_at else None,
            last_at=parse_instant(self.last_at) if self.last_at else None,
            signed_size=self.signed_size,
            checked=tuple(self._checked()),
            remembered=max(self._compared(), default=0),
            forger=WITH_MEMORY if self.trust.signer else WITH_KEY,
            found=tuple(self.told.all()),
        )

    def _remember_root(self) -> None:
        """Keep the root where somebody signed one."""
        if self.tree.size in self.roots:
            self.roots[self.tree.size] = self.tree.root()

    def _read(self, row: Row) -> Entry | None:
        """The entry in a row, if it can be understood, compared with place and columns."""
        try:
            entry = read_entry(row.body)
        except UnknownKind as unknown:
            text = f"it is of a kind that is not known here ({unknown}): hashed, and not read"
            self.tell(Verdict.INCOMPLETE, text, row.seq)
            return None
        except Wrong as wrong:
            self.tell(Verdict.ALTERED, str(wrong), row.seq)
            return None
        if (text_of(entry.log), entry.seq) != (self.rows.log, b"%d" % row.seq):
            text = f"it says it is entry {entry.seq.decode()} of {text_of(entry.log)}: it was moved"
            self.tell(Verdict.ALTERED, text, row.seq)
        case = None if entry.case == b"null" else text_of(entry.case)
        at, kind = entry.at.decode(), entry.kind.decode()
        columns = (text_of(entry.event_id), kind, at, case, text_of(entry.actor))
        if row.columns is not None and row.columns != columns:
            self.tell(Verdict.ALTERED, "the columns do not say what the bytes say", row.seq)
        if at < self.last_at:
            self.tell(Verdict.ALTERED, "it is earlier than the entry before it", row.seq)
        if row.seq == 0 and kind != "ledger_opened":
            self.tell(Verdict.INCOMPLETE, "the ledger does not begin with its opening", row.seq)
        self.first_at = self.first_at or at
        self.last_at = at
        if kind in KEY_KINDS:
            self.keys.take(row.seq, kind, read_canonical(row.body)["data"])
        if entry.kind in ERASING:
            listed = list(self.rows.erased(columns[0])) if kind == "record_erased" else []
            self.erasures.take(row.seq, read_canonical(row.body), listed)
        return entry

    def _check_parts(self, seq: int, entry: Entry, stored: Mapping[str, PartRow]) -> None:
        """Every commitment must open, or be accounted for by an erasure."""
        committed, event_id = entry.commitments, text_of(entry.event_id)
        for slot in stored.keys() - committed.keys():
            self.tell(Verdict.ALTERED, f"the entry knows nothing of a part {slot}", seq)
        for slot, commitment in committed.items():
            part = stored.get(slot)
            if part is None or part.key is None:
                self.gaps[event_id, slot] = seq
            elif part.event_id != event_id:
                self.tell(Verdict.ALTERED, f"the part {slot} is of another entry", seq)
            elif self.trust.vault is not None:
                self._open(seq, part, commitment)

    def _open(self, seq: int, part: PartRow, commitment: str) -> None:
        """Open one part against its commitment."""
        kept, vault = part.sealed, self.trust.vault
        sealed = Sealed(kept.slot, kept.dek_id, kept.nonce, kept.ciphertext, commitment)
        assert vault is not None
        try:
            vault.unseal(part.key, part.event_id, seq, sealed)
            self.opened += 1
        except SlotErased:
            self.gaps[part.event_id, kept.slot] = seq
        except LedgerAltered as altered:
            self.tell(Verdict.ALTERED, altered.finding, seq)

    def _compared(self) -> list[int]:
        """Sizes at which something kept outside could be compared."""
        kept = (c.checkpoint.size for c in self.claims if not (c.own or c.here))
        return sorted(size for size in kept if size <= self.tree.size)

    def _checked(self) -> Iterator[str]:
        """What was compared with what."""
        count = "1 entry was" if self.tree.size == 1 else f"{self.tree.size:,} entries were"
        yield f"{count} read from {self.rows.log}, hashed and put together into one tree."
        own = [c for c in self.claims if c.own]
        if own:
            signed = "1 checkpoint" if len(own) == 1 else f"{len(own):,} checkpoints"
            yield f"The tree was compared with {signed}, {self.trust.keys_from}."
        for size in (c.checkpoint.size for c in self.claims if c.here):
            yield f"It was compared with what the signer here remembers of it at {size:,} entries."
        if kept := self._compared():
            sizes = ", ".join(f"{size:,}" for size in kept)
            yield f"It was compared with what you remembered of it at {sizes} entries."
        if self.receipts:
            yield f"{self.receipts:,} of your receipts were compared with their entries."
        yield from self.erasures.checked()
        if self.trust.vault is not None:
            yield f"{self.opened:,} personal parts were opened and are those committed to."
