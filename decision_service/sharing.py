"""Sharing out the work of a branch, as the pages use it: passing cases on, and who holds what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from decision_service.access import ROLE_WORDS, Permission
from decision_service.act_requests import NOTE_CHARS_MAX
from decision_service.acting import Acting
from decision_service.approvals import WAITING, late_proposals
from decision_service.case_rows import queue_rows
from decision_service.dossier import application_ids
from decision_service.people import Person, PersonState
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from decision_service.urgency_words import (
    ASIDE_WORDS,
    HANDED_WORDS,
    REFERRED_WORDS,
    away_words,
    clock_words,
    has_passed,
)
from overrides.cases import TRANSITIONS, Act, Case
from overrides.desk import case_of
from overrides.errors import StaleCase
from overrides.forms import tidy
from overrides.instants import instant_text
from overrides.journal import Decided, Receipt, State
from overrides.oversight_errors import FirstViewMissing
from overrides.passing_on import (
    LEADING_ROLES,
    Passing,
    decide_aside,
    decide_hand_over,
    decide_referral,
    decide_taking_back,
    latest_until,
    may_take_over,
)
from overrides.queue_errors import UnknownColleague
from overrides.reading import CaseFile, CaseFilter, CaseRow
from overrides.urgency import Urgency
from overrides.values import DECIDING_ROLES, Actor, CaseStatus, Role
from ui.ports import Refused
from ui.sharing_views import PassForm, PassView, TeamMember, TeamView
from ui.views import Viewer
from ui.words import instant_words

HELD_ROWS_MAX = 200
END = datetime.max.replace(tzinfo=UTC)
UPWARDS_ROWS_MAX = 25
HANDED_FOR = timedelta(days=1)
REASONS = {"refer": REFERRED_WORDS, "hand": HANDED_WORDS, "aside": ASIDE_WORDS}
ACTS = {"refer": Act.ESCALATE, "hand": Act.HAND_OVER, "aside": Act.SNOOZE}
DONE = {
    "refer": "The case is referred upwards. The team lead sees to it.",
    "hand": "{name} has the case until {until} UTC.",
    "aside": "The case is set aside until {until} UTC and comes back by itself.",
}
IN_REVIEW = frozenset({CaseStatus.IN_REVIEW})


@dataclass(frozen=True, slots=True)
class SharedWork:
    """Fills ``ui.ports.Sharing``. Every error leaves it as ``Refused``."""

    services: Services

    @property
    def _acting(self) -> Acting:
        """Acts on cases."""
        return Acting(self.services)

    def passing(self, viewer: Viewer, case_id: str) -> PassView:
        """What may be done with the case instead of deciding it."""
        actor, now = self._passer(viewer), self.services.clock()
        with refusing():
            file = self._acting.file(actor, case_id, unseen=True)
            case, row = file.case, file.row
            latest, why = latest_until(case, now)
            ids = application_ids(self.services, [row])
            may = {what: (case.status, act) in TRANSITIONS for what, act in ACTS.items()}
            held = case.claim is not None and case.claim.holds(now)
            by = case.claim.person if held and case.claim else ""
            leads = actor.role in LEADING_ROLES
            free = (leads or by in ("", actor.ref)) and not _shut_out(case, actor)
            later = latest > now
            # Whom a contested case cannot be handed to says who decided it.
            told = not self._acting.blindness.contested(actor, row)
            return PassView(
                case_id=case.case_ref,
                application_id=ids[row.case_ref],
                clock_words=clock_words(row.clocks, now),
                away_words=away_words(row, now),
                holder=self._acting.name(by) if by else "",
                may_refer=may["refer"] and free,
                may_hand=may["hand"] and free and later and told,
                may_aside=may["aside"] and free and later and actor.role in DECIDING_ROLES,
                refer_reasons=tuple(REFERRED_WORDS.items()),
                hand_reasons=tuple(HANDED_WORDS.items()),
                aside_reasons=tuple(ASIDE_WORDS.items()),
                colleagues=tuple(
                    (person.ref, f"{person.name}, {ROLE_WORDS[person.role].lower()}")
                    for person in (self._takers(file) if told else ())
                    if person.ref != actor.ref
                ),
                earliest=_typed(now),
                latest=_typed(latest),
                suggested=_typed(min(now + HANDED_FOR, latest)),
                latest_words=f"By {instant_words(latest)} UTC: {why}.",
            )

    def pass_on(self, viewer: Viewer, case_id: str, form: PassForm) -> str:
        """Refer upwards, hand over or set aside; a sentence saying what was recorded."""
        actor = self._passer(viewer)
        asked = _read(form)
        with refusing():
            file = self._acting.file(actor, case_id, unseen=True)
            if form.what == "hand" and self._acting.blindness.contested(actor, file.row):
                raise FirstViewMissing(case_id)
            rules = self._acting.rules(file) if form.what == "hand" else None
            said = [case_id, form.what, form.reason, form.to, form.until, form.note]
            once = self._acting.once(actor, "pass-on", form.idempotency_key, said)

            def decide(state: State) -> Decided:
                case, new_id = case_of(state, case_id), self.services.new_id
                around = (state.now, new_id, self._acting.name)
                if rules is not None:
                    if case.decision_id != file.case.decision_id:
                        raise StaleCase(case_id, file.case.version, case.version)
                    to = self._colleague(form.to, case.branch)  # as people are by now
                    self.services.training.check(state, to, rules)
                    return decide_hand_over(case, actor, to, asked, rules, *around)
                way = decide_referral if form.what == "refer" else decide_aside
                return way(case, actor, asked, *around)

            self.services.journal.submit(decide, once=once).result()
        until = instant_words(asked.until) if asked.until else ""
        name = self._acting.name(form.to) if form.what == "hand" else ""
        return DONE[form.what].format(name=name, until=until)

    def take_back(self, viewer: Viewer, case_id: str) -> str:
        """Take a case from whoever holds it; a sentence."""
        actor = acting_person(self.services, viewer, Permission.TEAM)
        with refusing():
            self._acting.file(actor, case_id, unseen=True)
            receipt: Receipt = self.services.journal.submit(
                lambda state: decide_taking_back(
                    case_of(state, case_id), actor, state.now, self.services.new_id
                )
            ).result()
        return f"The case is free again. Recorded: ledger entry {receipt.entries[0].seq:,}."

    def team(self, viewer: Viewer) -> TeamView:
        """Who of the viewer's branch holds what, and what is late."""
        actor = acting_person(self.services, viewer, Permission.TEAM)
        cases, now, branch = self.services.cases, self.services.clock(), actor.branch or None
        upwards = CaseFilter(branch=branch, referred=True)
        with refusing():
            held = cases.held(now, branch=branch, limit=HELD_ROWS_MAX)
            raised = cases.rows(upwards, now, limit=UPWARDS_ROWS_MAX).rows
            return TeamView(
                branch=actor.branch,
                as_of=now,
                members=self._members(actor, held, now),
                held=queue_rows(self.services, held, actor, now),
                held_more=len(held) == HELD_ROWS_MAX,
                upwards=queue_rows(self.services, raised, actor, now),
                upwards_count=cases.count(upwards, now),
                free=cases.count(
                    CaseFilter(statuses=IN_REVIEW, branch=branch, free=True, asleep=False), now
                ),
                aside=cases.count(CaseFilter(branch=branch, asleep=True), now),
                proposals=cases.count(CaseFilter(statuses=WAITING, branch=branch), now),
                proposals_late=late_proposals(self.services, actor, now),
                near=cases.count(CaseFilter(branch=branch, urgency=Urgency.LAW), now),
                late=cases.count(CaseFilter(branch=branch, urgency=Urgency.LATE), now),
            )

    def _members(
        self, actor: Actor, held: Sequence[CaseRow], now: datetime
    ) -> tuple[TeamMember, ...]:
        """Everyone who decides in the branch, and whoever else holds a case of it."""
        holders = {row.holder for row in held}
        people = [
            person
            for person in self.services.people.everyone()
            if person.ref in holders
            or (
                person.role in DECIDING_ROLES
                and person.state is not PersonState.LEFT
                and (not actor.branch or person.branch in ("", actor.branch))
            )
        ]
        return tuple(_member(person, held, now) for person in people)

    def _colleagues(self, branch: str) -> list[Person]:
        """Who may come in and decides cases of a branch, by name."""
        return [
            person
            for person in self.services.people.everyone()
            if person.state is PersonState.ACTIVE
            and person.role in DECIDING_ROLES
            and (person.branch in ("", branch) or not branch)
        ]

    def _takers(self, file: CaseFile) -> list[Person]:
        """Who of them could do what the case waits for."""
        case, people = file.case, self._colleagues(file.row.branch)
        if case.proposal is None:
            return [person for person in people if person.ref not in case.excluded]
        rules = self._acting.rules(file)
        return [person for person in people if may_take_over(case, person.actor, rules)]

    def _colleague(self, ref: str, branch: str) -> Actor:
        """The colleague who was chosen; raises ``UnknownColleague``."""
        found = next((person for person in self._colleagues(branch) if person.ref == ref), None)
        if found is None:
            raise UnknownColleague(branch)
        return found.actor

    def _passer(self, viewer: Viewer) -> Actor:
        """The viewer as one who may pass cases on."""
        return acting_person(self.services, viewer, Permission.HAND_ON)


