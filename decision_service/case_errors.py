"""What can go wrong while somebody asks about the score of a case.

ServiceError
  QuestionError
    UnknownReason
    NothingToTry
    TriesUsedUp
"""

from dataclasses import dataclass

from decision_service.errors import ServiceError


@dataclass(eq=False)
class QuestionError(ServiceError):
    """Nothing like this can be asked of the score of case {case_id}: open the case again."""

    case_id: str


@dataclass(eq=False)
class UnknownReason(QuestionError):
    """The decision that stands on case {case_id} gives no such reason: choose one that the case page shows."""


@dataclass(eq=False)
class NothingToTry(QuestionError):
    """No other values can be tried on case {case_id}. {why}."""

    why: str


@dataclass(eq=False)
class TriesUsedUp(QuestionError):
    """{most} sets of values were tried on this score of case {case_id}, and no more are scored: decide from what they showed."""

    most: int
