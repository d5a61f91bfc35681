"""The ledger as auditors see it: entries in words and in bytes, each with its proof; verification.

What personal parts an auditor may read is opened; protected attributes and the parties' own
references stay sealed here too.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from decision_service.access import Permission
from decision_service.case_history import EVIDENCE_WORDS
from decision_service.dossier import ERASED, application_ids
from decision_service.ledger_words import kind_words, summary
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from decision_service.tail import tail_of
from overrides.countermand_verify import Findings, Verdict
from overrides.errors import LedgerError, SlotErased, UnknownKind
from overrides.event_kinds import KINDS, SCORE_ONLY
from overrides.events import SIMULATED_CLOCK, read_event
from overrides.examination import Trust
from overrides.journal import Decided, Draft, Entry, Event
from overrides.signer_memory import note_in
from overrides.signing_keys import trusted_keys
from overrides.values import Actor
from overrides.verify import whose_key
from ui.ports import Refused
from ui.views import EntryView, LedgerRow, LedgerState, VerificationView, Viewer
from ui.words import instant_words

PAGE_ROWS = 50
SCOPE = "database"
DECIDING = frozenset({"review_recorded", "override_recorded", "approval_recorded"})
SHOWN_SLOTS = frozenset({"inputs", "explanation", "shown", "note", "evidence", "name", "terms"})
WHY_SEALED = {
    "monitor": "protected attributes are kept apart and shown to nobody here",
    "party": "the parties' own references are not shown",
}
HEADLINES = {
    Verdict.CLEAN: "Nothing was changed, as far as this could be checked.",
    Verdict.ALTERED: "Altered: what is here is not what was recorded.",
    Verdict.INCOMPLETE: "Incomplete: not everything could be accounted for.",
    Verdict.STALE: "Stale: the end is under no signed checkpoint.",
}


@dataclass(frozen=True, slots=True)
class LedgerPages:
    """Reads the ledger for people."""

    services: Services
    _verifying: Lock = field(default_factory=Lock)

    def ledger(self, viewer: Viewer, cursor: str, kind: str) -> LedgerState:
        """Entries newest first, of one kind when it is given."""
        acting_person(self.services, viewer, Permission.LEDGER)
        if kind and kind not in KINDS:
            kind = ""
        before = int(cursor) if cursor.isdecimal() and len(cursor) < 16 else None  # noqa: PLR2004
        with refusing():
            entries = self.services.ledger.latest(before, PAGE_ROWS, (kind,) if kind else ())
            head, signed = self.services.ledger.head(), self.services.ledger.latest_checkpoint()
            rows = self._rows(entries)
            more = len(entries) == PAGE_ROWS and entries[-1].seq > 0
            return LedgerState(
                log=head.log,
                size=head.size,
                root=head.root.hex(),
                checkpoint=signed.note if signed else "",
                checkpoint_size=signed.size if signed else 0,
                checkpoint_at=signed.signed_at if signed else None,
                unsigned=head.size - (signed.size if signed else 0),
                demo=self._demo(),
                rows=rows,
                next_cursor=str(entries[-1].seq) if more else "",
                tail=None if before else tail_of(self.services),
            )

    def entry(self, viewer: Viewer, seq: int) -> EntryView:
        """One entry with its inclusion proof in the tree as it is now."""
        actor = acting_person(self.services, viewer, Permission.LEDGER)
        with refusing():
            head = self.services.ledger.head()
            entry = self.services.ledger.entry(seq) if 0 <= seq < head.size else None
            if entry is None:
                raise Refused(404, "No such entry", f"The ledger has entries 0 to {head.size - 1}.")
            proof = self.services.ledger.inclusion(seq, head.size)
            opened, sealed = self._parts(entry)
            if opened:
                self.services.viewings.note(actor, f"entry {seq}")
            signed = self.services.ledger.latest_checkpoint()
            event = _readable_event(entry)
        body = entry.body.decode()
        return EntryView(
            row=self._rows([entry])[0],
            body=body,
            pretty=json.dumps(json.loads(body), indent=2, ensure_ascii=False),
            leaf_hash=entry.leaf_hash.hex(),
            proof=tuple(step.hex() for step in proof),
            proof_size=head.size,
            root=head.root.hex(),
            opened=opened,
            sealed=sealed,
            application=self._application(event) if event else "",
            signed_size=signed.size if signed else 0,
            signed_at=signed.signed_at if signed else None,
            people=self._people(event) if event else (),
            shown_at=self._shown_before(event) if event else None,
        )

    def verify(self, viewer: Viewer) -> VerificationView:
        """Read everything back, check it, and record that it was checked and what came of it."""
        actor = acting_person(self.services, viewer, Permission.VERIFY)
        if not self._verifying.acquire(blocking=False):
            raise Refused(503, "Already running", "A verification runs just now. Try again soon.")
        try:
            with refusing():
                self._first_checkpoint()
                checked_at = self.services.clock()
                findings = self.services.verify(
                    Trust(
                        keys=trusted_keys(self.services.settings.keys),
                        keys_from=whose_key(self.services.settings.keys),
                        vault=self.services.vault.holding(),
                        now=checked_at,
                        signer=note_in(self.services.settings.signer),
                    )
                )
                self._record(actor, findings)
        finally:
            self._verifying.release()
        steps = [("broken", str(found)) for found in findings.found]
        steps += [("checked", sentence) for sentence in findings.checked]
        steps += [("note", sentence) for sentence in findings.notes(instant_words)]
        return VerificationView(
            ok=findings.verdict is Verdict.CLEAN,
            headline=_headline(findings),
            steps=tuple(steps),
            checked_at=checked_at,
        )

    def _first_checkpoint(self) -> None:
        """Sign where the ledger stands if that was never done; what is wrong is found anyway."""
        services = self.services
        if services.ledger.latest_checkpoint() is None:
            with suppress(LedgerError):
                services.signer.checkpoint()

    def _record(self, actor: Actor, findings: Findings) -> None:
        """Write down who verified how much, and whether it held."""
        draft = Draft(
            event_id=self.services.new_id(),
            type="verification_run",
            actor=actor.ref,
            role=actor.role.value,
            data={
                "scope": SCOPE,
                "ok": findings.verdict is Verdict.CLEAN,
                "size": findings.size,
                "findings": len(findings.found),
                "against": whose_key(self.services.settings.keys),
            },
        )
        self.services.journal.submit(lambda _state: Decided((draft,))).result()

    def _rows(self, entries: Sequence[Entry]) -> tuple[LedgerRow, ...]:
        """Entries in words."""
        events = [_readable_event(entry) for entry in entries]
        named = {ref for event in events if event for ref in _persons(event)}
        names = self.services.people.names(named)
        return tuple(
            LedgerRow(
                seq=entry.seq,
                at=entry.recorded_at,
                type=entry.type,
                type_words=kind_words(entry.type),
                case_id=(event.case or "") if event and event.type != SCORE_ONLY else "",
                who=names[event.actor] if event else "",
                summary=summary(event.type, event.data, names) if event else "Of a later release.",
                simulated=event is not None and event.clock == SIMULATED_CLOCK,
            )
            for entry, event in zip(entries, events, strict=True)
        )

    def _parts(self, entry: Entry) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
        """Personal parts that may be read, and the names of the others with the reason."""
        event = _readable_event(entry)
        if event is None:
            return (), ()
        wanted = [slot for slot in event.commit if slot in SHOWN_SLOTS]
        parts = self.services.ledger.open_slots(event.event_id, wanted) if wanted else {}
        opened, sealed = [], []
        for slot in event.commit:
            part = parts.get(slot)
            if slot not in SHOWN_SLOTS:
                sealed.append(f"{slot}: {WHY_SEALED.get(slot.partition('.')[0], 'not shown')}")
            elif part is None or isinstance(part, SlotErased):
                sealed.append(f"{slot}: erased; its commitment stays")
            else:
                opened.append((slot, _said(slot, part)))
        return tuple(opened), tuple(sealed)

    def _application(self, event: Event) -> str:
        """The application's own number; "" when the entry is of no case or it was erased."""
        file = self.services.cases.case(event.case) if event.case else None
        if file is None:
            return ""
        number = application_ids(self.services, (file.row,))[file.row.case_ref]
        return "" if number == ERASED else number

    def _people(self, event: Event) -> tuple[tuple[str, str], ...]:
        """References in an entry whose names are known, with the names."""
        names = self.services.people.names(_persons(event))
        return tuple((ref, name) for ref, name in sorted(names.items()) if name != ref)

    def _shown_before(self, event: Event) -> int | None:
        """Entry of what its actor had been shown when they decided."""
        if event.type not in DECIDING or not event.case:
            return None
        seen = [
            act.seq
            for act in self.services.cases.acts(event.case)
            if act.type == "reasons_shown" and act.actor == event.actor and act.seq < event.seq
        ]
        return seen[-1] if seen else None

    def _demo(self) -> bool:
        """Whether the ledger's first entry says that this is a demonstration."""
        first = self.services.ledger.entry(0)
        event = _readable_event(first) if first else None
        return bool(event and event.data.get("demo"))