def _shut_out(case: Case, actor: Actor) -> bool:
    """Whether the actor may have no part in the decision, so passes the case to nobody either."""
    proposed = case.proposal is not None and case.proposal.person == actor.ref
    upwards = bool(case.referred) and actor.role is Role.OFFICER
    return proposed or upwards or actor.ref in case.excluded


def _member(person: Person, held: Sequence[CaseRow], now: datetime) -> TeamMember:
    """One person with what they hold."""
    theirs = [row for row in held if row.holder == person.ref]
    first = min(theirs, key=lambda row: row.clocks.pressing(now)[1] or END, default=None)
    return TeamMember(
        name=person.name,
        role_words=ROLE_WORDS[person.role],
        state=str(person.state),
        held=len(theirs),
        late=sum(has_passed(row.clocks, now) for row in theirs),
        latest_words=clock_words(first.clocks, now) if first else "",
    )


def _read(form: PassForm) -> Passing:
    """What was typed, checked; raises ``Refused`` naming every field at fault."""
    faults = {}
    if form.what not in REASONS:
        raise Refused(422, "Choose what to do", "Refer the case, hand it over or set it aside.")
    if form.reason not in REASONS[form.what]:
        faults["reason"] = "Choose a reason."
    if form.what == "hand" and not form.to:
        faults["to"] = "Choose a colleague."
    until = None
    if form.what != "refer":
        try:
            until = datetime.fromisoformat(form.until).replace(tzinfo=UTC)
        except ValueError:
            faults["until"] = "Give a day and a time."
    note = tidy(form.note)
    if len(note) > NOTE_CHARS_MAX:
        faults["note"] = f"Write at most {NOTE_CHARS_MAX} characters."
    if form.reason == "other" and not note:
        faults["note"] = "Say why in the note."
    if faults:
        raise Refused(422, "Nothing was recorded", "Put this right and send it again.", faults)
    return Passing(reason=form.reason, note=note, until=until)


def _typed(at: datetime) -> str:
    """An instant as a browser's field for day and time writes it."""
    return instant_text(at)[:16]
