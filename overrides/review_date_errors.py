"""What can be wrong with the day on which an override is looked at again."""

from dataclasses import dataclass

from overrides.errors import ActError, CaseError


@dataclass(eq=False)
class ReviewDay(ActError):
    """An override with code {code} is looked at again on a day from {first} to {last}: choose one."""

    code: str
    first: str
    last: str


@dataclass(eq=False)
class NoReviewDate(CaseError):
    """No override of this case waits to be looked at again."""

    case_id: str
