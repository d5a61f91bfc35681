"""What the pages ask of the application behind them. The service fills it; tests use a fake.

Who is logged in: the cookie ``countermand_session`` holds a token, ``People.viewer(token)`` says
whose it is. A guard in front of the pages decides who may do what and answers 403; a request
*without* a running session it lets through to the pages, because they ask the person to log in and
keep what was typed (``ui.visit``). What the guard found it may leave in
``request.state.viewer``; then the pages do not look the token up again.

Every POST form of a logged-in person carries the hidden fields ``person`` (whose page it was),
``csrf`` (when ``Viewer.csrf`` is set), and, where something is recorded, ``idempotency_key``,
``seen_version`` and ``dwell_ms``. The fields a ``Refused`` may name are those of ``ActForm``.
"""

from collections.abc import Mapping
from typing import Protocol

from ui.appeal_ports import Appeals
from ui.approval_ports import Approvals
from ui.blind_ports import FirstViews
from ui.change_views import OutlookView
from ui.changing_ports import Changes
from ui.erasure_views import (
    CertificateView,
    Choices,
    DueView,
    ErasuresView,
    ErasureTyped,
    ErasureView,
    HoldLine,
)
from ui.finding_ports import Findings, Misses
from ui.governance_ports import Governance
from ui.letter_ports import Letters
from ui.memory_views import ReceiptCheck, ReceiptView, SlipView
from ui.question_ports import Questions
from ui.review_date_ports import ReviewDates
from ui.review_ports import Reviews
from ui.sharing_ports import Sharing
from ui.training_ports import Practice, Training
from ui.views import (
    ActForm,
    BoardView,
    BundleLine,
    BundleView,
    CaseView,
    Consequence,
    DraftView,
    EntryView,
    FeedbackView,
    LedgerState,
    PersonLine,
    QueuePage,
    StartView,
    VerificationView,
    Viewer,
)
from ui.waiting_ports import WaitingRoom


