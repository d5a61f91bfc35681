"""Erasures and legal holds as the pages use them."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from decision_service.access import Permission
from decision_service.due_words import due_members
from decision_service.erasure_certificate import PARTS_SHOWN, certificate
from decision_service.erasure_words import (
    CLASS_WORDS,
    NOT_REACHED,
    STANDING_WORDS,
    STAYS,
    covered_words,
    ground_words,
    key_words,
    part_words,
    refusal_words,
    what_words,
    whose_words,
)
from decision_service.erasures import ErasureActs, Named
from decision_service.ledger_words import kind_words
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from overrides.erasing import (
    GROUNDS,
    HOLD_GROUNDS,
    LIFT_GROUNDS,
    Due,
    Hold,
    Request,
    Standing,
)
from overrides.erasure_desk import due_parts
from overrides.erasure_errors import UnknownHold
from overrides.errors import SlotErased
from overrides.instants import instant_text, parse_instant
from overrides.retention import DEFAULT_SCHEDULE
from ui.erasure_views import (
    CertificatePlace,
    CertificateView,
    Choices,
    DueView,
    ErasureLine,
    ErasuresView,
    ErasureTyped,
    ErasureView,
    HoldLine,
)
from ui.ports import Refused
from ui.views import Viewer

LINES = 100
OWN = "You asked for this. Another person must approve it; you may take it back."
NEW = (
    "You were added after this was asked for. Somebody who was there before must approve it; you"
    " may refuse it."
)
CHANGED = "What would go is not what was asked for any more. Refuse it and have it asked again."
NO_CLASS = "Choose what of it is to go."
GONE = "Nothing of it can be read any more."


@dataclass(frozen=True, slots=True)
class ErasurePages:
    """Fills ``ui.ports.Erasures``."""

    services: Services

    @property
    def acts(self) -> ErasureActs:
        """What may be done about erasures."""
        return ErasureActs(self.services)

    def overview(self, viewer: Viewer) -> ErasuresView:
        """Requests and holds."""
        acting_person(self.services, viewer, Permission.ERASURES)
        with refusing():
            erasures = self.services.erasures
            waiting = erasures.requests(limit=LINES, standing=Standing.WAITING)
            every = erasures.requests(limit=LINES)
            holds = erasures.holds(limit=LINES)
            people = {one.asked_by for one in every + waiting} | {h.set_by for h in holds}
            people |= {one.settled_by for one in every} | {h.lifted_by for h in holds}
            names = self.services.people.names(people - {""})
        settled = [one for one in every if one.standing is not Standing.WAITING]
        return ErasuresView(
            waiting=tuple(_line(one, names, viewer) for one in waiting),
            settled=tuple(_line(one, names, viewer) for one in settled),
            holds=tuple(_hold_line(one, names) for one in holds),
        )

    def choices(self, viewer: Viewer) -> Choices:
        """What the forms offer."""
        acting_person(self.services, viewer, Permission.ERASE)
        return Choices(
            grounds=tuple((code, one.words, one.law) for code, one in GROUNDS.items()),
            classes=tuple((name, _capital(words)) for name, words in CLASS_WORDS.items()),
            hold_grounds=tuple(HOLD_GROUNDS.items()),
            lift_grounds=tuple(LIFT_GROUNDS.items()),
        )

    def request(self, viewer: Viewer, request_id: str) -> ErasureView:
        """One request, with what it would take or took."""
        acting_person(self.services, viewer, Permission.ERASURES)
        with refusing():
            found = self.acts.request(request_id)
            names = self.services.people.names({found.asked_by, found.settled_by} - {""})
            listed, root = self.acts.listed(found, PARTS_SHOWN)
            note = self._note(found.request_id)
        waits = found.standing is Standing.WAITING
        may = waits and Permission.ERASE_APPROVE in viewer.may
        changed = "" if root == found.root else CHANGED if listed else GONE
        cannot = (self._not_by(viewer, found) or changed) if waits else ""
        return ErasureView(
            line=_line(found, names, viewer),
            classes=tuple(_capital(CLASS_WORDS[name]) for name in found.target.classes),
            root=found.root,
            parts=tuple((s, kind_words(kind), part_words(slot)) for s, kind, slot in listed),
            more=max(0, found.count - len(listed)) if not waits or root == found.root else 0,
            note=note,
            may_approve=may and not cannot,
            may_refuse=may,
            cannot=cannot,
            certified=found.standing is Standing.ERASED,
        )

    def ask(self, viewer: Viewer, form: ErasureTyped, key: str) -> str:
        """Ask for an erasure; the request's id."""
        actor = acting_person(self.services, viewer, Permission.ERASE)
        if not form.classes:
            raise Refused(422, "Please check", NO_CLASS, {"classes": NO_CLASS})
        with _pointing(form):
            target = self.acts.target(_named(form))
            return self.acts.ask(actor, target, form.ground, form.note, key=key).request_id

    def approve(self, viewer: Viewer, request_id: str, root: str, note: str, key: str) -> str:
        """Approve another person's request and erase what it names; a sentence."""
        actor = acting_person(self.services, viewer, Permission.ERASE_APPROVE)
        with refusing():
            done = self.acts.approve(actor, request_id, root, note, key=key)
        self.services.housekeeping.wake()
        if done.standing is Standing.REFUSED:
            return f"Nothing was erased. {refusal_words(done)}"
        return f"Erased: {done.count} parts. The certificate says more."

    def refuse(self, viewer: Viewer, request_id: str, note: str, key: str) -> str:
        """Say no, or take one's own request back; a sentence."""
        actor = acting_person(self.services, viewer, Permission.ERASE_APPROVE)
        with refusing():
            return refusal_words(self.acts.refuse(actor, request_id, note, key=key))

    def due(self, viewer: Viewer) -> DueView:
        """What the retention schedule says is due now."""
        acting_person(self.services, viewer, Permission.ERASURES)
        with refusing():
            as_of = self.services.clock()
            schedule = self.acts.schedule()
            lines = self.acts.due(as_of)
        free = [line for line in lines if not line.held]
        return DueView(
            as_of=as_of,
            as_of_text=instant_text(as_of),
            schedule=schedule.sha256,
            own_schedule=schedule != DEFAULT_SCHEDULE,
            cases=len({line.case_ref for line in free}),
            parts=len(due_parts(lines)),
            held=len(lines) - len(free),
            groups=_groups(free),
        )

    def due_list(self, viewer: Viewer, as_of: str) -> bytes:
        """All of it, a line of JSON for each record."""
        acting_person(self.services, viewer, Permission.ERASURES)
        with refusing():
            lines = self.acts.due(_instant(as_of))
        return b"".join(json.dumps(due_members(line)).encode() + b"\n" for line in lines)

    def ask_due(self, viewer: Viewer, as_of: str, note: str, key: str) -> str:
        """Ask that all of it be erased; the request's id."""
        actor = acting_person(self.services, viewer, Permission.ERASE)
        with refusing():
            return self.acts.ask_due(actor, _instant(as_of), note, key=key).request_id

    def hold(self, viewer: Viewer, form: ErasureTyped, key: str) -> str:
        """Set a legal hold; a sentence."""
        actor = acting_person(self.services, viewer, Permission.ERASE)
        with _pointing(form):
            self.acts.hold(actor, self.acts.target(_named(form)), form.ground, form.note, key=key)
        return "The hold is set: nothing of it can be erased until it is lifted."

    def one_hold(self, viewer: Viewer, hold_id: str) -> HoldLine:
        """One hold."""
        acting_person(self.services, viewer, Permission.ERASE)
        with refusing():
            with self.services.erasures.now() as known:
                found = known.hold(hold_id)
            if found is None:
                raise UnknownHold(hold_id[:64])
            names = self.services.people.names({found.set_by, found.lifted_by} - {""})
        return _hold_line(found, names)

    def lift(self, viewer: Viewer, hold_id: str, ground: str, note: str, key: str) -> str:
        """Lift a legal hold; a sentence."""
        actor = acting_person(self.services, viewer, Permission.ERASE)
        with refusing():
            self.acts.lift(actor, hold_id, ground, note, key=key)
        return "The hold is lifted."

    def certificate(self, viewer: Viewer, request_id: str) -> CertificateView:
        """What the ledger shows of an erasure."""
        acting_person(self.services, viewer, Permission.ERASURES)
        with refusing():
            made = certificate(self.services, request_id)
        request = made.request
        return CertificateView(
            log=made.log,
            request_id=request.request_id,
            what=what_words(request),
            classes=tuple(CLASS_WORDS[name] for name in request.target.classes),
            count=request.count,
            destroyed=request.destroyed,
            ground=made.ground,
            law=made.law,
            root=request.root,
            places=tuple(
                CertificatePlace(what=p.what, seq=p.seq, at=p.at, who=p.who, leaf_hash=p.leaf_hash)
                for p in made.places
            ),
            key_words=key_words(made),
            covered_words=covered_words(made),
            checkpoint=made.checkpoint,
            parts=tuple((s, kind_words(kind), part_words(slot)) for s, kind, slot in made.parts),
            more=max(0, request.count - len(made.parts)),
            stays=STAYS,
            not_reached=NOT_REACHED,
            sets=tuple((s.folder, s.who, s.at, s.seq, s.here) for s in made.sets),
            exports=tuple((p.what, p.who, p.at, p.seq) for p in made.exports),
            issued_at=made.issued_at,
        )

    def _not_by(self, viewer: Viewer, found: Request) -> str:
        """Why a request must be approved by another person than the viewer, "" where it need not.

        The writer says the same when it comes to it; no button is offered that it would refuse.
        """
        if found.asked_by == viewer.person_ref:
            return OWN
        with self.services.erasures.now() as known:
            return NEW if viewer.person_ref in known.people_since(found.seq) else ""

    def _note(self, event_id: str) -> str:
        """The note of a request, "" where there is none."""
        note = self.services.ledger.open_slots(event_id, ("note",)).get("note")
        return "" if note is None or isinstance(note, SlotErased) else str(note["text"])


