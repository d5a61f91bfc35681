# ruff: noqa: ARG002 - a fake takes what the ports take, needed or not
"""A small application behind the pages: real enough to walk through, kept in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from tests.ui import fake_numbers
from tests.ui.fake_appeals import FakeAppeals
from tests.ui.fake_approvals import FakeApprovals
from tests.ui.fake_cases import CASES, NOW
from tests.ui.fake_changes import FakeChanges
from tests.ui.fake_drafts import FakeDrafts
from tests.ui.fake_erasures import FakeErasures
from tests.ui.fake_findings import FakeFindings, FakeMisses
from tests.ui.fake_first_views import FakeFirstViews
from tests.ui.fake_governance import FakeGovernance
from tests.ui.fake_letters import FakeLetters
from tests.ui.fake_practice import FakePractice
from tests.ui.fake_questions import FakeQuestions
from tests.ui.fake_receipts import FakeReceipts
from tests.ui.fake_review_dates import FakeReviewDates
from tests.ui.fake_reviews import FakeReviews
from tests.ui.fake_sharing import FakeSharing
from tests.ui.fake_training import FakeTraining
from tests.ui.fake_waiting import FakeWaiting
from ui.change_views import ChangeLine, LikeView, OutlookView
from ui.ports import Refused
from ui.views import (
    Act,
    ActForm,
    BoardView,
    BundleLine,
    BundleView,
    CaseView,
    Consequence,
    EntryView,
    FeedbackView,
    LedgerState,
    Pending,
    PersonLine,
    QueuePage,
    QueueRow,
    StartView,
    VerificationView,
    Viewer,
)
from ui.words import day_words, due_words

PASSWORD = "demo-password"
EVERYTHING_READ = frozenset(
    {"letters", "search", "ledger", "verify", "board", "overrides", "feedback", "models"}
)
ROLES: Mapping[str, tuple[str, str, frozenset[str]]] = {
    "asha": (
        "officer",
        "Loan officer",
        frozenset(
            {
                *("desk", "search", "decide", "hand_on", "board", "models"),
                *("letters", "write_letters", "training"),
            }
        ),
    ),
    "tilo": (
        "team_lead",
        "Team lead",
        frozenset(
            {
                *("desk", "search", "hand_on", "approvals", "team", "board", "models"),
                *("training", "train", "reconcile", "findings"),
            }
        ),
    ),
    "ravi": (
        "senior_officer",
        "Senior officer",
        frozenset(
            {
                "desk",
                "search",
                "decide",
                "approve",
                "approvals",
                "hand_on",
                "board",
                "models",
                "ledger",
            }
        ),
    ),
    "meera": (
        "compliance",
        "Compliance",
        EVERYTHING_READ | {"fairness", "erasures", "erase", "erase_approve", "sign_off"},
    ),
    "tara": ("risk", "Risk", EVERYTHING_READ | {"erasures", "erase_approve"}),
    "dev": (
        "data_scientist",
        "Data scientist",
        frozenset({"board", "feedback", "feedback_export", "models", "ledger"}),
    ),
    "anil": ("admin", "Administrator", frozenset({"admin", "models"})),
}
PAGE = 25


def viewer_named(name: str) -> Viewer:
    """One of the people."""
    role, role_words, may = ROLES[name]
    return Viewer(
        person_ref=f"person-{name}",
        name=name.title(),
        role=role,
        role_words=role_words,
        branch="Branch 14" if "desk" in may else "",
        may=may,
        csrf=f"csrf-{name}",
    )


def row_of(case: CaseView) -> QueueRow:
    """The case as one line of a list."""
    band = "no score" if case.probability is None else f"{case.probability * 100:.0f} of 100"
    return QueueRow(
        case_id=case.case_id,
        application_id=case.application_id,
        title=case.application_id,
        amount=case.amount,
        bundle=case.bundle,
        recommendation="" if case.probability is None else case.recommendation,
        band=band,
        why=case.routing[-1:],
        waiting_since=case.received_at,
        due=case.due,
        overdue=case.overdue,
        clock_words=due_words(case.due, NOW) if case.due else "No date",
        holder=case.holder,
        status=case.status,
        status_words=case.status_words,
        simulated=case.simulated,
        final_words={"approve": "Approved", "decline": "Declined"}.get(case.final, ""),
        decided_by="Ravi Saikia" if case.final else "",
        decided_at=case.history[0].at if case.final else None,
        side_words="Low-side override" if case.final and case.side_words else "",
        proposal_words=f"{case.pending.by} wants to {case.pending.decision}"
        if case.pending
        else "",
        proposal_by_viewer=case.pending is not None and case.pending.by_viewer,
        must_rescore=case.rescore is not None and case.rescore.forced,
    )


def _filler(number: int) -> QueueRow:
    share = (number * 37) % 61
    advice = "approve" if share <= 20 else "refer" if share <= 35 else "decline"
    return replace(
        row_of(CASES[0]),
        case_id=f"01936f00-0000-7000-8000-0000000020{number:02d}",
        application_id=f"GC-1{number:03d}",
        title=f"GC-1{number:03d}",
        amount=f"DM {(number * 911) % 15000 + 800:,}",
        recommendation=advice,
        band=f"{share} of 100",
        why=(
            ("The score is near the cut-off.", "Every application is decided by a person.")[
                number % 2
            ],
        ),
        waiting_since=NOW - timedelta(hours=number),
        due=NOW + timedelta(hours=3 * number + 5),
        clock_words=due_words(NOW + timedelta(hours=3 * number + 5), NOW),
    )


@dataclass
class FakeDesk:
    """Cases in a dictionary; acts change it the way the pages would see it."""

    cases: dict[str, CaseView] = field(default_factory=lambda: {c.case_id: c for c in CASES})
    done: dict[str, str] = field(default_factory=dict)  # idempotency key -> sentence
    trouble: Refused | None = None  # raised by the next act

    def queue(self, viewer: Viewer, filters: Mapping[str, str], cursor: str) -> QueuePage:
        """Cases in the state asked for, in pages of 25."""
        rows = [row_of(case) for case in self.cases.values()] + [_filler(n) for n in range(1, 41)]
        counts = {row.status: 0 for row in rows}
        for row in rows:
            counts[row.status] += 1
        rows = [row for row in rows if row.status == filters["status"]]
        wanted = {"": None, "me": "you", "free": ""}.get(filters["holder"])
        rows = [row for row in rows if wanted is None or row.holder == wanted]
        start = int(cursor or 0)
        following = str(start + PAGE) if start + PAGE < len(rows) else ""
        return QueuePage(
            rows=tuple(rows[start : start + PAGE]),
            total=len(rows),
            next_cursor=following,
            as_of=NOW,
            counts=counts,
            queues=("branch-14", "audit-sample"),
        )

    def take_next(self, viewer: Viewer) -> str:
        """The first free case."""
        for case in self.cases.values():
            if case.may_claim and not case.holder:
                self.claim(viewer, case.case_id)
                return case.case_id
        return ""

    def search(self, viewer: Viewer, words: str, cursor: str) -> QueuePage:
        """Cases whose application id holds the words."""
        rows = tuple(
            row_of(case)
            for case in self.cases.values()
            if words.lower() in case.application_id.lower()
        )
        return QueuePage(rows=rows, total=len(rows), next_cursor="", as_of=NOW)

    def application(self, viewer: Viewer, application_id: str) -> str:
        """The case of this application."""
        for case in self.cases.values():
            if case.application_id == application_id:
                return case.case_id
        raise Refused(404, "No such application", f"There is no application {application_id}.")

    def case(self, viewer: Viewer, case_id: str) -> CaseView:
        """One case, seen with this viewer's powers."""
        if case_id not in self.cases:
            raise Refused(404, "No such case", "Check the address, or search for the application.")
        case = self.cases[case_id]
        decides, approves = "decide" in viewer.may, "approve" in viewer.may
        cannot = case.cannot_words if decides else "You may read this case, not decide it."
        return replace(
            case,
            may_claim=case.may_claim and decides,
            may_decide=case.may_decide and decides,
            may_withdraw=case.may_withdraw and decides,
            may_approve=case.may_approve and approves,
            rescore=case.rescore if decides else None,
            cannot_words="" if case.final or case.pending else cannot,
        )

    def what_would_change(self, viewer: Viewer, case_id: str) -> OutlookView:
        """One shorter, smaller loan."""
        case = self.case(viewer, case_id)
        return OutlookView(
            case_id=case_id,
            application_id=case.application_id,
            headline="The smallest change towards approval.",
            options=("If the term were 24 months instead of 48 months, it would be approved.",),
            notes=("This is not a promise.",),
            likes=(
                LikeView(
                    text="The nearest pinned applicant who would be approved",
                    lines=(ChangeLine(label="Savings", before="none", after="DM 1,000"),),
                ),
            ),
            matured="Of 24 near matured loans, 6 went bad.",
        )

    def claim(self, viewer: Viewer, case_id: str) -> None:
        """Take the lease."""
        case = self.case(viewer, case_id)
        if case.holder not in ("", "you"):
            raise Refused(409, "Someone has this case", f"{case.holder} is working on it.")
        until = NOW + timedelta(minutes=20)
        self.cases[case_id] = replace(
            self.cases[case_id], holder="you", holder_until=until, version=case.version + 1
        )

    def release(self, viewer: Viewer, case_id: str) -> None:
        """Give the lease back."""
        self.cases[case_id] = replace(self.cases[case_id], holder="", holder_until=None)

    def _check(self, viewer: Viewer, case_id: str, form: ActForm) -> CaseView:
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        case = self.case(viewer, case_id)
        if form.seen_version != case.version:
            raise Refused(
                409,
                "Someone changed this case",
                "Nothing was recorded. What you see below is how it stands; look again and send.",
            )
        return case

    def _once(self, form: ActForm, said: str, case: CaseView) -> str:
        self.done[form.idempotency_key] = said
        self.cases[case.case_id] = replace(case, version=case.version + 1)
        return said

    def review(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Agree, or decide a referred case."""
        if form.idempotency_key in self.done:
            return self.done[form.idempotency_key]
        case = self._check(viewer, case_id, form)
        faults = {}
        if form.decision not in ("approve", "decline"):
            faults["decision"] = "Choose approve or decline."
        if not case.agree_decision and form.decision == "decline" and not form.concepts:
            faults["concepts"] = "Choose at least one reason to tell the applicant."
        if faults:
            raise Refused(422, "There is a problem", "Nothing was recorded yet.", faults)
        return self._decided(viewer, form, case)

    def _decided(self, viewer: Viewer, form: ActForm, case: CaseView) -> str:
        word = {"approve": "approved", "decline": "declined"}[form.decision]
        said = f"Recorded: {word}, entry 20,853 of the ledger."
        act = Act(
            at=NOW,
            title=f"Decided: {form.decision}",
            who=f"{viewer.name}, {viewer.role_words.lower()}",
            text=form.note,
            details=(),
            seq=20853,
            simulated=False,
        )
        return self._once(
            form,
            said,
            replace(
                case,
                status="decided",
                status_words="Decided",
                final=form.decision,
                final_words=f"{word.capitalize()} by {viewer.name} on 22 Nov 2026.",
                may_claim=False,
                may_decide=False,
                may_withdraw=False,
                holder="",
                history=(act, *case.history),
            ),
        )

    def preview_override(self, viewer: Viewer, case_id: str, form: ActForm) -> Consequence:
        """Check the form, and say what recording it would do."""
        case = self._check(viewer, case_id, form)
        chosen = next((choice for choice in case.codes if choice.code == form.code), None)
        faults = {}
        if chosen is None:
            faults["code"] = "Choose a reason for the override."
        elif len(form.note) < chosen.note_min_chars:
            faults["note"] = f"Write at least {chosen.note_min_chars} characters."
        if chosen and chosen.evidence_required and not form.evidence:
            faults["evidence_reference"] = "Say where the evidence is filed."
        if form.decision == "decline" and not 1 <= len(form.concepts) <= 4:
            faults["concepts"] = "Choose one to four reasons to tell the applicant."
        if faults:
            raise Refused(422, "There is a problem", "Nothing was recorded yet.", faults)
        needs = case.case_id.endswith("1001")
        lines = [f"The case moves from {case.recommendation} to {form.decision}."]
        lines.append(
            "A second person with a limit of DM 7,882 or more must uphold it: the score is far "
            "from the cut-off."
            if needs
            else "It is final at once; no second person is needed."
        )
        if form.review_on:
            on = day_words(date.fromisoformat(form.review_on))
            lines.append(f"It is listed to be looked at again on {on}.")
        lines.append("The entry names you, the reason, the evidence and what you saw.")
        return Consequence(lines=tuple(lines), needs_approval=needs)

    def override(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Record an override."""
        if form.idempotency_key in self.done:
            return self.done[form.idempotency_key]
        consequence = self.preview_override(viewer, case_id, form)
        case = self.case(viewer, case_id)
        if not consequence.needs_approval:
            return self._decided(viewer, form, case)
        label = next(choice.label for choice in case.codes if choice.code == form.code)
        pending = Pending(
            by=viewer.name,
            by_viewer=True,
            at=NOW,
            decision=form.decision,
            side_words="Low-side: approved although the model says decline.",
            code=form.code,
            code_label=label,
            note=form.note,
            evidence=tuple(f"{item.kind}: {item.reference}" for item in form.evidence),
            reasons=form.concepts,
            needs="A second person with a limit of DM 7,882 or more must uphold it.",
        )
        return self._once(
            form,
            "Recorded as entry 20,853. It waits for a second person.",
            replace(
                case,
                status="waiting_approval",
                status_words="Waiting for a second person",
                pending=pending,
                may_claim=False,
                may_decide=False,
                holder="",
            ),
        )

    def approval(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Uphold, return or reject."""
        case = self._check(viewer, case_id, form)
        faults = {}
        if form.verdict not in ("uphold", "return", "reject"):
            faults["verdict"] = "Choose what should happen."
        elif form.verdict != "uphold" and not form.note:
            faults["note"] = "Say why, or what you want to know."
        if faults:
            raise Refused(422, "There is a problem", "Nothing was recorded yet.", faults)
        settled = replace(case, pending=None, may_approve=False)
        if form.verdict == "uphold":
            return self._decided(viewer, replace(form, decision="approve"), settled)
        back = replace(settled, status="in_review", status_words="In review", may_claim=True)
        return self._once(form, "Recorded. The case is back in review.", back)

    def rescore(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Score the case again."""
        if form.idempotency_key in self.done:
            return self.done[form.idempotency_key]
        case = self._check(viewer, case_id, form)
        said = "Re-scored. The recommendation is now “approve”. Recorded: ledger entry 20,853."
        replaced = "This replaced the recommendation “decline” (42 of 100, model 1.4.0)."
        after = replace(case, rescore=None, replaced_words=replaced, recommendation="approve")
        return self._once(form, said, replace(after, may_decide=True, agree_decision="approve"))

    def withdraw(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """The applicant withdrew."""
        case = self._check(viewer, case_id, form)
        closed = replace(
            case, status="withdrawn", status_words="Withdrawn", may_decide=False, may_claim=False
        )
        return self._once(form, "Recorded: the applicant withdrew.", closed)


@dataclass
class FakeAudit:
    """The ledger, the models and the numbers, as told in ``fake_numbers``."""

    broken: bool = False  # whether the next verification finds a change

    def ledger(self, viewer: Viewer, cursor: str, kind: str) -> LedgerState:
        """Entries newest first."""
        return fake_numbers.ledger(cursor, kind)

    def entry(self, viewer: Viewer, seq: int) -> EntryView:
        """One entry."""
        return fake_numbers.entry(viewer, seq)

    def verify(self, viewer: Viewer) -> VerificationView:
        """A run that finds nothing, or one change."""
        return fake_numbers.verification(ok=not self.broken)

    def board(self, viewer: Viewer, bundle: str) -> BoardView:
        """The numbers."""
        return fake_numbers.board(bundle)

    def overrides(self, viewer: Viewer, bundle: str) -> BoardView:
        """The override report."""
        return fake_numbers.overrides(bundle)

    def fairness(self, viewer: Viewer, bundle: str) -> BoardView:
        """Overrides by protected attribute."""
        return fake_numbers.fairness(bundle)

    def override_table(self, viewer: Viewer, bundle: str, name: str) -> bytes:
        """One table of it."""
        if name != "were-low-side-overrides-right":
            raise Refused(404, "No such table", "Open the report and take a table from there.")
        return b"Approvals,Matured\r\nApproved against the model,41\r\n"

    def bundles(self, viewer: Viewer) -> tuple[BundleLine, ...]:
        """The models."""
        return fake_numbers.BUNDLES

    def bundle(self, viewer: Viewer, name: str) -> BundleView:
        """A card."""
        if name not in {line.name for line in fake_numbers.BUNDLES}:
            raise Refused(404, "No such model", f"There is no model named {name}.")
        return fake_numbers.card(name)

    def feedback(self, viewer: Viewer, bundle: str) -> FeedbackView:
        """What an export would hold."""
        return fake_numbers.feedback(bundle)

    def export_feedback(self, viewer: Viewer, bundle: str, key: str) -> str:
        """Pretend to write an export."""
        return "2026-11-22-german-credit-003"

    def feedback_file(self, viewer: Viewer, folder: str, name: str) -> bytes:
        """A file of it."""
        if name != "manifest.json":
            raise Refused(404, "No such file", "This export has no such file.")
        return b'{"rows": 812}'


@dataclass
class FakePeople:
    """Five people with one password; tokens are their names and the office they are for."""

    office: str = ""  # what one window still sends is not for the office of the next
    ended: set[str] = field(default_factory=set)
    lines: dict[str, PersonLine] = field(default_factory=lambda: dict(fake_numbers.PEOPLE))

    def sign_in(self, name: str, password: str, address: str) -> str:
        """A token."""
        if name not in ROLES or password != PASSWORD:
            raise Refused(
                401,
                "That did not work",
                "Name and password do not belong together.",
                {"password": "Check the name and the password."},
            )
        token = self.token(name)
        self.ended.discard(token)
        return token

    def token(self, name: str) -> str:
        """What this person carries here."""
        return f"token-{name}{self.office}"

    def sign_out(self, token: str) -> None:
        """End it."""
        self.ended.add(token)

    def viewer(self, token: str) -> Viewer | None:
        """Whose it is."""
        name = next((name for name in ROLES if self.token(name) == token), "")
        return viewer_named(name) if name and token not in self.ended else None

    def start(self, viewer: Viewer | None) -> StartView:
        """The first page."""
        return fake_numbers.start(viewer, PASSWORD)

    def people(self, viewer: Viewer) -> tuple[PersonLine, ...]:
        """Everyone."""
        return tuple(self.lines.values())

    def add_person(self, viewer: Viewer, fields: Mapping[str, str], key: str) -> str:
        """Add one."""
        faults = {}
        if not fields["name"]:
            faults["name"] = "Give a name."
        if not fields["limit"].replace(",", "").isdecimal():
            faults["limit"] = "Give the limit as a number, for example 10000."
        if faults:
            raise Refused(422, "There is a problem", "Nobody was added yet.", faults)
        return f"{fields['name']} was added. One-time password, shown only now: river-tulip-41"

    def change_person(self, viewer: Viewer, name: str, change: str, key: str) -> str:
        """Change one."""
        if name not in self.lines:
            raise Refused(404, "No such person", f"There is nobody named {name}.")
        state = {"lock": "locked", "unlock": "active", "leave": "left"}.get(change)
        if state:
            self.lines[name] = replace(self.lines[name], state=state)
            return f"{name} is now {state}."
        return f"{name} gets a one-time password, shown only now: amber-stone-17"


@dataclass
class FakeOffice:
    """All of it."""

    desk: FakeDesk = field(default_factory=FakeDesk)
    drafts: FakeDrafts = field(default_factory=FakeDrafts)
    questions: FakeQuestions = field(default_factory=FakeQuestions)
    sharing: FakeSharing = field(default_factory=FakeSharing)
    training: FakeTraining = field(default_factory=FakeTraining)
    practice: FakePractice = field(default_factory=FakePractice)
    review_dates: FakeReviewDates = field(default_factory=FakeReviewDates)
    changes: FakeChanges = field(default_factory=FakeChanges)
    waiting: FakeWaiting = field(default_factory=FakeWaiting)
    appeals: FakeAppeals = field(default_factory=FakeAppeals)
    approvals: FakeApprovals = field(default_factory=FakeApprovals)
    letters: FakeLetters = field(default_factory=FakeLetters)
    findings: FakeFindings = field(default_factory=FakeFindings)
    misses: FakeMisses = field(default_factory=FakeMisses)
    first_views: FakeFirstViews = field(default_factory=FakeFirstViews)
    audit: FakeAudit = field(default_factory=FakeAudit)
    governance: FakeGovernance = field(default_factory=FakeGovernance)
    reviews: FakeReviews = field(default_factory=FakeReviews)
    erasures: FakeErasures = field(default_factory=FakeErasures)
    receipts: FakeReceipts = field(default_factory=FakeReceipts)
    people: FakePeople = field(default_factory=FakePeople)
