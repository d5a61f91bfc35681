"""Letters as the pages and the interface use them: shown, drafted, checked, issued, sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from decision_service.access import Permission
from decision_service.act_requests import NOTE_CHARS_MAX
from decision_service.acting import Acting
from decision_service.dossier import Dossier, application_ids, read_dossier, readable
from decision_service.lender import lender_at
from decision_service.letter_making import Letter, difference, make
from decision_service.letter_texts import ENGLISH, languages, template
from decision_service.letter_words import (
    KIND_WORDS,
    SOURCE_WORDS,
    STATE_WORDS,
    choices,
    due_letter_words,
    letter_line,
    letter_told,
)
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from decision_service.terms_applied import as_applied
from overrides.events import read_event
from overrides.forms import tidy
from overrides.instants import instant_text
from overrides.journal import Event, OnceOnly, Receipt
from overrides.letter_calls import Ground, called_for
from overrides.letter_errors import LetterNotIssued, NoLetterDue
from overrides.letter_rows import LetterRow, LetterState
from overrides.lettering import (
    CHANNELS,
    CHECKERS,
    FROM,
    HELD_WORDS,
    REISSUE_REASONS,
    RETURN_REASONS,
    WRITERS,
    Drafted,
    Move,
    decide_draft,
    decide_move,
)
from overrides.letters import Hold
from overrides.rule_packs import pack_named
from overrides.values import Actor
from ui.letter_views import LetterForm, LetterPart, LettersView, LetterView
from ui.ports import Refused
from ui.views import Viewer

PAGE_ROWS = 50
DRAFT = "draft"
UNPROVEN = "it does not say what the record says ({part}), so draft it again"
NO_REASON_WORDS = (
    "No letter can be made: the record has no reason it may state, and whoever drafts a letter may "
    "not give one for the person who decided. A reopened case is decided again, with reasons."
)
KINDS = frozenset({"letter_drafted", "letter_moved"})
DONE = {
    DRAFT: "The letter is drafted.",
    "checked": "The letter is checked.",
    "issued": "The letter is issued: every sentence is what the record says.",
    "sent": "Recorded as sent.",
    "returned": "Recorded as come back: draft another one.",
}


@dataclass(frozen=True, slots=True)
class LetterDesk:
    """Fills ``ui.ports.Letters``. Every error leaves it as ``Refused``."""

    services: Services

    @property
    def _acting(self) -> Acting:
        """Acts on cases."""
        return Acting(self.services)

    def letters(self, viewer: Viewer, state: str, cursor: str) -> LettersView:
        """A page of the letters in one state that the viewer may see."""
        actor = acting_person(self.services, viewer, Permission.LETTERS)
        wanted = LetterState(state) if state in set(LetterState) else LetterState.DUE
        branch, book, now = actor.branch or None, self.services.letters, self.services.clock()
        try:
            found = book.letters(wanted, branch=branch, cursor=cursor, limit=PAGE_ROWS)
        except ValueError:
            raise Refused(404, "Page not found", "Start again from the first page.") from None
        counts = book.letter_counts(branch=branch)
        files = [self.services.cases.case(row.case_ref) for row in found.rows]
        rows = [file.row for file in files if file]
        ids, blindness = application_ids(self.services, rows), self._acting.blindness
        # That a letter went out says what was decided, to whoever is to decide it again.
        hidden = {row.case_ref for row in rows if blindness.contested(actor, row)}
        return LettersView(
            state=wanted.value,
            states=tuple((s.value, STATE_WORDS[s], counts[s]) for s in LetterState),
            lines=tuple(
                letter_line(row, ids.get(row.case_ref, ""), now)
                for row in found.rows
                if row.case_ref not in hidden
            ),
            next_cursor=found.next_cursor,
            as_of=now,
        )

    def letter(self, viewer: Viewer, case_id: str, language: str = "") -> LetterView:
        """The letter of a case as it was drafted, or as a draft would be."""
        actor = acting_person(self.services, viewer, Permission.LETTERS)
        with refusing():
            row, dossier = self._row(actor, case_id)
            self.services.viewings.note(actor, "letter", case=case_id)
            events = self._events(case_id)
            return self._view(actor, row, dossier, events, language)

    def step(self, viewer: Viewer, case_id: str, form: LetterForm) -> str:
        """Draft the letter or take it a step further; a sentence saying what was recorded."""
        actor = acting_person(self.services, viewer, Permission.WRITE_LETTERS)
        move = None if form.step == DRAFT else _move(form, self.services.clock())
        with refusing():
            said = [case_id, form.step, form.letter_id, form.language, form.reason, form.note]
            said += [form.channel, form.on]
            once = self._acting.once(actor, "letter", form.idempotency_key, said)
            if move is None:
                receipt = self.draft(actor, case_id, form.language, form.reason, once)
            else:
                receipt = self.move(actor, case_id, move, once)
        return f"{DONE[form.step]} Ledger entry {receipt.entries[0].seq:,}."

    def draft(
        self, actor: Actor, case_id: str, language: str, reason: str, once: OnceOnly | None
    ) -> Receipt:
        """Work the letter out from the record and record it."""
        _, dossier = self._row(actor, case_id)
        letter = self._made(dossier, _known(language))
        drafted = Drafted(
            called_by=letter.called.event_id,
            kind=letter.called.kind.value,
            locale=letter.words.language,
            template=letter.template,
            pack=letter.pack.name,
            source=letter.principal.source.value,
            concepts=tuple(reason.name for reason in letter.principal.reasons),
            holds=tuple(hold.value for hold in letter.holds),
            due_at=letter.due_at,
            content=letter.content,
            reason=reason,
            until=letter.called.until if letter.called.ground in _ANSWERED_BY else None,
        )
        new_id = self.services.new_id
        return self.services.journal.submit(
            lambda state: decide_draft(state, case_id, actor, drafted, new_id), once=once
        ).result()

    def move(self, actor: Actor, case_id: str, move: Move, once: OnceOnly | None) -> Receipt:
        """Take the letter a step further; one that is issued is held against the record first."""
        row, dossier = self._row(actor, case_id)
        if move.to is LetterState.ISSUED and row.letter_id:
            letter = self._made(dossier, row.locale)
            found = difference(self._parts(row.letter_id), letter)
            if found or letter.called.event_id != row.called_by:
                raise LetterNotIssued(UNPROVEN.format(part=found or "the act that calls for it"))
        second = lender_at(self.services.settings.lender).second_person == "always"
        new_id = self.services.new_id
        return self.services.journal.submit(
            lambda state: decide_move(state, case_id, actor, move, new_id, second_person=second),
            once=once,
        ).result()

    def shown(self, actor: Actor, case_id: str) -> dict[str, Any]:
        """The letter of a case for the interface; raises ``NoLetterDue``."""
        row, dossier = self._row(actor, case_id)
        self.services.viewings.note(actor, "letter", case=case_id)
        parts = self._parts(row.letter_id) if row.letter_id else ()
        if not row.letter_id:
            parts = self._made(dossier, ENGLISH).parts
        return {
            "case_id": case_id,
            "kind": row.kind,
            "state": row.state.value,
            "recorded": bool(row.letter_id),
            "letter_id": row.letter_id or None,
            "replaces": row.replaces or None,
            "language": row.locale or ENGLISH,
            "due_at": instant_text(row.due_at),
            "holds": list(row.holds),
            "parts": [dict(part) for part in parts],
            "simulated": row.simulated,
        }

    def _row(self, actor: Actor, case_id: str) -> tuple[LetterRow, Dossier]:
        """The letter with the case, if the actor may see it and one is called for."""
        file = self._acting.file(actor, case_id)
        row = self.services.letters.letter(case_id)
        if row is None:
            raise NoLetterDue(case_id[:64])
        return row, read_dossier(self.services, file, actor, self._acting.sees)

    def _made(self, dossier: Dossier, language: str) -> Letter:
        """The letter as the record makes it."""
        letter = self._now(dossier, language)
        if letter is None:
            raise NoLetterDue(dossier.file.case.case_ref)
        return letter

    def _parts(self, letter_id: str) -> tuple[Mapping[str, str], ...]:
        """What was recorded of a letter's words; nothing once they are erased."""
        shown = readable(self.services.ledger.open_slots(letter_id, ("shown",)).get("shown"))
        return tuple(shown["parts"]) if shown else ()

    def _events(self, case_id: str) -> list[Event]:
        """The entries about letters of a case."""
        entries = self.services.ledger.entries_of_case(case_id)
        return [read_event(entry.body) for entry in entries if entry.type in KINDS]

    def _view(
        self, actor: Actor, row: LetterRow, dossier: Dossier, events: list[Event], language: str
    ) -> LetterView:
        """Everything the page of a letter shows."""
        now = self.services.clock()
        recorded = row.state is not LetterState.DUE and not language
        chosen = row.locale if recorded else _known(language or row.locale)
        made = None if row.state is LetterState.SENT and recorded else self._now(dossier, chosen)
        parts = self._parts(row.letter_id) if recorded else (made.parts if made else ())
        holds = row.holds if recorded else tuple(made.holds if made else ())
        drafted = next((e for e in reversed(events) if e.event_id == row.letter_id), None)
        told = drafted.data if drafted and recorded else None
        source = told["source"] if told else (made.principal.source.value if made else "nobody")
        pack = pack_named(told["pack"]) if told else (made.pack if made else None)
        issued = [e for e in events if e.data.get("to") == LetterState.ISSUED]
        missing = "Its words have been erased." if recorded else "The case calls for none now."
        if not recorded and Hold.NO_REASONS in holds:
            missing, parts = NO_REASON_WORDS, ()
        names = self.services.people.names({event.actor for event in events})
        return LetterView(
            case_id=row.case_ref,
            application_id=dossier.application_id,
            kind_words=KIND_WORDS[row.kind],
            state=row.state.value,
            state_words=STATE_WORDS[row.state],
            language=chosen,
            languages=tuple((name, template(name).name) for name in languages()),
            parts=tuple(
                LetterPart(key=p["key"], text=p["text"], language=p.get("language", chosen))
                for p in parts
            ),
            cannot="" if parts else missing,
            recorded=recorded,
            dated=issued[-1].recorded_at if recorded and issued else None,
            source_words=SOURCE_WORDS[source],
            pack_words=f"{pack.name}: {pack.source}" if pack else "",
            due_at=row.due_at,
            due_words=due_letter_words(row, now),
            late=row.open and row.due_at < now,
            holds=tuple(HELD_WORDS.get(hold, hold) for hold in holds),
            letter_id=row.letter_id,
            steps=self._steps(actor, row, recorded=recorded) if parts else (),
            gone_out=bool(row.replaces) or row.state not in FROM[LetterState.ISSUED] | _FRESH,
            history=tuple(letter_told(event, names) for event in reversed(events)),
            channels=choices(CHANNELS),
            return_reasons=choices(RETURN_REASONS),
            reissue_reasons=choices(REISSUE_REASONS),
            today=now.date().isoformat(),
            simulated=row.simulated,
        )

    def _now(self, dossier: Dossier, language: str) -> Letter | None:
        """The letter as the record makes it now, if the case calls for one."""
        called = called_for(dossier.acts, dossier.file.decision.jurisdiction)
        applied = as_applied(self.services, dossier, called)
        return make(dossier, lender_at(self.services.settings.lender), language, applied)

    def _steps(self, actor: Actor, row: LetterRow, *, recorded: bool) -> tuple[str, ...]:
        """What the actor may do to the letter as it stands, as the deciders will allow it."""
        if actor.role not in WRITERS:
            return ()
        if not recorded:
            return (DRAFT,)
        second = lender_at(self.services.settings.lender).second_person == "always"
        held = second or bool(row.holds)
        steps = [to.value for to, before in FROM.items() if row.state in before]
        own = row.drafter == actor.ref and held
        if row.state is LetterState.DRAFTED and held:
            steps.remove(LetterState.ISSUED.value)
        if LetterState.CHECKED.value in steps and (actor.role not in CHECKERS or own):
            steps.remove(LetterState.CHECKED.value)
        return (*steps, DRAFT)