def _headline(findings: Findings) -> str:
    """What it comes to; of entries under no checkpoint it says only what is known of them."""
    headline = HEADLINES[findings.verdict]
    if findings.verdict is not Verdict.CLEAN or not findings.unsigned:
        return headline
    tail = "The last entry fits" if findings.unsigned == 1 else "The last entries fit"
    return f"{headline} {tail} the tree but no signature vouches for the end yet."


def _readable_event(entry: Entry) -> Event | None:
    """The event of an entry; None for a kind of a later release."""
    try:
        return read_event(entry.body)
    except UnknownKind:
        return None


def _persons(event: Event) -> Iterator[str]:
    """References of whom an entry is by and about."""
    yield event.actor
    if isinstance(person := event.data.get("person"), str):
        yield person


def _said(slot: str, part: Mapping[str, Any]) -> str:
    """An opened part to read: a note and the places of evidence as text, others as they are."""
    if slot == "note":
        return str(part["text"])
    if slot == "evidence":
        return "\n".join(_evidence_words(item) for item in part["items"])
    return json.dumps(part, indent=2, ensure_ascii=False)


def _evidence_words(item: Mapping[str, str | None]) -> str:
    """One piece of evidence: what it is, where it is filed, and its hash if one was given."""
    kind = EVIDENCE_WORDS.get(item["type"] or "", item["type"])
    digest = f" (SHA-256 {item['sha256']})" if item["sha256"] else ""
    return f"{kind}: {item['reference']}{digest}"
