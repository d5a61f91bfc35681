# ruff: noqa: ARG002 - a fake takes what the ports take, needed or not
"""Runs and findings, kept in memory."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from tests.ui.fake_cases import DECIDED, NOW
from ui.finding_views import (
    BookedForm,
    BranchLine,
    FindingFilter,
    FindingForm,
    FindingLine,
    FindingStep,
    FindingsView,
    FindingView,
    MissesView,
    MissLine,
    ReconciliationView,
    RunLine,
    RunView,
)
from ui.ports import Refused
from ui.views import Viewer

TODAY = NOW.date()
RUN_ID = "01a20000-0000-7000-8000-00000000f001"
OPEN_ID = "01a20000-0000-7000-8000-00000000f002"
CLOSED_ID = "01a20000-0000-7000-8000-00000000f003"
STATES = (("open", "Open"), ("late", "Late"), ("closed", "Closed"), ("all", "All"))

LINE = RunLine(
    run_id=RUN_ID, at=NOW, by="Meera", loans=412, unread=2, opened=3, known=1, branches=()
)
RUN = RunView(
    line=LINE,
    seq=20848,
    sha256="ab" * 32,
    scope=(("Products", "All"), ("Amounts may differ by", "1.0 %")),
    read_as=(("Dates", "day-first"), ("Between cells", "Semicolon")),
    branches=(
        BranchLine(
            name="north",
            matched=200,
            without=3,
            checking=4,
            out_of_scope=20,
            of=203,
            rate="1.5 %",
            interval="0.3 % to 4.3 %",
        ),
        BranchLine(
            name="",
            matched=0,
            without=0,
            checking=2,
            out_of_scope=1,
            of=0,
            rate="",
            interval="",
        ),
    ),
    counts=(("Booked without a decision", "3"), ("Booked on other terms", "1")),
    broken=((7, "amount is no number"), (9, "currency EUX is none that ISO 4217 lists")),
)


def a_line(finding_id: str, state: str, words: str) -> FindingLine:
    """One finding in this state."""
    return FindingLine(
        finding_id=finding_id,
        kind_words="Booked without a decision",
        about="north",
        case_id="" if state == "closed" else DECIDED.case_id,
        owner="" if state == "unowned" else "Tilo",
        due=None if state == "unowned" else TODAY + timedelta(days=5),
        state=state,
        state_words=words,
        age_days=3,
        opened_at=NOW,
    )


@dataclass
class FakeFindings:
    """One finding that nobody owns, one that is closed; a run."""

    files: list[bytes] = field(default_factory=list)
    acts: list[FindingForm] = field(default_factory=list)

    def reconciliation(self, viewer: Viewer) -> ReconciliationView:
        """One run, and what is open."""
        return ReconciliationView(
            branch=viewer.branch,
            bytes_max=4 * 1024 * 1024,
            runs=(LINE,),
            more=0,
            newest=RUN,
            open=3,
            late=1,
            unowned=2,
        )

    def reconcile(self, viewer: Viewer, form: BookedForm, content: bytes) -> tuple[str, str]:
        """Take the file, or say what is wrong with it."""
        if not content:
            raise Refused(422, "Please check", "Choose the file.", {"file": "Choose the file."})
        if b"amount" not in content:
            said = "The file of booked loans cannot be read: the first line names no amount."
            raise Refused(422, "Please check", said, {"file": said})
        self.files.append(content)
        return RUN_ID, "412 loans held against decisions."

    def run(self, viewer: Viewer, run_id: str) -> RunView:
        """The one there is."""
        if run_id != RUN_ID:
            raise Refused(404, "No such run", "Take one from the list.")
        return RUN

    def findings(self, viewer: Viewer, asked: FindingFilter) -> FindingsView:
        """Two lines."""
        closed = a_line(CLOSED_ID, "closed", "Closed")
        lines = (a_line(OPEN_ID, "unowned", "No owner yet"), closed)
        return FindingsView(
            lines=() if asked.kind else lines,
            total=72,
            page=asked.page,
            pages=2,
            asked=asked,
            states=STATES,
            kinds=(("", "All"), ("without_decision", "Booked without a decision")),
            branches=("north", "river"),
        )

    def listed(self, viewer: Viewer, asked: FindingFilter) -> tuple[tuple[str, ...], ...]:
        """The same as rows."""
        return (("finding", "state"), (OPEN_ID, "unowned"))

    def finding(self, viewer: Viewer, finding_id: str) -> FindingView:
        """One of the two."""
        if finding_id not in (OPEN_ID, CLOSED_ID):
            raise Refused(404, "Finding not found", "Look at the list again.")
        line = a_line(OPEN_ID, "open", "Being looked into")
        step = FindingStep(title="Found", at=NOW, by="Meera", said="", note="")
        view = FindingView(
            line=line,
            facts=(("What", "it names no application"), ("Loan", "L-77")),
            steps=(step, replace(step, title="Given to an owner", note="Please look.")),
            barred="",
            owners=(("person-tilo", "Tilo, team lead"),),
            reasons=(("no_breach", "No breach"), ("breach", "A breach")),
            may_close=True,
            first_due=TODAY,
            last_due=TODAY + timedelta(days=366),
            usual_due=TODAY + timedelta(days=14),
        )
        if finding_id == OPEN_ID:
            return view
        return replace(view, line=a_line(CLOSED_ID, "closed", "Closed"), barred="It is closed.")

    def act(self, viewer: Viewer, finding_id: str, form: FindingForm) -> str:
        """Record it, or point at what is missing."""
        if form.act == "close" and len(form.note) < 10:
            said = "A note of at least 10 characters is needed."
            raise Refused(422, "Please check", said, {"note": said})
        self.acts.append(form)
        return "The finding is closed."


@dataclass
class FakeMisses:
    """One that is tracked, one that is not."""

    tracked: list[str] = field(default_factory=list)

    def misses(self, viewer: Viewer, bundle: str) -> MissesView:
        """Both."""
        return MissesView(
            bundle="german-credit",
            bundles=("german-credit",),
            lines=(
                MissLine(clue="M01", said="M01 Income: ask for it.", finding_id=""),
                MissLine(clue="C02", said="C02: look at its use.", finding_id=OPEN_ID),
            ),
        )

    def track(self, viewer: Viewer, bundle: str, clue: str, key: str) -> str:
        """Keep its name."""
        self.tracked.append(clue)
        return OPEN_ID
