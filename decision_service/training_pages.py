"""The training register as its page has it: who is trained, on any day, and recording it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from decision_service.access import LEADERS, OVERSIGHT, ROLE_WORDS, Permission
from decision_service.acting import Acting
from decision_service.errors import ServiceError
from decision_service.people import Person, PersonState
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from decision_service.typed_forms import refuse_faulty, typed_day
from overrides.journal import Decided, State
from overrides.practice import CASES, Practices, Round
from overrides.training import (
    DAYS_MAX,
    Ground,
    Trained,
    decide_ending,
    decide_training,
    may_record_for,
)
from overrides.training_errors import TrainingNotForThem
from overrides.values import DECIDING_ROLES, Actor, Role
from ui.ports import Refused
from ui.training_views import TrainingForm, TrainingLine, TrainingView
from ui.views import Notice, Viewer
from ui.words import day_words

WARN_DAYS = 30
NOTE_CHARS_MAX = 2000
WHOLE_ROLES = LEADERS | OVERSIGHT | {Role.ADMIN}  # see more than their own lines
GROUND_WORDS = {
    Ground.COURSE: "Course passed",
    Ground.SUPERVISED: "Cases decided under supervision",
    Ground.EXPERIENCE: "Experience before the register",
    Ground.ENDED: "Ended: not trained any more",
}
STATE_WORDS = {
    "valid": "Valid",
    "soon": "Runs out soon",
    "over": "Has run out",
    "ended": "Ended",
    "missing": "Missing",
}


@dataclass(frozen=True, slots=True)
class TrainingPages:
    """Fills ``ui.training_ports.Training``. Every error leaves it as ``Refused``."""

    services: Services

    def register(self, viewer: Viewer, as_of: str) -> TrainingView:
        """The register at the end of a day (UTC), today's where none is named.

        Who decides cases sees their own lines; who leads a branch those of its people; compliance,
        risk and administrators all.
        """
        actor = acting_person(self.services, viewer, Permission.TRAINING)
        today = self.services.clock().date()
        day = typed_day(as_of) if as_of else today
        if day is None or day > today:
            raise Refused(422, "Choose another day", f"Choose a day up to {day_words(today)}.")
        with refusing():
            days = self._days()
            seen = [person for person in self.services.people.everyone() if _sees(actor, person)]
            led = self._led(actor) if Permission.TRAIN in viewer.may else []
            return TrainingView(
                day=day,
                today=today,
                past=day < today,
                whole=actor.role in WHOLE_ROLES,
                lines=self._lines(seen, day, days, missing=day == today),
                asking=tuple(name for name, most in days.items() if most),
                may_record=Permission.TRAIN in viewer.may,
                people=tuple(
                    (one.ref, f"{one.name}, {ROLE_WORDS[one.role].lower()}") for one in led
                ),
                bundles=tuple((name, name) for name in days),
                grounds=tuple((ground.value, words) for ground, words in GROUND_WORDS.items()),
                practises=Permission.DECIDE in viewer.may,
                latest=today + timedelta(days=max(map(_most, days.values()), default=0)),
            )

    def record(self, viewer: Viewer, form: TrainingForm) -> str:
        """Record that somebody is trained, or is not any more; a sentence."""
        actor = acting_person(self.services, viewer, Permission.TRAIN)
        days = self._days()
        ground, last_day = _read(form, days)
        most = _most(days[form.bundle])
        new_id, acting = self.services.new_id, Acting(self.services)

        def decide(state: State) -> Decided:
            person = self.services.people.actor(form.person)  # as people are by now
            if person is None:
                raise TrainingNotForThem
            if ground is Ground.ENDED:
                register = self.services.training.within(state)
                about = (actor, person, form.bundle, form.note)
                return decide_ending(register, *about, state.now, new_id)
            said = (ground, last_day, form.note)
            return decide_training(actor, person, form.bundle, said, state.now, new_id, most)

        with refusing():
            said = [form.person, form.bundle, form.ground, form.last_day, form.note]
            once = acting.once(actor, "training", form.idempotency_key, said)
            receipt = self.services.journal.submit(decide, once=once).result()
            self.services.training.known(fresh=True)
        name, seq = acting.name(form.person), receipt.entries[0].seq
        until = f"is trained until {day_words(last_day)}" if last_day else "is not trained"
        return f"{name} {until} for {form.bundle}. Recorded: ledger entry {seq:,}."

    def warnings(self, viewer: Viewer) -> tuple[Notice, ...]:
        """What the viewer has to know of their own training before it keeps them from work.

        Who has none yet is led to practice, until a round of it is finished.
        """
        if Role(viewer.role) not in DECIDING_ROLES:
            return ()
        today = self.services.clock().date()
        register, said = self.services.training.known(), []
        for bundle, most in self._days().items():
            state = state_of(register.held(viewer.person_ref, bundle), today) if most else "valid"
            if state == "valid":
                continue
            held = register.held(viewer.person_ref, bundle)
            if held is None:
                said.append(new_here(register.practices, viewer.person_ref, bundle))
                continue
            ends = f" on {day_words(held.last_day)}" if held.last_day else ""
            words = f"Your training for {bundle}: {STATE_WORDS[state].lower()}{ends}."
            said.append(Notice(tone="note", text=words, href="/training", link="See Training"))
        return tuple(said)

    def _days(self) -> dict[str, int]:
        """Every bundle by name, with for how long training is good; 0 where none is asked for."""
        registry = self.services.registry
        found = {}
        for standing in registry.standings().all():
            try:
                loaded = registry.in_use(standing.name).loaded
            except ServiceError:
                loaded = None
            found[standing.name] = loaded.rules.training_days if loaded else 0
        return found

    def _led(self, actor: Actor) -> list[Person]:
        """Active people whose training is the actor's to record."""
        everyone = self.services.people.everyone()
        active = [person for person in everyone if person.state is PersonState.ACTIVE]
        return [person for person in active if may_record_for(actor, person.actor)]

    def _lines(
        self, people: list[Person], day: date, days: dict[str, int], *, missing: bool
    ) -> tuple[TrainingLine, ...]:
        """What the register has of these people, and where a policy asks and it has nothing."""
        register = self.services.training.known(fresh=True).as_of(day)
        known = {person.ref: person for person in people}
        held = [entry for entry in register.newest() if entry.person in known]
        names = self.services.people.names({entry.by for entry in held})
        practices = register.practices
        lines = [
            replace(
                _line(entry, day, (known[entry.person].name, names[entry.by]), days),
                practice=_practice_words(practices.result(entry.person, entry.bundle)),
            )
            for entry in held
        ]
        for bundle, most in days.items():
            for person in people:
                practised = practices.result(person.ref, bundle)
                wanted = practised or (most and missing)
                held_none = not register.held(person.ref, bundle)
                if wanted and held_none and person.state is PersonState.ACTIVE:
                    lines.append(_missing(person.name, bundle, practised, asked=bool(most)))
        return tuple(sorted(lines, key=lambda line: (line.name.casefold(), line.bundle)))


