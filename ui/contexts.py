"""What each page is given, field by field. A template uses exactly these names and no others.

Each field is annotated with the sentence that documents it for authors of templates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from markupsafe import Markup

from ui.change_views import OutlookView
from ui.frame import CodeGroup, PlottedSection, Shell, Tab
from ui.letter_views import LetterForm, LettersView, LetterView
from ui.memory_views import ReceiptView
from ui.review_date_views import ReviewDateList
from ui.sharing_views import PassForm, PassView, TeamView
from ui.views import (
    ActForm,
    BoardView,
    BundleLine,
    BundleView,
    CaseView,
    CodeChoice,
    Consequence,
    EntryView,
    EvidenceTyped,
    FeedbackView,
    LedgerState,
    PersonLine,
    QueuePage,
    StartView,
    VerificationView,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPage:
    """The first page."""

    template: ClassVar[str] = "start.html"

    shell: Annotated[Shell, "Everything around the page."]
    start: Annotated[StartView, "Where this role begins; in a demo, the log-ins to try."]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPage:
    """The log-in form, with whatever was typed elsewhere when the log-in ran out."""

    template: ClassVar[str] = "login.html"

    shell: Annotated[Shell, "Everything around the page."]
    name: Annotated[str, "The name typed last, or the name of the person whose log-in ran out."]
    after: Annotated[str, "The address to go on to after log-in."]
    kept: Annotated[str, "Fields of a form that was sent too late, packed into one text."]
    why: Annotated[str, "Why a log-in is asked for; empty when the person came on their own."]
    start: Annotated[StartView, "In a demo, the log-ins to try."]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPage:
    """Cases that wait for a person, and those that were decided."""

    template: ClassVar[str] = "desk.html"

    shell: Annotated[Shell, "Everything around the page."]
    queue: Annotated[QueuePage, "One page of cases."]
    tabs: Annotated[tuple[Tab, ...], "One tab per state, with its count."]
    filters: Annotated[Mapping[str, str], "What the list is narrowed to; empty where it is not."]
    held: Annotated[bool, "Whether somebody can hold cases in this state: not once closed."]
    more: Annotated[str, "Address of the next page of cases; empty at the end."]
    first: Annotated[str, "Address of the first page; empty on it."]
    clear: Annotated[str, "Address of the same tab without filters; empty when there are none."]
    again: Annotated[ReviewDateList, "The viewer's own overrides to be looked at again soon."]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassPage:
    """Passing a case on instead of deciding it."""

    template: ClassVar[str] = "pass.html"

    shell: Annotated[Shell, "Everything around the page."]
    passing: Annotated[PassView, "The case, and what may be done with it."]
    form: Annotated[PassForm, "What was typed; empty at first."]
    key: Annotated[str, "Key of this rendering of the forms."]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamPage:
    """Who of a branch holds what, and what is late."""

    template: ClassVar[str] = "team.html"

    shell: Annotated[Shell, "Everything around the page."]
    team: Annotated[TeamView, "The branch's work as it stands."]
    again: Annotated[ReviewDateList, "Overrides to be looked at again soon."]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPage:
    """One letter: to read, to take a step further, to print."""

    template: ClassVar[str] = "letter.html"

    shell: Annotated[Shell, "Everything around the page."]
    letter: Annotated[LetterView, "The letter, and what may be done with it."]
    form: Annotated[LetterForm, "What was typed; empty at first."]
    key: Annotated[str, "Key of this rendering of the forms."]


@dataclass(frozen=True, slots=True, kw_only=True)
class LettersPage:
    """The letters in one state."""

    template: ClassVar[str] = "letters.html"

    shell: Annotated[Shell, "Everything around the page."]
    letters: Annotated[LettersView, "One page of letters."]
    tabs: Annotated[tuple[Tab, ...], "One tab per state, with its count."]
    more: Annotated[str, "Address of the next page; empty at the end."]
    first: Annotated[str, "Address of the first page; empty on it."]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Cases found by words."""

    template: ClassVar[str] = "search.html"

    shell: Annotated[Shell, "Everything around the page."]
    words: Annotated[str, "What was looked for."]
    found: Annotated[QueuePage | None, "One page of cases; nothing before the first search."]
    more: Annotated[str, "Address of the next page; empty at the end."]


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """One case, as the person who decides it sees it."""

    template: ClassVar[str] = "case.html"

    shell: Annotated[Shell, "Everything around the page."]
    case: Annotated[CaseView, "Everything known about the case."]
    receipts: Annotated[tuple[ReceiptView, ...], "Of the viewer's own acts on it, newest first."]
    form: Annotated[ActForm, "What was typed into the review form; empty at first."]
    key: Annotated[str, "Key of this rendering of the form."]
    score_picture: Annotated[Markup, "The score among the policy's bands."]
    bars_largest: Annotated[float, "The longest push, which all bars are measured against."]
    total: Annotated[float, "The base plus all pushes."]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverridePage:
    """The form that overrides a recommendation, and the step that confirms it."""

    template: ClassVar[str] = "override.html"

    shell: Annotated[Shell, "Everything around the page."]
    case: Annotated[CaseView, "The case to override."]
    form: Annotated[ActForm, "What was typed so far."]
    key: Annotated[str, "Key of this rendering of the form."]
    groups: Annotated[tuple[CodeGroup, ...], "Justification codes for this direction."]
    chosen: Annotated[CodeChoice | None, "The code chosen so far."]
    evidence: Annotated[tuple[EvidenceTyped, ...], "Evidence typed so far, and rows left empty."]
    evidence_types: Annotated[tuple[tuple[str, str], ...], "Kinds of evidence: name, words."]
    more_evidence: Annotated[bool, "Whether another piece of evidence may be named."]
    brought_back: Annotated[bool, "Whether the form holds a proposal that was returned."]
    consequence: Annotated[Consequence | None, "What recording it would do, once that is known."]
    missing: Annotated[str, "What the preview still lacks; empty when it lacks nothing."]
    confirming: Annotated[bool, "Whether this is the second step: check, then record."]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPage:
    """The second person's page for a proposed override."""

    template: ClassVar[str] = "approval.html"

    shell: Annotated[Shell, "Everything around the page."]
    case: Annotated[CaseView, "The case with its proposed override."]
    form: Annotated[ActForm, "What was typed so far."]
    key: Annotated[str, "Key of this rendering of the form."]
    score_picture: Annotated[Markup, "The score among the policy's bands."]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookPage:
    """What would change a recommendation, worked out when asked."""

    template: ClassVar[str] = "outlook.html"

    shell: Annotated[Shell, "Everything around the page."]
    outlook: Annotated[OutlookView, "What was found, and how it is to be read."]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalPage:
    """The form that closes a case without a decision."""

    template: ClassVar[str] = "withdrawal.html"

    shell: Annotated[Shell, "Everything around the page."]
    case: Annotated[CaseView, "The case to close."]
    reasons: Annotated[tuple[tuple[str, str], ...], "Reasons to choose from: code, words."]
    form: Annotated[ActForm, "What was typed so far."]
    key: Annotated[str, "Key of this rendering of the form."]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPage:
    """Entries of the ledger, newest first."""

    template: ClassVar[str] = "ledger.html"

    shell: Annotated[Shell, "Everything around the page."]
    ledger: Annotated[LedgerState, "How far the ledger is, and one page of entries."]
    kind: Annotated[str, "The kind of entry the list is narrowed to; empty for all."]
    kinds: Annotated[tuple[tuple[str, str], ...], "Kinds to choose from: name, words."]
    more: Annotated[str, "Address of older entries; empty at the end."]
    first: Annotated[bool, "Whether this is the newest page."]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """One entry of the ledger with its proof."""

    template: ClassVar[str] = "entry.html"

    shell: Annotated[Shell, "Everything around the page."]
    entry: Annotated[EntryView, "The entry, its proof, and what may be opened."]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyPage:
    """Proof that nothing was changed: run it, read what it found."""

    template: ClassVar[str] = "verify.html"

    shell: Annotated[Shell, "Everything around the page."]
    ledger: Annotated[LedgerState, "How far the ledger is, and how far it is signed."]
    result: Annotated[VerificationView | None, "What the run found; nothing before a run."]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPage:
    """The shared numbers, each with its denominator and its owner."""

    template: ClassVar[str] = "board.html"

    shell: Annotated[Shell, "Everything around the page."]
    board: Annotated[BoardView, "The numbers of one model."]
    sections: Annotated[tuple[PlottedSection, ...], "The groups of numbers with their pictures."]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackPage:
    """What a feedback set would hold, and the ones made before."""

    template: ClassVar[str] = "feedback.html"

    shell: Annotated[Shell, "Everything around the page."]
    feedback: Annotated[FeedbackView, "Counts by label status, and earlier exports."]
    key: Annotated[str, "Key of this rendering of the form."]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsPage:
    """The registered models."""

    template: ClassVar[str] = "models.html"

    shell: Annotated[Shell, "Everything around the page."]
    bundles: Annotated[tuple[BundleLine, ...], "The models, the champion first."]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPage:
    """The card of one model."""

    template: ClassVar[str] = "model.html"

    shell: Annotated[Shell, "Everything around the page."]
    bundle: Annotated[BundleView, "The card."]
    blocks: Annotated[
        tuple[tuple[str, tuple[tuple[str, ...], ...]], ...],
        "The card's text in runs of one kind: kind, then the items of the run.",
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage:
    """Everyone who may log in, and the form that adds a person."""

    template: ClassVar[str] = "people.html"

    shell: Annotated[Shell, "Everything around the page."]
    people: Annotated[tuple[PersonLine, ...], "Everyone, leavers last."]
    typed: Annotated[Mapping[str, str], "What was typed into the form: name, role, branch, limit."]
    roles: Annotated[tuple[tuple[str, str], ...], "Roles to choose from: name, words."]
    key: Annotated[str, "Key of this rendering of the form."]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChangePage:
    """The step that confirms a change to a person."""

    template: ClassVar[str] = "person_change.html"

    shell: Annotated[Shell, "Everything around the page."]
    person: Annotated[PersonLine, "The person to change."]
    change: Annotated[str, "One of lock, unlock, reset and leave."]
    words: Annotated[str, "What the button says."]
    means: Annotated[str, "What the change does, in one or two sentences."]
    key: Annotated[str, "Key of this rendering of the form."]


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpPage:
    """The keys, the words, and where to ask."""

    template: ClassVar[str] = "help.html"

    shell: Annotated[Shell, "Everything around the page."]
    keys: Annotated[tuple[tuple[str, str, str], ...], "Shortcuts: key, what it does, where."]
    glossary: Annotated[tuple[tuple[str, str], ...], "Words and what they mean here."]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemPage:
    """A request that came to nothing: what happened and what to do next."""

    template: ClassVar[str] = "problem.html"

    shell: Annotated[Shell, "Everything around the page."]
    status: Annotated[int, "The HTTP status."]
    title: Annotated[str, "What happened, in a few words."]
    text: Annotated[str, "What to do next."]
    back: Annotated[str, "Address to go on to."]
    back_words: Annotated[str, "What the link says."]