class Refused(Exception):
    """An act or a page was refused: ``status`` as in HTTP, ``text`` says what to do next.

    ``fields`` names form fields at fault with a sentence each.
    """

    def __init__(
        self, status: int, title: str, text: str, fields: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.title = title
        self.text = text
        self.fields = dict(fields or {})


class Desk(Protocol):
    """Cases: finding, taking, deciding. Each method raises ``Refused``."""

    def queue(self, viewer: Viewer, filters: Mapping[str, str], cursor: str) -> QueuePage:
        """Cases of one state the viewer may see, most urgent first.

        ``filters``: status, queue, holder (me, free, aside, upwards, contested), urgency, reason,
        product, branch; each may be empty.
        """

    def take_next(self, viewer: Viewer) -> str:
        """Claim the most urgent free case; its id, or "" when none is free."""

    def search(self, viewer: Viewer, words: str, cursor: str) -> QueuePage:
        """Cases by application id, case id or branch."""

    def application(self, viewer: Viewer, application_id: str) -> str:
        """Id of the case of this application."""

    def case(self, viewer: Viewer, case_id: str) -> CaseView:
        """Everything about one case; records that the reasons were shown to a decider."""

    def what_would_change(self, viewer: Viewer, case_id: str) -> OutlookView:
        """What would turn the recommendation of one case, worked out now."""

    def claim(self, viewer: Viewer, case_id: str) -> None:
        """Take the lease."""

    def release(self, viewer: Viewer, case_id: str) -> None:
        """Give the lease back."""

    def review(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Agree, or decide a referred case; a sentence saying what was recorded."""

    def preview_override(self, viewer: Viewer, case_id: str, form: ActForm) -> Consequence:
        """Check an override without recording it, and say what it would do."""

    def override(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Record an override."""

    def approval(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Uphold, return or reject a proposed override."""

    def rescore(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Score the case again under the version in force; a sentence saying what came of it."""

    def withdraw(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Close a case without a decision; ``form.code`` says why."""


class Drafts(Protocol):
    """What a person typed into a form about a case and did not send."""

    def keep(
        self, viewer: Viewer, case_id: str, place: str, fields: tuple[tuple[str, str], ...]
    ) -> str:
        """Keep it for this person; at what time of day. Raises ``Refused``."""

    def find(self, viewer: Viewer, place: str) -> DraftView | None:
        """What this person has there."""

    def drop(self, viewer: Viewer, place: str) -> None:
        """Forget it."""


class Audit(Protocol):
    """The ledger, the models, the numbers."""

    def ledger(self, viewer: Viewer, cursor: str, kind: str) -> LedgerState:
        """Entries newest first."""

    def entry(self, viewer: Viewer, seq: int) -> EntryView:
        """One entry with its inclusion proof in the current tree."""

    def verify(self, viewer: Viewer) -> VerificationView:
        """Read everything back and check it."""

    def board(self, viewer: Viewer, bundle: str) -> BoardView:
        """The shared numbers."""

    def overrides(self, viewer: Viewer, bundle: str) -> BoardView:
        """How often people decide against the model, and whether they were right."""

    def fairness(self, viewer: Viewer, bundle: str) -> BoardView:
        """Whether groups are overridden alike, in sums alone."""

    def override_table(self, viewer: Viewer, bundle: str, name: str) -> bytes:
        """One table of it as CSV."""

    def bundles(self, viewer: Viewer) -> tuple[BundleLine, ...]:
        """Registered models, the champion first."""

    def bundle(self, viewer: Viewer, name: str) -> BundleView:
        """A model's card."""

    def feedback(self, viewer: Viewer, bundle: str) -> FeedbackView:
        """What an export would hold."""

    def export_feedback(self, viewer: Viewer, bundle: str, key: str) -> str:
        """Write an export into the data directory; its folder name."""

    def feedback_file(self, viewer: Viewer, folder: str, name: str) -> bytes:
        """One file of an export."""


class People(Protocol):
    """Log-in and administration."""

    def sign_in(self, name: str, password: str, address: str) -> str:
        """A new session's token; raises ``Refused`` (401, or 429 when locked out)."""

    def sign_out(self, token: str) -> None:
        """End the session."""

    def viewer(self, token: str) -> Viewer | None:
        """Whose session this is, if it still runs."""

    def start(self, viewer: Viewer | None) -> StartView:
        """The first page."""

    def people(self, viewer: Viewer) -> tuple[PersonLine, ...]:
        """Everyone."""

    def add_person(self, viewer: Viewer, fields: Mapping[str, str], key: str) -> str:
        """Add a person; a sentence, with the one-time password when one was made."""

    def change_person(self, viewer: Viewer, name: str, change: str, key: str) -> str:
        """``lock``, ``unlock``, ``reset`` or ``leave``."""


class Erasures(Protocol):
    """Erasures and legal holds. Each method raises ``Refused``."""

    def overview(self, viewer: Viewer) -> ErasuresView:
        """Requests and holds."""

    def choices(self, viewer: Viewer) -> Choices:
        """What the forms offer."""

    def request(self, viewer: Viewer, request_id: str) -> ErasureView:
        """One request."""

    def ask(self, viewer: Viewer, form: ErasureTyped, key: str) -> str:
        """Ask for an erasure; the request's id."""

    def approve(self, viewer: Viewer, request_id: str, root: str, note: str, key: str) -> str:
        """Approve another person's request and erase what it names; a sentence."""

    def refuse(self, viewer: Viewer, request_id: str, note: str, key: str) -> str:
        """Say no, or take one's own request back; a sentence."""

    def due(self, viewer: Viewer) -> DueView:
        """What the retention schedule says is due now."""

    def due_list(self, viewer: Viewer, as_of: str) -> bytes:
        """All of it, a line of JSON for each record."""

    def ask_due(self, viewer: Viewer, as_of: str, note: str, key: str) -> str:
        """Ask that all of it be erased; the request's id."""

    def hold(self, viewer: Viewer, form: ErasureTyped, key: str) -> str:
        """Set a legal hold; a sentence."""

    def one_hold(self, viewer: Viewer, hold_id: str) -> HoldLine:
        """One hold."""

    def lift(self, viewer: Viewer, hold_id: str, ground: str, note: str, key: str) -> str:
        """Lift a legal hold; a sentence."""

    def certificate(self, viewer: Viewer, request_id: str) -> CertificateView:
        """What the ledger shows of an erasure."""


class Receipts(Protocol):
    """Receipts of recorded acts. Each method raises ``Refused``."""

    def of_case(self, viewer: Viewer, case_id: str) -> tuple[ReceiptView, ...]:
        """Of what the viewer recorded on a case, newest first."""

    def receipt(self, viewer: Viewer, seq: int) -> ReceiptView:
        """Of one entry, for who made it and who may read the ledger."""

    def check(self, viewer: Viewer, typed: str) -> ReceiptCheck:
        """Hold receipts that somebody brings against the ledger."""

    def slip(self, viewer: Viewer) -> SlipView:
        """Where the ledger stands, to be printed, for who may read the ledger."""


class Office(Protocol):
    """The whole application, as the pages see it: ``app.state.office``."""

    @property
    def desk(self) -> Desk:
        """Cases."""

    @property
    def drafts(self) -> Drafts:
        """Forms that were begun."""

    @property
    def questions(self) -> Questions:
        """Questions about the score of a case."""

    @property
    def sharing(self) -> Sharing:
        """Work shared out."""

    @property
    def changes(self) -> Changes:
        """Other terms and corrected values."""

    @property
    def waiting(self) -> WaitingRoom:
        """Applicants asked, ends taken back."""

    @property
    def appeals(self) -> Appeals:
        """Decisions that applicants contest."""

    @property
    def approvals(self) -> Approvals:
        """What waits for a second person."""

    @property
    def letters(self) -> Letters:
        """Letters to applicants."""

    @property
    def training(self) -> Training:
        """Who is trained to decide which cases."""

    @property
    def practice(self) -> Practice:
        """Past cases on which people practise."""

    @property
    def reviews(self) -> Reviews:
        """The owners' monthly review of the board."""

    @property
    def misses(self) -> Misses:
        """What models miss, as their overrides tell."""

    @property
    def findings(self) -> Findings:
        """Booked loans held against decisions, and what is tracked to closure."""

    @property
    def review_dates(self) -> ReviewDates:
        """When overrides are looked at again."""

    @property
    def first_views(self) -> FirstViews:
        """Views that are recorded before a score is seen."""

    @property
    def audit(self) -> Audit:
        """Ledger, models, numbers."""

    @property
    def governance(self) -> Governance:
        """Who lets a model decide."""

    @property
    def erasures(self) -> Erasures:
        """Erasures and legal holds."""

    @property
    def receipts(self) -> Receipts:
        """Receipts of recorded acts."""

    @property
    def people(self) -> People:
        """Log-in and administration."""