def new_here(practices: Practices, person: str, bundle: str) -> Notice:
    """What is said to somebody whom the register does not have for a bundle that asks for it."""
    words = f"Your training for {bundle}: missing. Whoever leads your branch records it."
    result, now = practices.result(person, bundle), practices.current(person, bundle)
    if now.answers:
        link = f"Go on practising: {len(now.answers)} of {CASES} answered"
    elif result:
        words = f"{words} Your practice: {_practice_words(result)}."
        return Notice(tone="note", text=words, href="/training", link="See Training")
    else:
        link = f"Practise on {CASES} past cases first"
    query = urlencode({"bundle": bundle})
    return Notice(tone="note", text=words, href=f"/training/practice?{query}", link=link)


def state_of(held: Trained | None, day: date) -> str:
    """How an entry stands on a day: ``valid``, ``soon``, ``over``, ``ended`` or ``missing``."""
    if held is None:
        return "missing"
    if held.last_day is None:
        return "ended"
    if not held.valid(day):
        return "over"
    return "soon" if held.last_day <= day + timedelta(days=WARN_DAYS) else "valid"


def _most(days: int) -> int:
    """For how many days training is good at most, where a policy asks for so many or for none."""
    return days or DAYS_MAX


def _line(
    entry: Trained, day: date, names: tuple[str, str], days: Mapping[str, int]
) -> TrainingLine:
    """One entry as a line; the names are those of the person and of who recorded it."""
    state = state_of(entry, day)
    return TrainingLine(
        name=names[0],
        bundle=entry.bundle,
        asked=bool(days.get(entry.bundle)),
        state=state,
        state_words=STATE_WORDS[state],
        ground_words=GROUND_WORDS[Ground(entry.ground)],
        last_day=entry.last_day,
        by=names[1],
        at=entry.at,
    )


def _missing(name: str, bundle: str, practised: Round | None, *, asked: bool) -> TrainingLine:
    """A line for who has no entry, though a policy asks for one or they practised."""
    return TrainingLine(
        name=name,
        bundle=bundle,
        asked=asked,
        state="missing",
        state_words=STATE_WORDS["missing"],
        practice=_practice_words(practised),
    )


def _practice_words(practised: Round | None) -> str:
    """The result of a round of practice and its day; "" where none was finished."""
    if practised is None or (at := practised.answers[-1].at) is None:
        return ""
    return f"{practised.right} of {len(practised.answers)} right, {day_words(at.date())}"


def _sees(actor: Actor, person: Person) -> bool:
    """Whether somebody sees the lines of a person."""
    if person.role not in DECIDING_ROLES:
        return False
    if actor.role in LEADERS:
        return person.ref == actor.ref or actor.branch in ("", person.branch)
    return actor.role in WHOLE_ROLES or person.ref == actor.ref


def _read(form: TrainingForm, days: dict[str, int]) -> tuple[Ground, date | None]:
    """Ground and last day of the form; ``Refused`` with everything that is wrong with it."""
    faults = {}
    ground = next((one for one in Ground if one.value == form.ground), None)
    last_day = typed_day(form.last_day)
    if form.bundle not in days:
        faults["bundle"] = "Choose a bundle."
    if ground is None:
        faults["ground"] = "Choose by what."
    if ground is Ground.ENDED and form.last_day:
        faults["last_day"] = "Training that ends does so at once: leave the day empty."
    if ground is not Ground.ENDED and last_day is None:
        faults["last_day"] = "Choose the last day."
    if len(form.note) > NOTE_CHARS_MAX:
        faults["note"] = f"At most {NOTE_CHARS_MAX:,} characters."
    refuse_faulty(faults)
    assert ground is not None, "refused above"
    return ground, last_day
