"""What the attacked ledger is asked to write: real deciders on cases, and deliberate failures.

A task is made from a seed and a number alone, so a process that comes after a killed one can ask
for the same thing again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from sqlalchemy import Connection

from overrides.desk import (
    case_of,
    decide_approval,
    decide_claim,
    decide_override,
    decide_release,
    decide_review,
    decide_shown,
    decide_withdrawal,
)
from overrides.forms import ApprovalForm, OverrideForm, ReviewForm, Shown, WithdrawalForm
from overrides.journal import Command, Decided, Draft, OnceOnly, Slot, State
from overrides.outcome_lines import OutcomeRecord
from overrides.outcomes import decide_outcome
from overrides.reading import KeyedHash, application_key
from overrides.values import Actor, Decision, NewId, OutcomeKind, Verdict
from tests.evidence.office import START, open_office, prepare, sqlite_url
from tests.overrides.case_house import decision_draft
from tests.overrides.samples import (
    AUDITOR,
    MANAGER,
    NOTE,
    OFFICER,
    OTHER,
    PROOF,
    RULES,
    SENIOR,
    SERVICE,
)

BUNDLE = "german-credit"
ROUTE = "POST /v1/evidence"
RECOMMENDED = ("approve", "refer", "decline")
PEOPLE = (OFFICER, OTHER, SENIOR, MANAGER)
APPLIES_EVERY = 3
SCORES_EVERY = 4  # of what is looked at, so many are rows that are scored and not decided
HISTORY = 8  # an act is on the case of one of the last so many applications

ACTS = (
    *("claim", "review", "review", "override", "judge", "withdraw"),
    *("observe", "show", "release", "view", "view"),
)
SPOILING = ("same application", "half", "breaks beside", "clashes beside", "refuses")
"""Tasks that fail: by a unique key, in canonical form, in a write beside the ledger, by refusal."""


@dataclass(frozen=True, slots=True)
class Task:
    """One request: what it is called, its identity, and what it runs."""

    number: int
    kind: str
    once: OnceOnly
    command: Command


class Deliberate(Exception):
    """A failure that the task was made to have."""


def beside_breaks(_connection: Connection) -> None:
    """A write beside the ledger that fails."""
    raise Deliberate


def beside_clashes(connection: Connection) -> None:
    """A write beside the ledger that the database refuses."""
    connection.exec_driver_sql("INSERT INTO ledger_head (log) VALUES (NULL)")


@dataclass(frozen=True, slots=True)
class Tasks:
    """Makes tasks. ``new_id`` and ``lookup`` are the office's."""

    seed: int
    new_id: NewId
    lookup: KeyedHash

    def task(self, number: int, kind: str = "") -> Task:
        """The task of a number; without a kind, every third is an application, others are acts."""
        chance = Random(f"{self.seed} {number}")
        applications = number // APPLIES_EVERY
        kind = kind or (chance.choice(ACTS) if number % APPLIES_EVERY else "apply")
        once = OnceOnly(SERVICE.ref, ROUTE, f"{self.seed}-{number}", f"print of {number}")
        about = APPLIES_EVERY * max(0, applications - chance.randrange(HISTORY))
        return Task(number, kind, once, self._command(kind, number, about, chance))

    def again(self, task: Task, *, other: bool = False) -> Task:
        """The same request once more, or another one under the same key."""
        once = replace(task.once, fingerprint="another print") if other else task.once
        return replace(task, kind="other" if other else "again", once=once)

    def case_ref(self, number: int) -> str:
        """Reference of the case that the application of a number opens."""
        return f"case-{self.seed}-{number}"

    def _command(self, kind: str, number: int, about: int, chance: Random) -> Command:
        """What a task of this kind runs."""
        if kind == "apply":
            return self._apply(number, number, chance)
        if kind == "same application":
            return self._apply(number, about, chance, look=False)
        if kind == "view":
            scores = number % SCORES_EVERY == 1
            small = self.scored(number, about) if scores else self.viewed(number)
            return lambda _: Decided((small,), {"number": number})
        if kind == "refuses":
            return _refuse
        if kind in SPOILING:
            return self._spoils(kind, number)
        act = self._act(kind, chance)
        ref = self.case_ref(about)
        return lambda state: act(state, ref)

    def _apply(self, number: int, about: int, chance: Random, *, look: bool = True) -> Command:
        """An application scored; the second of one id is told the case that there is."""
        recommendation = chance.choice(RECOMMENDED)
        application = f"A-{self.seed}-{about}"
        key = application_key(self.lookup, BUNDLE, application)
        ref = self.case_ref(number)

        def decide(state: State) -> Decided:
            known = state.case_of_application(BUNDLE, key) if look else None
            if known is not None:
                return Decided((), {"case_id": known.case_ref})
            draft = decision_draft(
                recommendation,
                application_id=application,
                case_ref=ref,
                new_id=self.new_id,
                now=START,
                subject=f"subject-{about % 5}",
            )
            return Decided((draft,), {"case_id": ref})

        return decide

    def _spoils(self, kind: str, number: int) -> Command:
        """A command that fails after its first draft was written."""
        good = self.viewed(number)
        if kind == "half":
            wrong = replace(self.viewed(number), data={"person": "p", "unheard_of": 1})
            return lambda _: Decided((good, wrong))
        beside = beside_breaks if kind == "breaks beside" else beside_clashes
        return lambda _: Decided((good,), {}, (beside,))

    def viewed(self, number: int) -> Draft:
        """A small entry about nothing."""
        return Draft(
            event_id=self.new_id(),
            type="record_viewed",
            actor=AUDITOR.ref,
            role="compliance",
            data={"person": AUDITOR.ref, "what": f"{number}"},
        )

    def scored(self, number: int, about: int) -> Draft:
        """Rows that were scored and not decided: sealed for somebody, and of no case."""
        subject = f"subject-{about % 5}"
        told = {"rows": [{"probability": "0.18", "raw": f"-{number}.5"}]}
        return Draft(
            event_id=self.new_id(),
            type="score_only",
            actor=SERVICE.ref,
            role="service",
            case=f"scored-{self.seed}-{number}",
            data={
                "bundle": BUNDLE,
                "protocol": "kserve-v1",
                "explained": False,
                "rows": 1,
                "method": None,
                "background": None,
                "jurisdiction": "DE",
                "subject": subject,
                "simulated": False,
            },
            slots=(Slot("inputs", subject, {"rows": []}), Slot("explanation", subject, told)),
        )

    def _act(self, kind: str, chance: Random) -> Callable[[State, str], Decided]:
        """An act by somebody on a case as it stands then; run again it is the same act."""
        actor, decision = chance.choice(PEOPLE), chance.choice(list(Decision))
        verdict, days = chance.choice(list(Verdict)), chance.choice((0, 30, 90))
        acts: dict[str, Callable[[State, str], Decided]] = {
            "claim": lambda s, ref: decide_claim(case_of(s, ref), actor, RULES, s.now, self.new_id),
            "release": lambda s, ref: decide_release(case_of(s, ref), actor, s.now, self.new_id),
            "review": lambda s, ref: self._review(s, ref, actor, decision),
            "override": lambda s, ref: self._override(s, ref, actor, decision),
            "judge": lambda s, ref: self._judge(s, ref, actor, verdict),
            "withdraw": lambda s, ref: decide_withdrawal(
                case_of(s, ref), actor, WithdrawalForm(note="withdrawn"), s.now, self.new_id
            ),
            "show": lambda s, ref: self._show(s, ref, actor),
            "observe": lambda s, ref: decide_outcome(
                s.case(ref), told_by_the_books(days), SERVICE, s, self.new_id, source="api"
            ),
        }
        return acts[kind]

    def _review(self, state: State, ref: str, actor: Actor, decision: Decision) -> Decided:
        """Agree, or decide a referred case."""
        case = case_of(state, ref)
        form = ReviewForm(
            decision=decision, seen_version=case.version, note=NOTE, adverse_reasons=("R01",)
        )
        return decide_review(case, actor, form, RULES, state.now, self.new_id)

    def _override(self, state: State, ref: str, actor: Actor, decision: Decision) -> Decided:
        """Decide against the recommendation."""
        case = case_of(state, ref)
        form = OverrideForm(
            decision=decision,
            code="M01" if decision is Decision.APPROVE else "M04",
            seen_version=case.version,
            note=NOTE,
            evidence=PROOF,
            adverse_reasons=("R01",),
        )
        return decide_override(case, actor, form, RULES, state.now, self.new_id)

    def _judge(self, state: State, ref: str, actor: Actor, verdict: Verdict) -> Decided:
        """Say as a second person what becomes of a proposal."""
        case = case_of(state, ref)
        form = ApprovalForm(verdict=verdict, seen_version=case.version, note="why?")
        return decide_approval(case, actor, form, RULES, state.now, self.new_id)

    def _show(self, state: State, ref: str, actor: Actor) -> Decided:
        """Show the reasons of the decision that stands."""
        case = case_of(state, ref)
        shown = Shown(decision_id=case.decision_id, codebook="1", locale="en", count=3, content={})
        before = state.shown_before(ref, actor.ref, case.decision_id)
        return decide_shown(case, actor, shown, self.new_id, shown_before=before)


def warm(folder: Path) -> None:
    """Write one of everything, so that processes made of this one have all statements ready."""
    url = sqlite_url(folder)
    prepare(url)
    for grouped in (False, True):
        with open_office(url, Random(0), grouped=grouped) as office:
            tasks = Tasks(int(grouped), office.new_id, office.vault.lookup_hash)
            for number, kind in enumerate(dict.fromkeys(("apply", *ACTS, *SPOILING))):
                task = tasks.task(number, kind)
                office.journal.submit(task.command, once=task.once).exception()


def request_hash(lookup: KeyedHash, seed: int, number: int) -> str:
    """The keyed hash by which an entry names the request of a task."""
    return lookup("request", f"{SERVICE.ref}\0{ROUTE}\0{seed}-{number}")


def _refuse(_state: State) -> Decided:
    """A command that refuses."""
    raise Deliberate


def told_by_the_books(days: int) -> OutcomeRecord:
    """An observation of so many days past due."""
    return OutcomeRecord(
        application_id="x",
        kind=OutcomeKind.MAX_DAYS_PAST_DUE,
        value=str(days),
        observed_at=START,
    )
