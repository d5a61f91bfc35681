"""Two simulated years at a small bank: real applications, invented officers, real endings.

Applications and their endings are the sample's held-out part. When they arrive, who decides them
and how, and in which month a bad loan stops paying are made up here from a fixed seed, and every
entry says so. The clock of the demo moves from one happening to the next, so the ledger's times
are those of the simulated past. The ending of an application that was declined stays unknown:
nothing here ever reads it into the records.
"""

import csv
import heapq
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from decision_service.demo.letters import Post
from decision_service.demo.loans import Loan, report, taken
from decision_service.demo.people import HABITS, LOW_CODES, PEOPLE, Choice, choose, review_day
from decision_service.outcome_import import OutcomeImport
from decision_service.services import Services
from overrides.errors import OverridesError
from overrides.forms import ApprovalForm, OverrideForm, ReviewForm, WithdrawalForm
from overrides.instants import instant_text
from overrides.labels import add_months
from overrides.values import Actor, CaseStatus, Decision, Evidence, Recommendation, Verdict
from ui.views import CaseView, Viewer

SPAN = timedelta(days=730)
SEED = 19_940_117
OPEN_AT_THE_END = 48  # applications of the last days that wait when the demo opens
RECENT = timedelta(days=4)  # always holds hours in which a branch is open
BRANCHES = ("north", "river")
BRANCH_HEAD = {"north": "hanna", "river": "ivo"}
HEAD_OFFICE = "jonas"  # approves what the head of a branch proposes
PROPOSALS = 3  # overrides that wait for a second person then
QUICK_SHARE = 0.15  # of the last applications that were decided all the same
WITHDRAWN_SHARE = 0.02
CLOSING_HOUR, OPENING_HOUR = 18, 9


@dataclass(slots=True)
class DemoClock:
    """A clock that stands still until it is moved, and never goes back."""

    at: datetime

    def __call__(self) -> datetime:
        """The simulated time."""
        return self.at

    def move(self, to: datetime) -> None:
        """Let time pass."""
        self.at = max(self.at, to)


class Desk(Protocol):
    """What a simulated officer does through the same doors as a real one."""

    def case(self, viewer: Viewer, case_id: str) -> CaseView:
        """Look at a case, which records that its reasons were shown."""


class Acts(Protocol):
    """The acts on cases, see ``decision_service.acting``."""

    def claim(self, actor: Actor, case_id: str) -> object:
        """Take the lease."""

    def review(self, actor: Actor, case_id: str, form: ReviewForm) -> object:
        """Agree, or decide a referred case."""

    def override(self, actor: Actor, case_id: str, form: OverrideForm) -> object:
        """Decide against the recommendation."""

    def approval(self, actor: Actor, case_id: str, form: ApprovalForm) -> object:
        """Say what a second person says."""

    def withdraw(self, actor: Actor, case_id: str, form: WithdrawalForm) -> object:
        """End it for the applicant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the history is played."""

    services: Services
    acts: Acts
    desk: Desk
    clock: DemoClock
    post: Post
    actors: Mapping[str, Actor]
    viewers: Mapping[str, Viewer]
    sender: Actor
    numbers: frozenset[str]  # fields whose values are numbers
    truths: frozenset[str]  # fields whose values are yes or no
    end: datetime
    review_days: Mapping[str, int]  # by code; 0 where none is asked for
    folder: Path  # where the simulated loan book is written, month by month


