"""Looking at a ledger for a witness: over HTTP, in an export, or in a file that was carried.

What is seen is held to what the witness remembers; what enters the memory is for the caller to
decide. Works without an installation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from decision_service.witness_visit import NotReached, Shown, Visit, printable
from overrides import countermand_verify as verifier
from overrides.errors import NoteInvalid
from overrides.instants import parse_instant
from overrides.notes import PublicKey, claimed_checkpoint
from overrides.offers import Offer, offer_of
from overrides.witness import Judgement, Outcome, Sighting, judge, opened_checkpoint

FRESH = verifier.CLOCKS_DIFFER - timedelta(seconds=20)  # what was being written comes just before
NOT_FRESH = (
    "It was not signed just now, and the ledger does not say that it has no entry more, so this"
    " visit does not show where it ends: it is remembered, and will not find entries that are dated"
    " back to before it."
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was shown, what it is beside what was remembered, and what else is to be said."""

    sighting: Sighting | None  # nothing where no checkpoint could be read
    judgement: Judgement
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """A witness who looks now: what they saw last, if anything, and which keys they trust."""

    last: Sighting | None
    keys: Sequence[PublicKey]
    now: datetime

    def at_service(self, visit: Visit, *, tell: bool) -> Seen:
        """Ask the service itself, and tell it afterwards that it is remembered."""
        try:
            shown = visit.checkpoint()
            offer = self._offered(visit, shown.note)
            ended = self._ended(shown)
            seen = self._judged(offer, visit.address, live=True, ended=ended)
            at = printable(shown.signed_at)
            said = [f"By its own word it was signed last on {at}."] if at else []
            if not ended and seen.judgement.outcome is Outcome.CONSISTENT:
                said.append(NOT_FRESH)
            if tell and seen.judgement.outcome is Outcome.CONSISTENT:
                said.append(self._tell(visit, seen))
        except NotReached as silent:
            return Seen(None, Judgement(Outcome.INCOMPLETE, str(silent)))
        return replace(seen, notes=tuple(said))

    def at_offer(self, offer: Offer, source: str) -> Seen:
        """Look at a checkpoint that was carried here, with a proof or without."""
        return self._judged(offer, source, live=False, ended=False)

    def at_export(self, folder: Path) -> Seen:
        """Check a whole export, against what is remembered too; then its end can be remembered."""
        last = self.last
        memory = verifier.Memory(
            keys=tuple(verifier.Key.read(key.vkey) for key in self.keys),
            notes=((last.note, verifier.Sight(verifier.YOU, last.seen_at, last.ended)),)
            if last
            else (),
            now=self.now,
        )
        found = verifier.check_export(folder, memory)
        if found.verdict is not verifier.Verdict.CLEAN:
            text = f"The export is {found.verdict.name.lower()}: {found.found[0]}"
            return Seen(None, Judgement(Outcome(found.verdict), text))
        note = (folder / verifier.CHECKPOINT).read_text("utf-8")
        try:
            sighting = Sighting(self.now, note, str(folder.resolve()), tuple(self.keys))
        except NoteInvalid as invalid:  # it was another one a moment ago
            return Seen(None, Judgement(Outcome.ALTERED, f"Its end is altered: {invalid.finding}."))
        text = f"Every one of its {found.size:,} entries was read."
        if last is not None:
            text += f" Everything you remember from {when(last)} is among them, unchanged."
        return Seen(sighting, Judgement(Outcome.CONSISTENT, text))

    def _ended(self, shown: Shown) -> bool:
        """Whether the ledger ended, by its own word, where its checkpoint does.

        It signed just now, or it says that it has no entry more. Whoever says so untruly makes
        their own later entries look dated back: the word can be taken.
        """
        if _is_now(_date(shown.signed_at), self.now):
            return True
        try:
            size, at = claimed_checkpoint(shown.note).size, parse_instant(shown.time)
        except (NoteInvalid, ValueError):
            return False
        return size == shown.size and _is_now(at, self.now)

    def _offered(self, visit: Visit, note: str) -> Offer:
        """The checkpoint with the proof that is needed, if one is."""
        last = self.last.checkpoint.size if self.last else 0
        try:
            size = opened_checkpoint(note, self.keys)[0].size
        except NoteInvalid:
            return Offer(note)  # which is told when it is judged
        if 0 < last < size:
            return offer_of(last, visit.consistency(last, size), note)
        return Offer(note)

    def _judged(self, offer: Offer, source: str, *, live: bool, ended: bool) -> Seen:
        """Hold a checkpoint to what is remembered."""
        try:
            claimed_checkpoint(offer.note)
        except NoteInvalid as other:
            text = f"What was shown is no checkpoint: {other.finding}."
            return Seen(None, Judgement(Outcome.INCOMPLETE, text))
        try:
            shown = opened_checkpoint(offer.note, self.keys)[0]
        except NoteInvalid as invalid:
            text = (
                f"IMPOSTOR: what was shown is not signed with a key you trust ({invalid.finding})."
                " If the ledger has a new key, get it from somebody you trust and give it with"
                " --key."
            )
            return Seen(None, Judgement(Outcome.ALTERED, text))
        sighting = Sighting(self.now, offer.note, source, tuple(self.keys), ended=ended)
        before, seen_when = (self.last.checkpoint, when(self.last)) if self.last else (None, "")
        return Seen(sighting, judge(before, shown, offer.prove, live=live, when=seen_when))

    def _tell(self, visit: Visit, seen: Seen) -> str:
        """Let the ledger know that it is remembered; what came of it."""
        assert seen.sighting is not None
        at = seen.sighting.checkpoint
        try:
            visit.tell(at.size, at.root)
        except NotReached as untold:
            return f"The ledger was not told that you remember it: {untold.cause}"
        return "The ledger was told that you remember it."


def _date(text: str) -> datetime | None:
    """A date of HTTP; None for something else."""
    try:
        return parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError):
        return None


def _is_now(at: datetime | None, now: datetime) -> bool:
    """Whether an instant is the present one, as far as two clocks agree."""
    return at is not None and at.tzinfo is not None and abs(now - at) <= FRESH


def when(seen: Sighting) -> str:
    """When something was seen, in words."""
    return f"{seen.seen_at:%d %b %Y, %H:%M UTC}"
