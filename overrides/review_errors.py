"""What can go wrong around the owners' monthly review of the board: see ``overrides.errors``.

ReviewError
  MonthNotOver
  MonthOpenAlready
  OtherReview
  MonthSigned
  ActionUnknown
  ActionNotYours
  DayNotPossible
  PromiseNotDue
  PromiseSettled
  CostNotPossible
"""

from dataclasses import dataclass

from overrides.errors import OverridesError


@dataclass(eq=False)
class ReviewError(OverridesError):
    """The rules for reviewing the board do not allow it."""


@dataclass(eq=False)
class MonthNotOver(ReviewError):
    """{month} is not over yet: a month is reviewed once all of it has been recorded."""

    month: str


@dataclass(eq=False)
class MonthOpenAlready(ReviewError):
    """The numbers of {month} lie before the owners already: read and sign those."""

    month: str


@dataclass(eq=False)
class OtherReview(ReviewError):
    """The numbers of {month} that you read are not those that lie before the owners: open the review again, then go on."""

    month: str


@dataclass(eq=False)
class MonthSigned(ReviewError):
    """{who} has signed the review of {month} already: each owner signs once, by a person of their own."""

    month: str
    who: str


@dataclass(eq=False)
class ActionUnknown(ReviewError):
    """There is no such action, or it is closed already: look at the list again."""


@dataclass(eq=False)
class ActionNotYours(ReviewError):
    """It was given to {owner}: somebody of theirs closes it."""

    owner: str


@dataclass(eq=False)
class DayNotPossible(ReviewError):
    """The day has to lie between {first} and {last}: choose such a day."""

    first: str
    last: str


@dataclass(eq=False)
class PromiseNotDue(ReviewError):
    """What became of {kpi} is judged from {due} on, the day it was promised for."""

    kpi: str
    due: str


@dataclass(eq=False)
class PromiseSettled(ReviewError):
    """The four owners have agreed on {kpi}: {says}. That stands; a new version of the bundle promises anew."""

    kpi: str
    says: str


@dataclass(eq=False)
class CostNotPossible(ReviewError):
    """A cost is entered for a month that has begun, with an amount of 0 or more and the lender's currency: {why}."""

    why: str