def _pointing(form: ErasureTyped) -> AbstractContextManager[None]:
    """Let errors leave as refusals that point at the field that named what there is not."""
    named = {"case": form.case, "application": form.application, "party": form.party}
    return refusing(otherwise=next((name for name, typed in named.items() if typed), "party"))


def _named(form: ErasureTyped) -> Named:
    """What was named in a form."""
    return Named(
        application=form.application,
        bundle=form.bundle,
        case=form.case,
        party=form.party,
        classes=form.classes,
    )


def _line(one: Request, names: Mapping[str, str], viewer: Viewer) -> ErasureLine:
    """A request in the list."""
    return ErasureLine(
        request_id=one.request_id,
        seq=one.seq,
        what=what_words(one),
        count=one.count,
        ground=ground_words(one.ground),
        standing=one.standing.value,
        standing_words=STANDING_WORDS[one.standing],
        why=refusal_words(one),
        asked_by=names.get(one.asked_by, one.asked_by),
        asked_at=one.asked_at,
        settled_by=names.get(one.settled_by, one.settled_by),
        settled_at=one.settled_at,
        mine=one.asked_by == viewer.person_ref,
    )


def _hold_line(one: Hold, names: Mapping[str, str]) -> HoldLine:
    """A hold in the list."""
    return HoldLine(
        hold_id=one.hold_id,
        seq=one.seq,
        what=whose_words("" if one.case else one.subject, one.case),  # all of a case is held
        ground=ground_words(one.ground),
        set_by=names.get(one.set_by, one.set_by),
        set_at=one.set_at,
        lifted_by=names.get(one.lifted_by, one.lifted_by),
        lifted_at=one.lifted_at,
    )


def _groups(free: list[Due]) -> tuple[tuple[str, str, str, int, int, str], ...]:
    """What is due by sort of record, with the law that kept it until now."""
    groups: dict[tuple[str, str, str, str], tuple[set[str], int]] = {}
    for line in free:
        name = (line.record_class, line.jurisdiction, line.ending, line.law)
        cases, parts = groups.get(name, (set(), 0))
        groups[name] = (cases | {line.case_ref}, parts + len(line.parts))
    return tuple(
        (_capital(CLASS_WORDS[record_class]), place, _capital(ending), len(cases), parts, law)
        for (record_class, place, ending, law), (cases, parts) in sorted(groups.items())
    )


def _instant(text: str) -> datetime:
    """The instant that a form or an address carries."""
    try:
        return parse_instant(text)
    except ValueError:
        raise Refused(422, "Please check", "Open the page of what is due again.") from None


def _capital(words: str) -> str:
    """Words at the beginning of a line."""
    return words[:1].upper() + words[1:]
