"""Errors of the ledger, the cases and the models, put as refusals a page can show.

The sentence is the error's own. Here a title is added and, where one form field is at fault, its
name, so that the page can point at it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from decision_service.case_errors import NothingToTry, TriesUsedUp, UnknownReason
from decision_service.errors import FieldsErased, NothingToRescore, ServiceError
from decision_service.problems import status_of
from explain.errors import ContractBroken, ExplainError
from overrides import (
    booking_errors,
    change_errors,
    erasure_errors,
    errors,
    finding_errors,
    letter_errors,
    oversight_errors,
    queue_errors,
    review_date_errors,
    review_errors,
    training_errors,
    waiting_errors,
)
from overrides.instants import parse_instant
from ui.ports import Refused
from ui.words import instant_words

NOT_RECORDED = "Nothing was recorded"

TITLES: dict[type[Exception], str] = {
    errors.UnknownCase: "Case not found",
    errors.StaleCase: "The case changed while you read it",
    errors.CaseClosed: "The case is closed",
    errors.NotAllowedNow: "Not possible at the moment",
    errors.ClaimHeld: "Someone else is working on this case",
    errors.ExcludedFromCase: "Another officer must decide this case",
    errors.ModelSuspended: "Re-score this case first",
    queue_errors.ReferredUpwards: "Referred upwards",
    queue_errors.UnknownColleague: "Choose a colleague",
    queue_errors.HandedToOneself: "Choose a colleague",
    queue_errors.UntilNotPossible: "Choose another time",
    queue_errors.NothingHeld: "Nobody holds this case",
    waiting_errors.AnswerUnproven: "Say where the values come from",
    waiting_errors.NothingAsked: "Choose what to ask for",
    waiting_errors.NotToBeAsked: "Choose what to ask for",
    waiting_errors.ReceivedNotPossible: "Correct when it came",
    waiting_errors.AppealToRecord: "Record an appeal",
    waiting_errors.UndoOver: "Too late to undo",
    waiting_errors.NotYoursToUndo: "Not yours to undo",
    letter_errors.NoLetterDue: "No letter is due",
    letter_errors.LetterMoved: "Open the letter again",
    letter_errors.LetterNotIssued: "The letter was not issued",
    letter_errors.NothingToState: "No letter can be made",
    letter_errors.ReissueUnexplained: "Say why",
    change_errors.OfferLapsed: "The offer ran out",
    change_errors.OfferLies: "An offer lies with the applicant",
    change_errors.NotScored: NOT_RECORDED,
    change_errors.RescoreFirst: "Re-score this case first",
    change_errors.NothingChanged: "Nothing was changed",
    change_errors.OwnValues: "A second person is needed",
    change_errors.KnockOutLifted: "A second person is needed",
    oversight_errors.FirstViewMissing: "Your own view first",
    oversight_errors.FirstViewNotAsked: "Nothing to record",
    review_date_errors.NoReviewDate: "Nothing to look at again",
    training_errors.TrainingMissing: "Training is asked for",
    training_errors.TrainingOver: "The training ran out",
    training_errors.TrainingOwn: "A second person is needed",
    training_errors.TrainingNotForThem: "Choose a person",
    training_errors.TrainingDay: "Choose another day",
    training_errors.TrainingNotHeld: "Nothing to end",
    training_errors.PracticeMoved: "Another case is next",
    review_errors.MonthNotOver: "Choose another month",
    review_errors.MonthOpenAlready: "Read and sign those",
    review_errors.OtherReview: "Open the review again",
    review_errors.MonthSigned: "Signed already",
    review_errors.ActionUnknown: "Look at the list again",
    review_errors.ActionNotYours: "Not yours to close",
    review_errors.DayNotPossible: "Choose another day",
    review_errors.PromiseNotDue: "Not due yet",
    review_errors.PromiseSettled: "Agreed already",
    review_errors.CostNotPossible: "Please check",
    finding_errors.FindingUnknown: "Finding not found",
    finding_errors.FindingClosed: "The finding is closed",
    finding_errors.FindingUnowned: "The finding needs an owner",
    finding_errors.FindingElsewhere: "Of another branch",
    finding_errors.FindingOwn: "A second person is needed",
    finding_errors.FindingOwnerNotPossible: "Choose a person",
    finding_errors.FindingDay: "Choose another day",
    finding_errors.FindingReason: "Choose a reason",
    finding_errors.FindingsTooMany: "Too many findings",
    errors.UseOverride: "This would be an override",
    errors.NothingToOverride: "There is nothing to override",
    errors.AboveLimit: "Above your limit",
    errors.LimitInOtherCurrency: "Another currency than the limit's",
    errors.SamePerson: "A second person is needed",
    errors.NoAuthority: "Your role cannot do this",
    errors.NothingToApprove: "Nothing waits for approval",
    errors.KeyReused: "This form was sent before with other answers",
    errors.LedgerUnavailable: NOT_RECORDED,
    erasure_errors.CaseStillOpen: "The case is still open",
    erasure_errors.NotDueYet: "Not due yet",
    erasure_errors.AskedYourself: "A second person is needed",
    erasure_errors.AddedSince: "A second person is needed",
    erasure_errors.ErasureChanged: "Look again",
    erasure_errors.ErasureOver: "Settled already",
    erasure_errors.NothingToErase: "Nothing to erase",
    erasure_errors.NotErased: "There is no certificate",
    UnknownReason: "No such reason",
    NothingToTry: "Nothing can be tried",
    TriesUsedUp: "No more tries",
    NothingToRescore: "Nothing to re-score",
    FieldsErased: "It cannot be re-scored",
    ContractBroken: "It cannot be re-scored as it is",
}

FIELDS: dict[type[Exception], str] = {
    errors.UseOverride: "decision",
    errors.NothingToOverride: "decision",
    errors.CodeNotAllowed: "code",
    errors.EvidenceMissing: "evidence_reference",
    change_errors.CorrectionUnproven: "evidence_reference",
    errors.NoteTooShort: "note",
    review_date_errors.ReviewDay: "review_on",
    errors.AdverseReasonsMissing: "concepts",
    errors.UnknownConcept: "concepts",
    queue_errors.UntilNotPossible: "until",
    training_errors.TrainingNotForThem: "person",
    training_errors.TrainingOwn: "person",
    training_errors.TrainingDay: "last_day",
    finding_errors.FindingOwnerNotPossible: "owner",
    finding_errors.FindingDay: "due",
    finding_errors.FindingReason: "reason",
    booking_errors.BookedFileRefused: "file",
    waiting_errors.AnswerUnproven: "note",
    waiting_errors.NothingAsked: "fields",
    waiting_errors.NotToBeAsked: "fields",
    waiting_errors.ReceivedNotPossible: "received_at",
    errors.AboveLimit: "decision",
    errors.LimitInOtherCurrency: "decision",
    letter_errors.ReissueUnexplained: "reason",
    erasure_errors.GroundUnknown: "ground",
}

FORM_FAULTS = frozenset({errors.AboveLimit, errors.LimitInOtherCurrency})
"""Refusals that bring a filled form back, whatever status the interface gives them."""


def refused(error: Exception) -> Refused:
    """The refusal for an error; the one place where errors become what pages show."""
    text = _sentence(error)
    at_fault = FIELDS.get(type(error))
    fields = {at_fault: text} if at_fault else {}
    status = 422 if type(error) in FORM_FAULTS else status_of(error)
    return Refused(status, TITLES.get(type(error), "Please check"), text, fields)


def _sentence(error: Exception) -> str:
    """The error's own sentence; put for people where it has machine's numbers in it."""
    if isinstance(error, errors.ClaimHeld):
        until = instant_words(parse_instant(error.until))
        return f"{error.holder_name} is working on this case until {until} UTC."
    if isinstance(error, errors.AboveLimit):
        return "The amount is above your limit: give the case back for someone who may approve it."
    if isinstance(error, ContractBroken):
        wanted = " ".join(f"{problem.field}: {problem.detail}" for problem in error.problems)
        return f"{NOT_RECORDED}. What is in force asks for more than was sent. {wanted}"
    if isinstance(error, erasure_errors.GroundUnknown):
        return "Choose why."
    return str(error)


@contextmanager
def refusing(otherwise: str = "") -> Iterator[None]:
    """Let every error of the domain leave this block as ``Refused``.

    ``otherwise`` is the form's field that is at fault where what it names is not there.
    """
    try:
        yield
    except (errors.OverridesError, ExplainError, ServiceError) as error:
        found = refused(error)
        if otherwise and found.status == HTTPStatus.NOT_FOUND:
            said, status = str(found), HTTPStatus.UNPROCESSABLE_ENTITY
            raise Refused(status, found.title, said, {otherwise: said}) from error
        raise found from error
