"""Reconciliation and findings as their pages have them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from decision_service.access import ROLE_WORDS, Permission
from decision_service.acting import Acting
from decision_service.booked_declarations import declared_of, scope_of
from decision_service.finding_words import (
    CLOSING_WORDS,
    KIND_WORDS,
    STATE_WORDS,
    branches_of,
    fact_words,
    run_line,
    run_view,
    state_of,
)
from decision_service.people import PersonState
from decision_service.people_gate import acting_person
from decision_service.reconciliation import reconcile_file, record_run
from decision_service.refusals import refusing
from decision_service.services import Services
from decision_service.typed_forms import typed_day
from overrides.events import read_event
from overrides.finding_errors import FindingUnknown
from overrides.finding_register import FindingRegister, Run, Tracked
from overrides.findings import (
    DUE_DAYS,
    DUE_DAYS_MAX,
    decide_assignment,
    decide_closing,
    may_own,
    may_work_on,
)
from overrides.journal import Decided, State
from overrides.values import Actor, Role
from ui.finding_views import (
    BookedForm,
    FindingFilter,
    FindingForm,
    FindingLine,
    FindingStep,
    FindingsView,
    FindingView,
    ReconciliationView,
    RunView,
)
from ui.ports import Refused
from ui.views import Viewer
from ui.words import day_words

RUNS_SHOWN = 20
PAGE_SIZE = 50
NOTE_CHARS_MAX = 2000
READ = "findings"
NO_FILE = "Choose the file of booked loans."
STATES = (
    ("open", "Open"),
    ("mine", "Mine and open"),
    ("unowned", "Without an owner"),
    ("late", "Late"),
    ("closed", "Closed"),
    ("all", "All"),
)
HEADING = ("finding", "kind", "of", "case", "state", "owner", "due", "opened", "age_days", "ended")
STEP_WORDS = {"finding_assigned": "Given to an owner", "finding_closed": "Closed"}


@dataclass(frozen=True, slots=True)
class FindingPages:
    """Fills ``ui.finding_ports.Findings``. Every error leaves it as ``Refused``."""

    services: Services

    def reconciliation(self, viewer: Viewer) -> ReconciliationView:
        """Runs so far that are of the viewer's branch or of all, the newest first."""
        actor = acting_person(self.services, viewer, Permission.RECONCILE)
        with refusing():
            register, today = self._known(), self.services.clock().date()
            runs = _runs_seen(register, actor)
            states = [state_of(one, today) for one in _seen(register, actor)]
            named = self.services.people.names({run.by for run in runs[:RUNS_SHOWN]})
            return ReconciliationView(
                branch=actor.branch,
                bytes_max=self.services.settings.rows_bytes_max,
                runs=tuple(run_line(run, named[run.by]) for run in runs[:RUNS_SHOWN]),
                more=max(0, len(runs) - RUNS_SHOWN),
                newest=self._run(runs[0], actor) if runs else None,
                open=sum(state != "closed" for state in states),
                late=states.count("late"),
                unowned=states.count("unowned"),
            )

    def reconcile(self, viewer: Viewer, form: BookedForm, content: bytes) -> tuple[str, str]:
        """Hold a file against the decisions and record it: the run's id, and a sentence."""
        actor = acting_person(self.services, viewer, Permission.RECONCILE)
        if not content:
            raise Refused(422, "Please check", NO_FILE, {"file": NO_FILE})
        with refusing():
            declared, scope = declared_of(form), scope_of(form, actor.branch)
            done = reconcile_file(self.services, content, declared, scope)
            said = [done.sha256, done.as_json()["scope"]]
            once = Acting(self.services).once(actor, "reconciliation", form.idempotency_key, said)
            told: Mapping[str, Any] = record_run(self.services, actor, done, once).answer
        loans, unread = len(done.file.loans), len(done.file.broken)
        loans, unread = len(done.file.loans), len(done.file.broken)
        counted = f"{told['opened']:,} new findings, {told['known']:,} known before."
        word = "line" if unread == 1 else "lines"
        lines = f" {unread:,} {word} could not be read." if unread else ""
        return told["run"], f"{loans:,} loans held against decisions: {counted}{lines}"

    def run(self, viewer: Viewer, run_id: str) -> RunView:
        """One run."""
        actor = acting_person(self.services, viewer, Permission.RECONCILE)
        with refusing():
            for run in _runs_seen(self._known(), actor):
                if run.run_id == run_id:
                    return self._run(run, actor)
        raise Refused(404, "No such run", "Open the list of runs and take one from there.")

    def findings(self, viewer: Viewer, asked: FindingFilter) -> FindingsView:
        """A page of the findings that the viewer answers for: late ones first, then the oldest."""
        actor = acting_person(self.services, viewer, Permission.FINDINGS)
        with refusing():
            every = _seen(self._known(), actor)
            found = self._narrowed(every, actor, asked)
            pages = max(1, -(-len(found) // PAGE_SIZE))
            page = min(asked.page, pages)
            kinds = {one.kind for one in every}
            return FindingsView(
                lines=self._lines(found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE], actor),
                total=len(found),
                page=page,
                pages=pages,
                asked=asked,
                states=STATES,
                kinds=(("", "All"), *((k, words) for k, words in KIND_WORDS.items() if k in kinds)),
                branches=tuple(sorted({one.branch for one in every} - {""})),
            )

    def listed(self, viewer: Viewer, asked: FindingFilter) -> tuple[tuple[str, ...], ...]:
        """All of them as rows of a table, the heading first."""
        actor = acting_person(self.services, viewer, Permission.FINDINGS)
        with refusing():
            found = self._narrowed(_seen(self._known(), actor), actor, asked)
            lines = self._lines(found, actor)
        rows = (
            (
                *(line.finding_id, one.kind, line.about, line.case_id, line.state, line.owner),
                *(line.due.isoformat() if line.due else "", line.opened_at.date().isoformat()),
                *(str(line.age_days), one.reason),
            )
            for one, line in zip(found, lines, strict=True)
        )
        return (HEADING, *rows)

    def finding(self, viewer: Viewer, finding_id: str) -> FindingView:
        """One finding with what the core system booked."""
        actor = acting_person(self.services, viewer, Permission.FINDINGS)
        with refusing():
            found = self._one(actor, finding_id)
            self.services.viewings.note(actor, READ, case=found.case_ref)
            (line,) = self._lines([found], actor)
            slots = self.services.ledger.open_slots(finding_id, ("loan", "note"))
            told = next(iter(slots.values()), None)
            today = self.services.clock().date()
            own = actor.ref in found.about
            barred = "It is closed, and stays so." if not found.open else ""
            if own and not barred:
                barred = "It is about a case that you decided: somebody else looks into it."
            return FindingView(
                line=line,
                facts=(*fact_words(told), ("Branch", found.branch or "None named")),
                steps=self._steps(found),
                barred=barred,
                owners=self._owners(found),
                reasons=tuple((one.value, CLOSING_WORDS[one]) for one in found.reasons),
                may_close=actor.ref == found.owner
                or (bool(found.owner) and actor.role is Role.COMPLIANCE),
                first_due=today,
                last_due=today + timedelta(days=DUE_DAYS_MAX),
                usual_due=max(found.due or today + timedelta(days=DUE_DAYS), today),
                owner_ref=found.owner,
            )

    def act(self, viewer: Viewer, finding_id: str, form: FindingForm) -> str:
        """Give it to an owner, or close it; a sentence."""
        actor = acting_person(self.services, viewer, Permission.FINDINGS)
        if len(form.note) > NOTE_CHARS_MAX:
            said = f"At most {NOTE_CHARS_MAX:,} characters."
            raise Refused(422, "Please check", said, {"note": said})
        new_id, due = self.services.new_id, typed_day(form.due)

        def decide(state: State) -> Decided:
            register = self.services.findings.within(state)
            if form.act == "close":
                return decide_closing(register, actor, finding_id, form.reason, form.note, new_id)
            owner = self.services.people.actor(form.owner)  # as people are by now
            to = (owner, due, form.note)
            return decide_assignment(register, actor, finding_id, to, state.now.date(), new_id)

        with refusing():
            acting = Acting(self.services)
            said_all = [finding_id, form.act, form.owner, form.due, form.reason, form.note]
            once = acting.once(actor, "finding", form.idempotency_key, said_all)
            self.services.journal.submit(decide, once=once).result()
            self.services.findings.known(fresh=True)
        if form.act == "close" or due is None:
            return "The finding is closed."
        return f"{acting.name(form.owner)} looks into it until {day_words(due)}."

    def _known(self) -> FindingRegister:
        return self.services.findings.known(fresh=True)

    def _one(self, actor: Actor, finding_id: str) -> Tracked:
        """A finding that the actor answers for. Raises ``FindingUnknown``."""
        found = self._known().finding(finding_id)
        if not may_work_on(actor, found):
            raise FindingUnknown(finding_id[:64])
        return found

    def _narrowed(
        self, every: Sequence[Tracked], actor: Actor, asked: FindingFilter
    ) -> list[Tracked]:
        """Those asked for, late ones first, then the oldest."""
        today = self.services.clock().date()
        kept = []
        for one in every:
            state = state_of(one, today)
            fits = {
                "all": True,
                "closed": state == "closed",
                "mine": one.open and one.owner == actor.ref,
                "late": state == "late",
                "unowned": state == "unowned",
            }.get(asked.state, one.open)
            if fits and asked.kind in ("", one.kind) and asked.branch in ("", one.branch):
                kept.append(one)
        return sorted(kept, key=lambda one: (not one.late(today), one.opened_at, one.finding_id))

    def _lines(self, found: Sequence[Tracked], actor: Actor) -> tuple[FindingLine, ...]:
        """Findings as lines of the list."""
        names = self.services.people.names({one.owner for one in found} - {""})
        today = self.services.clock().date()
        return tuple(
            FindingLine(
                finding_id=one.finding_id,
                kind_words=KIND_WORDS.get(one.kind, one.kind),
                about=one.bundle or one.branch,
                case_id=one.case_ref,
                owner=names[one.owner] if one.owner else "",
                due=one.due,
                state=(state := state_of(one, today)),
                state_words=STATE_WORDS[state],
                age_days=one.age(today),
                opened_at=one.opened_at,
                mine=one.owner == actor.ref,
            )
            for one in found
        )

    def _owners(self, found: Tracked) -> tuple[tuple[str, str], ...]:
        """Active people to whom it can be given."""
        everyone = self.services.people.everyone()
        active = [one for one in everyone if one.state is PersonState.ACTIVE]
        return tuple(
            (one.ref, f"{one.name}, {ROLE_WORDS[one.role].lower()}")
            for one in active
            if may_own(one.actor, found)
        )

    def _steps(self, found: Tracked) -> tuple[FindingStep, ...]:
        """Its entries, oldest first."""
        ledger = self.services.ledger
        events = [read_event(entry.body) for entry in map(ledger.entry_of, found.entries) if entry]
        owners = {str(event.data["owner"]) for event in events if "owner" in event.data}
        names = self.services.people.names(owners | {event.actor for event in events})
        steps = []
        for event in events:
            told = event.data
            said, note = "", ""
            if event.type == "finding_assigned":
                said = f"{names[told['owner']]}, until {day_words(date.fromisoformat(told['due']))}"
            elif event.type == "finding_closed":
                said = CLOSING_WORDS.get(told["reason"], told["reason"])
            if event.type in STEP_WORDS:
                opened = ledger.open_slots(event.event_id, ("note",)).get("note")
                note = str(opened.get("text", "")) if isinstance(opened, Mapping) else ""
            title = STEP_WORDS.get(event.type, "Found")
            by, at = names[event.actor], event.recorded_at
            steps.append(FindingStep(title=title, at=at, by=by, said=said, note=note))
        return tuple(steps)

    def _run(self, run: Run, actor: Actor) -> RunView:
        """One run, with the branches that the actor answers for."""
        opened = self.services.ledger.open_slots(run.run_id, ("record",)).get("record")
        broken = opened["broken"] if isinstance(opened, Mapping) else []
        name = self.services.people.names({run.by})[run.by]
        found = run_view(run, name, broken, actor.branch)
        return found if actor.role is Role.COMPLIANCE else replace(found, seq=None)


def _seen(register: FindingRegister, actor: Actor) -> list[Tracked]:
    """Findings that somebody answers for."""
    return [one for one in register.findings.values() if may_work_on(actor, one)]


def _runs_seen(register: FindingRegister, actor: Actor) -> list[Run]:
    """Runs that were of the actor's branch or of all branches, the newest first."""
    return [
        run
        for run in reversed(register.runs)
        if not actor.branch or branches_of(run) in ((), (actor.branch,))
    ]
