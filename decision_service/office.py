"""The whole application as the pages see it."""

from dataclasses import dataclass

from decision_service.appeal_pages import AppealPages
from decision_service.approvals import ApprovalInbox
from decision_service.auditing import Auditing
from decision_service.casework import Casework
from decision_service.changing_pages import ChangingPages
from decision_service.draft_pages import DraftPages
from decision_service.erasure_pages import ErasurePages
from decision_service.finding_pages import FindingPages
from decision_service.first_view_pages import FirstViewPages
from decision_service.governing_pages import GoverningPages
from decision_service.letter_desk import LetterDesk
from decision_service.miss_pages import MissPages
from decision_service.people_changes import people_changes
from decision_service.people_pages import PeoplePages, Showcase
from decision_service.practising import PracticePages
from decision_service.question_pages import QuestionPages
from decision_service.receipt_pages import ReceiptPages
from decision_service.review_date_pages import ReviewDatePages
from decision_service.review_pages import ReviewPages
from decision_service.services import Services
from decision_service.sharing import SharedWork
from decision_service.training_pages import TrainingPages
from decision_service.waiting_pages import WaitingPages
from ui.appeal_ports import Appeals
from ui.approval_ports import Approvals
from ui.blind_ports import FirstViews
from ui.changing_ports import Changes
from ui.finding_ports import Findings, Misses
from ui.governance_ports import Governance
from ui.letter_ports import Letters
from ui.ports import (
    Audit,
    Desk,
    Drafts,
    Erasures,
    People,
    Receipts,
)
from ui.question_ports import Questions
from ui.review_date_ports import ReviewDates
from ui.review_ports import Reviews
from ui.sharing_ports import Sharing
from ui.training_ports import Practice, Training
from ui.waiting_ports import WaitingRoom


@dataclass(frozen=True, slots=True)
class Rooms:
    """Fills ``ui.ports.Office``."""

    desk: Desk
    drafts: Drafts
    questions: Questions
    sharing: Sharing
    waiting: WaitingRoom
    appeals: Appeals
    approvals: Approvals
    changes: Changes
    letters: Letters
    training: Training
    practice: Practice
    findings: Findings
    misses: Misses
    review_dates: ReviewDates
    first_views: FirstViews
    audit: Audit
    governance: Governance
    reviews: Reviews
    erasures: Erasures
    receipts: Receipts
    people: People


def office_of(services: Services, showcase: Showcase | None = None) -> Rooms:
    """The office of an installation; a demo shows its log-ins on the first page."""
    return Rooms(
        desk=Casework(services),
        drafts=DraftPages(services),
        questions=QuestionPages(services),
        sharing=SharedWork(services),
        waiting=WaitingPages(services),
        appeals=AppealPages(services),
        approvals=ApprovalInbox(services),
        changes=ChangingPages(services),
        letters=LetterDesk(services),
        training=TrainingPages(services),
        practice=PracticePages(services),
        findings=FindingPages(services),
        misses=MissPages(services),
        review_dates=ReviewDatePages(services),
        first_views=FirstViewPages(services),
        audit=Auditing(services),
        governance=GoverningPages(services),
        reviews=ReviewPages(services),
        erasures=ErasurePages(services),
        receipts=ReceiptPages(services),
        people=PeoplePages(services.people, people_changes(services), showcase),
    )
