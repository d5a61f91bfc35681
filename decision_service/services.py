"""What the service is made of: ports and parts by type, chosen by the wiring alone.

The modules imported here never import this one. Whatever takes ``Services`` (routes, casework,
auditing, people, commands) sees storage only through these ports.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from decision_service.folded import Folded
from decision_service.housekeeping import Housekeeping
from decision_service.kept_cases import KeptCases
from decision_service.kept_counts import KeptCounts
from decision_service.oversight import Oversight
from decision_service.people import People
from decision_service.pipeline import Pipeline
from decision_service.registry import Registry
from decision_service.scoring import Scorer
from decision_service.settings import Settings
from decision_service.training_register import TrainingRegister
from decision_service.viewing import Viewings
from overrides.board_reviews import Reviews
from overrides.countermand_verify import Findings
from overrides.drafts import DraftBook
from overrides.erasing import Erasures
from overrides.erasure_replay import Replaying
from overrides.examination import Trust
from overrides.feedback_book import FeedbackBook
from overrides.finding_register import FindingRegister
from overrides.journal import GroupJournal, Journal
from overrides.key_rotation import KeyRotation
from overrides.ledger import LedgerBook
from overrides.letter_rows import LetterBook
from overrides.review_dates import ReviewDates
from overrides.signing import Signing
from overrides.signing_desk import SigningDesk
from overrides.stamps import StampBook
from overrides.values import Clock, NewId
from overrides.vault import Vault
from overrides.watches import Watches

Chance = Callable[[], float]  # a number from 0 to below 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a route, a page or a command may use."""

    settings: Settings
    clock: Clock
    new_id: NewId
    chance: Chance
    journal: Journal  # the one way to write
    vault: Vault  # encryption and keyed hashes
    rotation: KeyRotation  # replaces the key above the data keys
    erasures: Erasures  # requests for erasure, legal holds, what would go
    replaying: Replaying  # what was erased stays erased, whatever database is put back
    viewings: Viewings  # who read personal data without deciding
    housekeeping: Housekeeping  # finishes what erasures left to do, in a server
    signer: Signing  # has checkpoints and exports signed, here or in a process of its own
    signing_desk: SigningDesk  # what the signer's own process says of itself
    stamps: StampBook  # what time stamping authorities said of checkpoints
    ledger: LedgerBook  # entries, proofs, checkpoints, opened personal slots
    cases: FeedbackBook  # queue, search, case, acts, board and feedback rows
    letters: LetterBook  # which letters are called for, and how far they have come
    drafts: DraftBook  # what people typed and did not send
    people: People  # who exists, who a key or a session belongs to
    registry: Registry  # bundles: champion, versions, rules of a case, suspension
    decisions: Pipeline  # the path of one application
    rows_scorer: Scorer  # scores rows that nobody wants decided, beside those of applications
    rebuild: Callable[[], int]  # drops and fills the projections; how many entries
    verify: Callable[[Trust], Findings]  # reads the whole log back and checks it
    closers: tuple[Callable[[], None], ...] = ()
    counts: KeptCounts = field(default_factory=KeptCounts)  # reports that take long to count
    columns: KeptCases = field(default_factory=KeptCases)  # what they count, kept in step

    @property
    def groups(self) -> GroupJournal:
        """The journal, for many commands in one transaction."""
        assert isinstance(self.journal, GroupJournal), "an installation's journal takes groups"
        return self.journal

    @property
    def oversight(self) -> Oversight:
        """What is done to see whether oversight works."""
        found = self.decisions.preparer.oversight
        assert found is not None, "an installation records its draws"
        return found

    @property
    def training(self) -> TrainingRegister:
        """Who is trained to decide which cases."""
        return self.oversight.training

    @property
    def reviews(self) -> Folded[Reviews]:
        """What the four owners did about the shared numbers."""
        return self.oversight.reviews

    @property
    def watches(self) -> Folded[Watches]:
        """What is watched of which model, and what each look saw."""
        return self.oversight.watches

    @property
    def findings(self) -> Folded[FindingRegister]:
        """What has to be looked into, and what became of it."""
        return self.oversight.findings

    @property
    def review_dates(self) -> Folded[ReviewDates]:
        """Which overrides are looked at again, and when."""
        return self.oversight.review_dates

    def close(self) -> None:
        """Stop threads and let go of the database, in the order of use."""
        for closer in self.closers:
            closer()
