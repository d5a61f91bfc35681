"""Refusals as RFC 9457 problems: one table says which HTTP status every error has.

A problem never repeats what was sent. Its ``type`` is a stable name of the error, its ``detail``
the error's own sentence, its ``errors`` the places at fault, its ``instance`` the request's id.
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from decision_service import case_errors as questions
from decision_service import errors as service
from decision_service import feedback_errors as feedback
from explain import errors as explain
from overrides import booking_errors as booking
from overrides import change_errors as change
from overrides import erasure_errors as erasure
from overrides import errors as overrides
from overrides import finding_errors as findings
from overrides import governance_errors as governance
from overrides import letter_errors as letters
from overrides import oversight_errors as oversight
from overrides import queue_errors as queue
from overrides import review_date_errors
from overrides import review_errors as review
from overrides import training_errors as training
from overrides import waiting_errors as waiting
from overrides import watching_errors as watching

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:countermand:problem:"
FAULTS_SHOWN_MAX = 100
DISK_FULL = "full"

STATUS: Mapping[type[Exception], int] = {
    explain.ExplainError: 500,
    explain.BundleError: 503,
    explain.FileAltered: 503,
    explain.FileTooLarge: 503,
    explain.NotSigned: 503,
    explain.UnsafeModelFile: 503,
    explain.BundleInvalid: 503,
    explain.NotProven: 503,
    explain.LibraryFailed: 503,
    explain.ContractBroken: 422,
    explain.ModelUnavailable: 503,
    explain.NonsenseScore: 503,
    explain.NotFaithful: 503,
    explain.NotExplainable: 422,
    overrides.OverridesError: 500,
    overrides.CaseError: 409,
    overrides.UnknownCase: 404,
    overrides.StaleCase: 409,
    overrides.CaseClosed: 409,
    overrides.NotAllowedNow: 409,
    overrides.ClaimHeld: 409,
    overrides.ExcludedFromCase: 403,
    overrides.ModelSuspended: 409,
    queue.QueueError: 409,
    queue.ReferredUpwards: 409,
    queue.UnknownColleague: 422,
    queue.HandedToOneself: 422,
    queue.UntilNotPossible: 422,
    queue.NothingHeld: 409,
    waiting.WaitingError: 409,
    waiting.NothingAsked: 422,
    waiting.AnswerUnproven: 422,
    waiting.NotToBeAsked: 422,
    waiting.AppealToRecord: 409,
    waiting.ReceivedNotPossible: 422,
    waiting.UndoOver: 409,
    waiting.NotYoursToUndo: 403,
    letters.LetterError: 409,
    letters.NoLetterDue: 404,
    letters.LetterMoved: 409,
    letters.LetterNotIssued: 409,
    letters.NothingToState: 409,
    letters.ReissueUnexplained: 422,
    change.OfferLapsed: 409,
    change.OfferLies: 409,
    change.NotScored: 503,
    change.RescoreFirst: 409,
    change.NothingChanged: 422,
    change.CorrectionUnproven: 422,
    change.OwnValues: 403,
    change.KnockOutLifted: 409,
    governance.GovernanceError: 409,
    governance.NotSignedOff: 409,
    governance.ValidationMissing: 409,
    governance.ValidationChanged: 409,
    governance.OtherVersion: 409,
    governance.ValidationTooLong: 422,
    governance.FindingsOpen: 409,
    governance.FindingDropped: 422,
    governance.NotIndependent: 403,
    governance.SignedAlready: 409,
    governance.ExceptionNotPossible: 409,
    governance.NoExceptionRuns: 409,
    governance.DissentUnexplained: 422,
    watching.WatchError: 409,
    watching.WatchRuns: 409,
    watching.WatchUndeclarable: 422,
    oversight.OversightError: 409,
    oversight.FirstViewMissing: 409,
    oversight.FirstViewNotAsked: 409,
    oversight.NoticeMissing: 409,
    oversight.NoticeAhead: 409,
    oversight.ShareUnchanged: 409,
    review.ReviewError: 409,
    review.MonthNotOver: 409,
    review.MonthOpenAlready: 409,
    review.OtherReview: 409,
    review.MonthSigned: 409,
    review.ActionUnknown: 409,
    review.ActionNotYours: 403,
    review.DayNotPossible: 422,
    review.PromiseNotDue: 409,
    review.PromiseSettled: 409,
    review.CostNotPossible: 422,
    training.TrainingError: 409,
    training.TrainingMissing: 403,
    training.TrainingOver: 403,
    training.TrainingOwn: 403,
    training.TrainingNotForThem: 422,
    training.TrainingDay: 422,
    training.TrainingNotHeld: 409,
    training.PracticeMoved: 409,
    findings.FindingError: 409,
    findings.FindingUnknown: 404,
    findings.FindingClosed: 409,
    findings.FindingUnowned: 409,
    findings.FindingElsewhere: 403,
    findings.FindingOwn: 403,
    findings.FindingOwnerNotPossible: 422,
    findings.FindingDay: 422,
    findings.FindingReason: 422,
    findings.FindingsTooMany: 422,
    overrides.ActError: 422,
    overrides.UseOverride: 409,
    overrides.NothingToOverride: 409,
    overrides.CodeNotAllowed: 422,
    overrides.EvidenceMissing: 422,
    overrides.NoteTooShort: 422,
    review_date_errors.ReviewDay: 422,
    review_date_errors.NoReviewDate: 409,
    overrides.AdverseReasonsMissing: 422,
    overrides.UnknownConcept: 422,
    overrides.AboveLimit: 403,
    overrides.LimitInOtherCurrency: 403,
    overrides.SamePerson: 403,
    overrides.NoAuthority: 403,
    overrides.NothingToApprove: 409,
    overrides.KeyReused: 422,
    overrides.OutOfDate: 409,
    erasure.ErasureError: 409,
    erasure.UnknownErasure: 404,
    erasure.ErasureOver: 409,
    erasure.ErasureChanged: 409,
    erasure.NothingToErase: 404,
    erasure.NotErased: 409,
    erasure.CaseStillOpen: 409,
    erasure.NotDueYet: 409,
    erasure.AskedYourself: 403,
    erasure.AddedSince: 403,
    erasure.GroundUnknown: 422,
    erasure.UnknownHold: 404,
    erasure.HoldOver: 409,
    erasure.ScheduleInvalid: 503,
    erasure.ErasureUnproven: 503,
    overrides.LedgerError: 500,
    overrides.LedgerUnavailable: 503,
    overrides.LedgerAltered: 500,
    overrides.UnknownKind: 500,
    overrides.NotCanonical: 422,
    overrides.EventTooLarge: 422,
    overrides.SlotErased: 410,
    overrides.DataKeyAltered: 500,
    overrides.ProofInvalid: 422,
    overrides.NoteInvalid: 422,
    overrides.SigningRefused: 503,
    overrides.WitnessRefused: 503,
    overrides.MemoryUnusable: 409,
    overrides.CalendarInvalid: 503,
    overrides.OutcomeRefused: 422,
    booking.BookedFileRefused: 422,
    service.ServiceError: 500,
    service.RequestError: 400,
    service.Malformed: 400,
    service.InvalidRequest: 422,
    service.TooLarge: 413,
    service.UnsupportedMedia: 415,
    service.IdempotencyKeyMissing: 400,
    service.IdempotencyKeyInvalid: 400,
    service.AccessError: 403,
    service.Unauthenticated: 401,
    service.Forbidden: 403,
    service.CrossSite: 403,
    service.TooManyAttempts: 429,
    service.SignInFailed: 401,
    service.PeopleError: 409,
    service.UnknownPerson: 404,
    service.PersonKnown: 409,
    service.PersonHasLeft: 409,
    service.NameRefused: 422,
    service.PasswordRefused: 422,
    service.RegistryError: 409,
    service.UnknownBundle: 404,
    service.NoChampion: 409,
    service.BundleUnavailable: 503,
    service.BundleKnown: 409,
    service.NothingToRollBack: 409,
    service.StandingUnchanged: 409,
    service.DecisionError: 409,
    service.UnknownDecision: 404,
    service.AlreadyDecided: 409,
    service.NothingToRescore: 409,
    service.FieldsErased: 409,
    questions.QuestionError: 409,
    questions.UnknownReason: 404,
    questions.NothingToTry: 409,
    questions.TriesUsedUp: 409,
    service.FeedbackError: 409,
    feedback.FolderTaken: 409,
    feedback.InstantAhead: 422,
    feedback.SetUnreadable: 422,
    feedback.UnknownSet: 404,
    service.OtherHistory: 409,
    service.NotReady: 503,
    service.Overloaded: 503,
    service.AlreadyServed: 503,
    service.SchemaOutdated: 503,
    service.NoSigningKey: 503,
}

# Facts of an error that help the sender and are no secret, given as members of the problem.
FACTS: Mapping[type[BaseException], tuple[str, ...]] = {
    overrides.StaleCase: ("case_id", "seen", "now"),
    overrides.CaseClosed: ("case_id", "status"),
    overrides.NotAllowedNow: ("case_id", "status"),
    overrides.ClaimHeld: ("case_id", "holder_name", "until"),
    overrides.ModelSuspended: ("case_id",),
    oversight.FirstViewMissing: ("case_id",),
    overrides.UseOverride: ("recommendation",),
    overrides.NothingToOverride: ("recommendation",),
    overrides.CodeNotAllowed: ("code", "side"),
    overrides.AboveLimit: ("amount_minor", "limit_minor"),
    overrides.LimitInOtherCurrency: ("amount_currency", "limit_currency"),
    overrides.NoAuthority: ("needed",),
    service.AlreadyDecided: ("case_id", "status", "decision_id"),
    service.NothingToRescore: ("case_id",),
    service.FieldsErased: ("case_id",),
    service.TooManyAttempts: ("seconds",),
}

_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))

FACT_NAMES: Mapping[str, str] = {"status": "case_status"}  # a problem has a status of its own


def status_of(error: BaseException) -> int:
    """The HTTP status of an error: its own class's, else its nearest ancestor's, else 500."""
    if isinstance(error, overrides.LedgerUnavailable) and DISK_FULL in error.cause:
        return HTTPStatus.INSUFFICIENT_STORAGE.value
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR.value


def problem(error: BaseException, instance: str = "") -> dict[str, Any]:
    """The problem object of an error of explain, overrides or the service."""
    told = FACTS.get(type(error), ())
    facts = {FACT_NAMES.get(name, name): getattr(error, name) for name in told}
    return plain_problem(
        status_of(error),
        kebab(type(error).__name__),
        str(error),
        instance=instance,
        faults=_faults(error),
        facts=facts,
    )


def plain_problem(
    status: int,
    name: str,
    detail: str,
    *,
    instance: str = "",
    faults: tuple[service.Fault, ...] = (),
    facts: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A problem object from its parts; ``name`` is the last part of its stable type."""
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + name,
        "title": name.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
    }
    if instance:
        body["instance"] = f"urn:countermand:request:{instance}"
    if faults:
        body["errors"] = [
            {"pointer": f.pointer, "detail": f.detail, **({"code": f.code} if f.code else {})}
            for f in faults[:FAULTS_SHOWN_MAX]
        ]
    return body | dict(facts or {})


def encode(body: Mapping[str, Any]) -> bytes:
    """A problem or an answer as JSON; nothing that is no number can leave in it."""
    return _encoder.encode(body).encode()


def kebab(name: str) -> str:
    """``UseOverride`` as ``use-override``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def pointer(*steps: str | int) -> str:
    """A JSON pointer (RFC 6901) from its steps."""
    return "".join("/" + str(s).replace("~", "~0").replace("/", "~1") for s in steps)


def _faults(error: BaseException) -> tuple[service.Fault, ...]:
    """The places at fault that an error names."""
    if isinstance(error, service.InvalidRequest):
        return error.faults
    if isinstance(error, explain.ContractBroken):
        return tuple(
            service.Fault(pointer("fields", p.field), p.detail, p.code) for p in error.problems
        )
    return ()