_FRESH = frozenset({LetterState.DUE})
_ANSWERED_BY = frozenset({Ground.OFFERED, Ground.ASKED})


def _known(language: str) -> str:
    """A language that there is a template of; English for any other."""
    return language if language in languages() else ENGLISH


def _move(form: LetterForm, now: datetime) -> Move:
    """What was typed, checked; raises ``Refused`` naming every field at fault."""
    if form.step not in set(FROM):
        raise Refused(422, "Choose what to do", "Check the letter, issue it, or say it was sent.")
    to, faults, note = LetterState(form.step), {}, tidy(form.note)
    move = Move(letter_id=form.letter_id, to=to, note=note)
    if to is LetterState.SENT and form.channel not in CHANNELS:
        faults["channel"] = "Choose how it was sent."
    if to is LetterState.RETURNED and form.reason not in RETURN_REASONS:
        faults["reason"] = "Choose why it came back."
    if to in (LetterState.SENT, LetterState.RETURNED):
        move = replace(move, channel=form.channel, reason=form.reason, on=form.on)
        try:
            late = date.fromisoformat(form.on) > now.date()
        except ValueError:
            late = True
        if late:
            faults["on"] = "Give the day, today at the latest."
    if len(note) > NOTE_CHARS_MAX:
        faults["note"] = f"Write at most {NOTE_CHARS_MAX} characters."
    if faults:
        raise Refused(422, "Nothing was recorded", "Put this right and send it again.", faults)
    return move
