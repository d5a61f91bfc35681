"""Receipts as the pages use them: of what the viewer recorded, and checked when brought again.

A receipt names the ledger, the entry's place and its hash, and nothing about anybody. Only who made
an entry, or may read the ledger, is told what it is about.
"""

from dataclasses import dataclass

from decision_service import slips
from decision_service.access import Permission
from decision_service.ledger_words import kind_words
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from overrides.countermand_verify import Receipt, WrongUsage, read_receipts
from overrides.errors import NoteInvalid, ProofInvalid, UnknownKind
from overrides.events import SIMULATED_CLOCK, read_event
from overrides.journal import Entry, Event
from overrides.ledger import SignedCheckpoint
from overrides.merkle import leaf_hash, verify_inclusion
from overrides.notes import open_checkpoint
from overrides.signing_keys import trusted_keys
from ui.memory_views import ReceiptCheck, ReceiptView, SlipView
from ui.ports import Refused
from ui.views import Viewer
from ui.words import instant_words

# What somebody answers for. Taking a case and giving it back, and reading it, are not.
ACTS = frozenset(
    {
        "review_recorded",
        "override_recorded",
        "approval_recorded",
        "counter_offered",
        "input_corrected",
        "case_decided",
        "case_withdrawn",
        "case_reopened",
        "information_requested",
        "information_received",
        "decision_made",
        "decision_failed",
    }
)
GROUP_CHARS = 4
BROUGHT_MAX = 20
HOLDS = "It holds: the entry is what it was when the receipt was given."
ALL_HOLD = "They hold: the entries are what they were when the receipts were given."
BROKEN = "It does not hold. Compare what you typed with the paper, letter by letter; then ask why."
UNREADABLE = "It cannot be read."
OTHER = "There is nothing here to hold it against."
NOT_ALL = "Those that could be compared hold. Not all could."
TOO_MANY = "These are too many at once."


@dataclass(frozen=True, slots=True)
class ReceiptPages:
    """Fills ``ui.ports.Receipts``."""

    services: Services

    def of_case(self, viewer: Viewer, case_id: str) -> tuple[ReceiptView, ...]:
        """Receipts of what the viewer recorded on a case, newest first."""
        with refusing():
            entries = self.services.ledger.entries_of_case(case_id)
            signed = self.services.ledger.latest_checkpoint()
            mine = [
                (entry, event)
                for entry in entries
                if entry.type in ACTS
                and (event := _event(entry)) is not None
                and event.actor == viewer.person_ref
            ]
            return tuple(self._view(entry, event, signed) for entry, event in reversed(mine))

    def receipt(self, viewer: Viewer, seq: int) -> ReceiptView:
        """The receipt of one entry, for who made it and who may read the ledger."""
        actor = acting_person(self.services, viewer, Permission.PROOFS)
        with refusing():
            entry = self.services.ledger.entry(seq)
            event = _event(entry) if entry else None
            may = Permission.LEDGER in viewer.may or (event and event.actor == actor.ref)
            if entry is None or event is None or not may:
                text = "You get receipts of what you recorded yourself."
                raise Refused(404, "No such receipt", text)
            return self._view(entry, event, self.services.ledger.latest_checkpoint())

    def check(self, viewer: Viewer, typed: str) -> ReceiptCheck:
        """Hold receipts that somebody brings against the ledger."""
        acting_person(self.services, viewer, Permission.PROOFS)
        try:
            brought = read_receipts(typed)
        except WrongUsage as wrong:
            unread = (("note", f"{wrong}."),)
            return ReceiptCheck(ok=False, headline=UNREADABLE, steps=unread)
        if len(brought) > BROUGHT_MAX:
            text = f"None of the {len(brought)} were looked at: bring at most {BROUGHT_MAX}."
            return ReceiptCheck(ok=False, headline=TOO_MANY, steps=(("note", text),))
        with refusing():
            signed = self.services.ledger.latest_checkpoint()
            steps = tuple(self._step(receipt, signed) for receipt in brought)
        kinds = {kind for kind, _ in steps}
        if kinds == {"checked"}:
            headline = HOLDS if len(brought) == 1 else ALL_HOLD
            return ReceiptCheck(ok=True, headline=headline, steps=steps)
        headline = NOT_ALL if "checked" in kinds else OTHER
        if "broken" in kinds:
            headline = BROKEN
        return ReceiptCheck(ok=False, headline=headline, steps=steps)

    def slip(self, viewer: Viewer) -> SlipView:
        """Where the ledger stands, to be printed."""
        return slips.shown(self.services, viewer)

    def _step(self, receipt: Receipt, signed: SignedCheckpoint | None) -> tuple[str, str]:
        """What became of one receipt."""
        ledger = self.services.ledger
        place = f"entry {receipt.seq:,}"
        if receipt.log not in ("", ledger.log):
            text = f"{receipt.log[:80]} is another ledger; this is {ledger.log}."
            return "note", f"{place[:1].upper()}{place[1:]}: {text}"
        entry = ledger.entry(receipt.seq)
        if entry is None:
            size = ledger.head().size
            return "broken", f"There is no {place} any more: the ledger has {size:,}, from 0."
        if leaf_hash(entry.body) != receipt.leaf:
            return "broken", f"The {place} here is another one than the receipt is of."
        if signed is None or signed.size <= receipt.seq:
            return "checked", f"The {place} is the one; no signed checkpoint covers it yet."
        try:
            at = open_checkpoint(signed.note, ledger.log, trusted_keys(self.services.settings.keys))
            path = ledger.inclusion(receipt.seq, at.size)
            verify_inclusion(receipt.leaf, receipt.seq, at.size, path, at.root)
        except (NoteInvalid, ProofInvalid) as invalid:
            text = f"The {place} is not under the newest signed checkpoint ({invalid.finding})."
            return "broken", text
        when = instant_words(signed.signed_at)
        under = f"under the checkpoint over {at.size:,} entries that was signed on {when}"
        return "checked", f"The {place} is the one, and {under}."

    def _view(self, entry: Entry, event: Event, signed: SignedCheckpoint | None) -> ReceiptView:
        """A receipt in words."""
        covering = signed if signed is not None and signed.size > entry.seq else None
        digest = entry.leaf_hash.hex()
        return ReceiptView(
            log=entry.log,
            seq=entry.seq,
            at=entry.recorded_at,
            what=kind_words(entry.type),
            who=self.services.people.names([event.actor])[event.actor],
            case_id=event.case or "",
            leaf_hash=digest,
            groups=tuple(digest[i : i + GROUP_CHARS] for i in range(0, len(digest), GROUP_CHARS)),
            line=f"{entry.log} {entry.seq} {digest}",
            signed_size=covering.size if covering else 0,
            signed_at=covering.signed_at if covering else None,
            note=covering.note if covering else "",
            key=self.services.signer.key.vkey,
            simulated=event.clock == SIMULATED_CLOCK,
        )


def _event(entry: Entry) -> Event | None:
    """The event of an entry; None for a kind of a later release."""
    try:
        return read_event(entry.body)
    except UnknownKind:
        return None
