"""One month of one bundle before its owners, kept in memory."""

from dataclasses import dataclass, field, replace

from tests.ui.fake_cases import NOW
from ui.governance_views import OwnerLine
from ui.ports import Refused
from ui.review_views import ActionLine, PromiseLine, ReviewForm, ReviewView
from ui.views import Viewer

TODAY = NOW.date()
VIEW = ReviewView(
    bundle="german-credit",
    title="German credit, boosted trees",
    month="2026-10",
    month_words="Oct 2026",
    months=(("2026-10", "Oct 2026: 2 of 4 signed"), ("2026-09", "Sep 2026: not begun")),
    today=TODAY,
    review_id="r-1",
    opened="Noor Ahmed laid 21 numbers before the owners on 2 Nov 2026",
    numbers=(
        ("Group", "Number", "Value", "95 %", "Counted from", "Target"),
        ("Decision quality", "Approval rate", "61.0 %", "56.1 % to 65.8 %", "244 of 400", "60 %"),
        ("Overrides", "Low-side rate", "Not enough data yet", "", "3 of 21", "5 %"),
    ),
    may_open=False,
    owners=(
        OwnerLine(words="Model owner", signer="Noor Ahmed", at=NOW, seq=20_811),
        OwnerLine(words="Risk", signer="Lena Roy", at=NOW, seq=20_812),
        OwnerLine(words="Compliance"),
        OwnerLine(words="Operations"),
    ),
    sign_for="",
    cannot="Your role signs nothing.",
    may_act=False,
    roles=(("model_owner", "Model owner"), ("compliance", "Compliance")),
    actions=(
        ActionLine(
            action_id="a-1",
            text="Ask the branch river why payslips come late.",
            month="Sep 2026",
            owner="Compliance",
            due=TODAY,
            state="overdue",
            by="Lena Roy",
        ),
        ActionLine(
            action_id="a-2",
            text="Shorten the list of codes.",
            month="Sep 2026",
            owner="Model owner",
            due=TODAY,
            state="done",
            by="Lena Roy",
            closed_by="Noor Ahmed",
            closed_at=NOW,
        ),
    ),
    promises=(
        PromiseLine(
            kpi="turnaround",
            title="Median time to decision",
            due=TODAY,
            standing="Not met",
            words=(("Risk", "extend until 1 Jun 2027"),),
            agreed="",
            open=True,
        ),
        PromiseLine(
            kpi="decision_quality",
            title="Observed over expected",
            due=TODAY,
            standing="",
            words=(),
            agreed="",
            open=False,
        ),
    ),
    costs=(
        ("Month", "What for", "Amount", "Entered by"),
        ("Oct 2026", "Infrastructure", "EUR 1,200", "Otto, corrected"),
    ),
    kinds=(("infrastructure", "Infrastructure"), ("officer_hour", "One hour of an officer")),
    currency="EUR",
)


@dataclass
class FakeReviews:
    """One month; compliance may sign and act."""

    acts: list[ReviewForm] = field(default_factory=list)
    refusal: Refused | None = None
    untouched: bool = False

    def review(self, viewer: Viewer, bundle: str, month: str) -> ReviewView:
        """The month."""
        assert (bundle, month or VIEW.month) == (VIEW.bundle, VIEW.month)
        if self.untouched:
            nobody = tuple(OwnerLine(words=owner.words) for owner in VIEW.owners)
            bare = replace(VIEW, review_id="", opened="", numbers=(), owners=nobody)
            may = "sign_off" in viewer.may
            return replace(bare, actions=(), costs=(), may_open=may, cannot="Not opened.")
        if "sign_off" in viewer.may:
            mine = tuple(replace(one, yours=one.state == "overdue") for one in VIEW.actions)
            return replace(VIEW, sign_for="compliance", cannot="", may_act=True, actions=mine)
        return VIEW

    def act(self, viewer: Viewer, bundle: str, form: ReviewForm) -> str:
        """Take it."""
        assert "sign_off" in viewer.may
        if self.refusal:
            raise self.refusal
        self.acts.append(form)
        return f"Done for {bundle}."