@dataclass(slots=True)
class History:
    """Plays the two years. ``progress`` hears how many of how many applications have arrived."""

    stage: Stage
    applications: list[dict[str, str]]
    bad: Mapping[str, bool]  # application id: whether the loan turned out bad
    progress: Callable[[int, int], None]
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 - a demo, not a secret
    _agenda: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)
    _loans: list[Loan] = field(default_factory=list)
    _waiting: list[tuple[str, str]] = field(default_factory=list)
    _arrived: int = 0

    def play(self) -> None:
        """From the first application to the last, in the order of time."""
        start = self.stage.end - SPAN
        rows = sorted(self.applications, key=lambda row: row["application_id"])
        self.chance.shuffle(rows)
        for row, at in zip(rows, self._arrivals(len(rows), start), strict=True):
            self._at(at, lambda row=row, at=at: self._arrive(row, at))  # type: ignore[misc] # bound now
        month = 1
        while (closing := add_months(start.replace(day=1, hour=2), month)) < self.stage.end:
            self._at(closing, lambda closing=closing: self._books(closing))  # type: ignore[misc] # bound now
            month += 1
        while self._agenda and self._agenda[0][0] < self.stage.end:
            at, _, happen = heapq.heappop(self._agenda)
            self.stage.clock.move(at)
            happen()
        self._propose()
        self.stage.clock.move(self.stage.end)

    def _propose(self) -> None:
        """Leave a few overrides for the newcomer to approve or reject."""
        left = PROPOSALS
        for case_id, name in self._waiting:
            file = self.stage.services.cases.case(case_id)
            if left and file and file.case.recommendation is Recommendation.DECLINE:
                view = self.stage.desk.case(self.stage.viewers[name], case_id)
                self._record(view, Choice("approve", *LOW_CODES[left % len(LOW_CODES)]), name)
                left -= 1

    def _at(self, at: datetime, happen: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), happen))

    def _arrivals(self, total: int, start: datetime) -> list[datetime]:
        """Times of arrival, in office hours; the last ones crowd into the last days."""
        late = min(OPEN_AT_THE_END, total // 4)
        quiet = self.stage.end - RECENT
        early = [self._open_moment(start, quiet) for _ in range(total - late)]
        recent = [self._open_moment(quiet, self.stage.end, lean=2) for _ in range(late)]
        return sorted(early + recent)

    def _open_moment(self, since: datetime, until: datetime, lean: int = 1) -> datetime:
        """A moment at which the branch was open; a higher ``lean`` makes late moments likelier."""
        while True:
            at = self._office_hours(until - (until - since) * self.chance.random() ** lean)
            if at < until:
                return at

    def _later(self, hours: float, happen: Callable[[], None]) -> None:
        """Have something happen so many hours later, when the branch is open."""
        self._at(self._office_hours(self.stage.clock() + timedelta(hours=hours)), happen)

    def _office_hours(self, at: datetime) -> datetime:
        """The same moment, or the next one at which the branch is open."""
        if at.hour >= CLOSING_HOUR:
            at = (at + timedelta(days=1)).replace(hour=OPENING_HOUR)
        elif at.hour < OPENING_HOUR:
            at = at.replace(hour=OPENING_HOUR)
        while at.weekday() > 4:  # noqa: PLR2004  Saturday and Sunday
            at += timedelta(days=1)
        return at

    def _arrive(self, row: dict[str, str], at: datetime) -> None:
        """An application comes in and is scored."""
        branch = BRANCHES[int(row["application_id"].rsplit("-", 1)[1]) % len(BRANCHES)]
        body = {
            "application_id": row["application_id"],
            "fields": self._fields(row),
            "branch": branch,
            "received_at": instant_text(at),
            "completed_at": instant_text(at),
        }
        answer = self.stage.services.decisions.decide_now(body, self.stage.sender, simulated=True)
        self._arrived += 1
        self.progress(self._arrived, len(self.applications))
        case_id = str(answer.body["case_id"])
        if self.chance.random() < WITHDRAWN_SHARE:
            self._at(at + timedelta(hours=30), lambda: self._withdraw(case_id, branch))
            return
        name = self._officer(branch, case_id)
        hours = self.chance.lognormvariate(0, 0.6) * HABITS[name].hours
        when = self._office_hours(at + timedelta(hours=hours))
        if self.stage.end - at > RECENT or self.chance.random() < QUICK_SHARE:
            self._at(when, lambda: self._decide(case_id, row, name))
        else:
            self._waiting.append((case_id, name))

    def _fields(self, row: Mapping[str, str]) -> dict[str, Any]:
        """A row of the sample as the fields of a request."""
        return {name: self._value(name, text) for name, text in row.items() if name in self._known}

    @property
    def _known(self) -> frozenset[str]:
        return frozenset(self.applications[0]) - {"application_id"}

    def _value(self, name: str, text: str) -> object:
        if name in self.stage.numbers:
            return int(text) if text.lstrip("-").isdigit() else float(text)
        return text == "true" if name in self.stage.truths else text

    def _officer(self, branch: str, case_id: str) -> str:
        """Somebody of the branch whose limit covers the amount, officers before their seniors."""
        file = self.stage.services.cases.case(case_id)
        amount = file.case.amount.minor if file else 0
        fit = [p for p in PEOPLE if p.branch == branch and p.name in HABITS]
        able = [p for p in fit if p.limit_minor >= amount] or [fit[-1]]
        weights = [4 if p.role == "officer" else 1 for p in able]
        return self.chance.choices([p.name for p in able], weights)[0]

    def _decide(self, case_id: str, row: Mapping[str, str], name: str) -> None:
        """The officer takes the case, looks at it and decides."""
        actor, acts = self.stage.actors[name], self.stage.acts
        try:
            acts.claim(actor, case_id)
            view = self.stage.desk.case(self.stage.viewers[name], case_id)
        except OverridesError:
            return  # withdrawn, or somebody else has it
        choice = choose(
            HABITS[name],
            view.recommendation,
            turns_bad=self.bad[row["application_id"]],
            reliable=view.reliable,
            concepts=[reason.concept for reason in view.adverse] or [view.concepts[0].concept],
            chance=self.chance,
        )
        self.stage.clock.move(self.stage.clock() + timedelta(minutes=self.chance.randint(3, 25)))
        self._record(view, choice, name)
        self._settle(case_id, row["application_id"])

    def _record(self, view: CaseView, choice: Choice, name: str) -> None:
        """Write the officer's choice; an override without authority waits for the branch head."""
        actor, decision = self.stage.actors[name], Decision(choice.decision)
        dwell_ms = self.chance.randint(40, 600) * 1000
        if not choice.code:
            review = ReviewForm(
                decision=decision,
                seen_version=view.version,
                note=choice.note,
                adverse_reasons=choice.concepts,
                dwell_ms=dwell_ms,
            )
            self.stage.acts.review(actor, view.case_id, review)
            return
        override = OverrideForm(
            decision=decision,
            code=choice.code,
            seen_version=view.version,
            note=choice.note,
            evidence=(Evidence("document", f"SIMULATED-{self.chance.randint(10000, 99999)}"),),
            adverse_reasons=choice.concepts,
            dwell_ms=dwell_ms,
            review_on=review_day(self.stage.review_days[choice.code], self.stage.clock()),
        )
        self.stage.acts.override(actor, view.case_id, override)

    def _settle(self, case_id: str, application_id: str) -> None:
        """What follows a decision: a second approval, or a loan that is paid out."""
        file = self.stage.services.cases.case(case_id)
        if file is None:
            return
        case, now = file.case, self.stage.clock()
        if case.status is CaseStatus.WAITING_APPROVAL:
            when = self._office_hours(now + timedelta(hours=self.chance.randint(2, 30)))
            self._at(when, lambda: self._approve(case_id, case.branch, application_id))
        elif case.final is Decision.APPROVE:
            self._pay_out(application_id, case.amount.minor, now)
        elif case.final is Decision.DECLINE:
            self.stage.post.answer(case_id, case.branch, self._later)

    def _approve(self, case_id: str, branch: str, application_id: str) -> None:
        """The head of the branch looks at a proposed override."""
        file = self.stage.services.cases.case(case_id)
        if file is None or file.case.proposal is None:
            return
        head = BRANCH_HEAD[branch]
        if file.case.proposal.person == self.stage.actors[head].ref:
            head = HEAD_OFFICE
        verdict = self.chance.choices(list(Verdict), [85, 0, 15])[0]
        form = ApprovalForm(
            verdict=verdict,
            seen_version=file.case.version,
            note="Simulated: the evidence was looked at and talked over.",
        )
        self.stage.acts.approval(self.stage.actors[head], case_id, form)
        if verdict is Verdict.REJECT:
            other = self._at_hand(branch, file.case.proposal.person)
            row = {"application_id": application_id}
            when = self._office_hours(self.stage.clock() + timedelta(hours=4))
            self._at(when, lambda: self._confirm(case_id, row, other))
        self._settle(case_id, application_id)

    def _at_hand(self, branch: str, but: str) -> str:
        """Somebody else of the branch."""
        names = [p.name for p in PEOPLE if p.branch == branch and p.name in HABITS]
        return next(n for n in reversed(names) if self.stage.actors[n].ref != but)

    def _confirm(self, case_id: str, row: Mapping[str, str], name: str) -> None:
        """After a rejected override another officer confirms the recommendation."""
        file = self.stage.services.cases.case(case_id)
        if file is None or file.case.status is not CaseStatus.IN_REVIEW:
            return
        view = self.stage.desk.case(self.stage.viewers[name], case_id)
        if not view.may_agree:  # the amount is above this officer's limit
            name = HEAD_OFFICE
            view = self.stage.desk.case(self.stage.viewers[name], case_id)
        self._record(view, Choice(view.recommendation), name)
        self._settle(case_id, row["application_id"])

    def _withdraw(self, case_id: str, branch: str) -> None:
        """The applicant thinks better of it."""
        name = self._at_hand(branch, "")
        try:
            self.stage.acts.withdraw(self.stage.actors[name], case_id, WithdrawalForm())
        except OverridesError:
            return

    def _pay_out(self, application_id: str, amount_minor: int, now: datetime) -> None:
        """An approved loan is taken, or not; only now does its real ending begin to matter."""
        bad = self.bad[application_id]
        self._loans.append(taken(application_id, amount_minor, now, bad=bad, chance=self.chance))

    def _books(self, closing: datetime) -> None:
        """Once a month the loan book is written to a file, and the file is imported."""
        lines = [line for loan in self._loans for line in report(loan, closing)]
        if not lines:
            return
        path = self.stage.folder / f"outcomes-{closing:%Y-%m}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["application_id", "observed_at", "kind", "value", "months_on_book"])
            writer.writerows(lines)
        importing = OutcomeImport(self.stage.services)
        importing.file(path, self.stage.sender, simulated=True)
