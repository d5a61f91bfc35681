"""Everything that can go wrong with a case, an act or the ledger; more in ``change_errors``.

OverridesError
  CaseError
    UnknownCase
    StaleCase
    CaseClosed
    NotAllowedNow
    ClaimHeld
    ExcludedFromCase
    ModelSuspended
    OversightError
    QueueError
    TrainingError
    FindingError
    WaitingError
      NothingAsked
      NotToBeAsked
      AnswerUnproven
      ReceivedNotPossible
    UndoOver
    NotYoursToUndo
    AppealToRecord
    LetterError
    NoReviewDate
  ActError
    UseOverride
    NothingToOverride
    CodeNotAllowed
    EvidenceMissing
    NoteTooShort
    AdverseReasonsMissing
    UnknownConcept
    AboveLimit
    LimitInOtherCurrency
    SamePerson
    NoAuthority
    NothingToApprove
    ReviewDay
  KeyReused
  OutOfDate
  LedgerError
    LedgerUnavailable
    LedgerAltered
    UnknownKind
    NotCanonical
    EventTooLarge
    DataKeyAltered
    SlotErased
    ProofInvalid
    NoteInvalid
    SigningRefused
    WitnessRefused
    MemoryUnusable
  CalendarInvalid
  OutcomeRefused
  ErasureError
  GovernanceError
  ReviewError
  WatchError
"""

from dataclasses import dataclass, fields


@dataclass(eq=False)
class OverridesError(Exception):
    """Something went wrong with a case or the ledger."""

    def __str__(self) -> str:
        """First line of the class's own docstring, filled with its facts."""
        text = (self.__doc__ or "").splitlines()[0].format(**vars(self))
        return text[:1].upper() + text[1:]

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes with every fact, however it was raised."""
        return type(self), tuple(getattr(self, f.name) for f in fields(self))


@dataclass(eq=False)
class CaseError(OverridesError):
    """The case is not in a state in which this can be done."""


@dataclass(eq=False)
class UnknownCase(CaseError):
    """There is no case {case_id} that you may see."""

    case_id: str


@dataclass(eq=False)
class StaleCase(CaseError):
    """The case changed while you read it (you saw version {seen}, it is now {now}): look again, then decide."""

    case_id: str
    seen: int
    now: int


@dataclass(eq=False)
class CaseClosed(CaseError):
    """The case is already {status}; nothing more can be decided on it."""

    case_id: str
    status: str


@dataclass(eq=False)
class NotAllowedNow(CaseError):
    """{act} cannot be done while the case is {status}."""

    case_id: str
    act: str
    status: str


@dataclass(eq=False)
class ClaimHeld(CaseError):
    """{holder_name} is working on this case until {until}."""

    case_id: str
    holder: str
    holder_name: str
    until: str


@dataclass(eq=False)
class ExcludedFromCase(CaseError):
    """You had a part in this case before: in a decision that is contested, in its appeal, or by a proposal that was not upheld. Another officer must decide it."""

    case_id: str


@dataclass(eq=False)
class ModelSuspended(CaseError):
    """The model that scored this case is suspended, so nothing may rest on its score: re-score the case, then decide."""

    case_id: str


@dataclass(eq=False)
class ActError(OverridesError):
    """The act lacks something it needs."""


@dataclass(eq=False)
class UseOverride(ActError):
    """The recommendation is {recommendation}: deciding {decision} is an override and needs a justification."""

    recommendation: str
    decision: str


@dataclass(eq=False)
class NothingToOverride(ActError):
    """Deciding {decision} does not contradict the recommendation ({recommendation}): record it as a review."""

    recommendation: str
    decision: str


@dataclass(eq=False)
class CodeNotAllowed(ActError):
    """Justification {code} cannot be used when {side}: choose one from the list."""

    code: str
    side: str


@dataclass(eq=False)
class EvidenceMissing(ActError):
    """Justification {code} needs evidence: {what}."""

    code: str
    what: str


@dataclass(eq=False)
class NoteTooShort(ActError):
    """Say why: the note has {length} characters and needs {minimum} or more."""

    minimum: int
    length: int


@dataclass(eq=False)
class AdverseReasonsMissing(ActError):
    """Name one to four reasons from what you reviewed: the applicant must be told why."""


@dataclass(eq=False)
class UnknownConcept(ActError):
    """{concept} is not a reason in this model's codebook."""

    concept: str


@dataclass(eq=False)
class AboveLimit(ActError):
    """The amount {amount_minor} (minor units) is above your limit of {limit_minor}: refer the case upwards."""

    amount_minor: int
    limit_minor: int


@dataclass(eq=False)
class LimitInOtherCurrency(ActError):
    """The amount is in {amount_currency} and the limit it has to be held against in {limit_currency}; nothing is converted, so only a credit manager may approve it."""

    amount_currency: str
    limit_currency: str


@dataclass(eq=False)
class SamePerson(ActError):
    """A second approval must come from another person than the one who proposed the override."""


@dataclass(eq=False)
class NoAuthority(ActError):
    """Deciding this needs {needed}; your role is {role}."""

    needed: str
    role: str


@dataclass(eq=False)
class NothingToApprove(ActError):
    """No override of this case is waiting for approval."""

    case_id: str


@dataclass(eq=False)
class KeyReused(OverridesError):
    """The Idempotency-Key was used before with another request: use a new key for a new one."""


@dataclass(eq=False)
class OutOfDate(OverridesError):
    """What this was made ready under has changed since: it has to be decided again."""


@dataclass(eq=False)
class LedgerError(OverridesError):
    """The ledger cannot do this."""


@dataclass(eq=False)
class LedgerUnavailable(LedgerError):
    """Nothing was recorded: the ledger cannot be written ({cause}). Try again; nothing is half-written."""

    cause: str


@dataclass(eq=False)
class LedgerAltered(LedgerError):
    """Entry {seq} does not match what was recorded: {finding}."""

    seq: int
    finding: str


@dataclass(eq=False)
class UnknownKind(LedgerError):
    """Entry kind {kind} version {version} is not known to this release."""

    kind: str
    version: int


@dataclass(eq=False)
class NotCanonical(LedgerError):
    """The value cannot be written down in one exact way: {problem}."""

    problem: str


@dataclass(eq=False)
class EventTooLarge(LedgerError):
    """The entry has {size} bytes; {limit} are allowed."""

    size: int
    limit: int


@dataclass(eq=False)
class DataKeyAltered(LedgerError):
    """The data key {dek_id} is not the one that was stored: nothing was destroyed."""

    dek_id: str


@dataclass(eq=False)
class SlotErased(LedgerError):
    """The personal part {slot} of this entry can no longer be read."""

    slot: str


@dataclass(eq=False)
class ProofInvalid(LedgerError):
    """The proof does not lead to the signed root: {finding}."""

    finding: str


@dataclass(eq=False)
class NoteInvalid(LedgerError):
    """The signed note cannot be accepted: {finding}."""

    finding: str


@dataclass(eq=False)
class SigningRefused(LedgerError):
    """Nothing was signed: {cause}."""

    cause: str


@dataclass(eq=False)
class WitnessRefused(LedgerError):
    """The witness signs nothing: {cause}."""

    cause: str


@dataclass(eq=False)
class MemoryUnusable(LedgerError):
    """The memory {file} cannot be used: {cause}."""

    file: str
    cause: str


@dataclass(eq=False)
class CalendarInvalid(OverridesError):
    """The calendar of working time cannot be used: {problem}."""

    problem: str


@dataclass(eq=False)
class OutcomeRefused(OverridesError):
    """{problem}."""

    problem: str
