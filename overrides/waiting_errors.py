"""What can go wrong while applicants are asked and ends taken back: see ``overrides.errors``."""

from dataclasses import dataclass

from overrides.errors import CaseError


@dataclass(eq=False)
class WaitingError(CaseError):
    """The applicant cannot be asked like this."""


@dataclass(eq=False)
class NothingAsked(WaitingError):
    """Choose at least one field or document that the applicant is asked for."""


@dataclass(eq=False)
class NotToBeAsked(WaitingError):
    """{name} is nothing that an applicant can be asked for here: choose from the list."""

    name: str


@dataclass(eq=False)
class AnswerUnproven(WaitingError):
    """Values that you write down for an applicant need a source: say where the document is filed, or in {needed} characters or more how they were told."""

    needed: int


@dataclass(eq=False)
class UndoOver(CaseError):
    """The decision can no longer be undone, as {seconds} seconds have passed: ask a senior officer, credit manager or team lead to reopen the case."""

    seconds: int


@dataclass(eq=False)
class NotYoursToUndo(CaseError):
    """Only the person who made the decision can undo it."""

    case_id: str


@dataclass(eq=False)
class ReceivedNotPossible(WaitingError):
    """An appeal comes after its decision ({earliest}) and no later than this moment ({latest}): correct when it was received."""

    earliest: str
    latest: str


@dataclass(eq=False)
class AppealToRecord(CaseError):
    """A decision that the applicant contests is decided again by somebody else: record an appeal instead of reopening the case."""

    case_id: str
