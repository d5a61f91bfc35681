"""What can go wrong around findings that are tracked to closure: see ``overrides.errors``.

FindingError
  FindingUnknown
  FindingClosed
  FindingUnowned
  FindingElsewhere
  FindingOwn
  FindingOwnerNotPossible
  FindingDay
  FindingReason
  FindingsTooMany
"""

from dataclasses import dataclass

from overrides.errors import CaseError


@dataclass(eq=False)
class FindingError(CaseError):
    """It cannot be done to a finding."""


@dataclass(eq=False)
class FindingUnknown(FindingError):
    """There is no finding {finding} that you may see: look at the list of findings again."""

    finding: str


@dataclass(eq=False)
class FindingClosed(FindingError):
    """The finding is closed already: look at it again."""


@dataclass(eq=False)
class FindingUnowned(FindingError):
    """Nobody owns the finding yet: give it an owner first, who looks into it and closes it."""


@dataclass(eq=False)
class FindingElsewhere(FindingError):
    """It is of another branch than yours: leave it to who answers for that branch."""


@dataclass(eq=False)
class FindingOwn(FindingError):
    """The finding is about a case that {name} decided: somebody else has to look into it."""

    name: str


@dataclass(eq=False)
class FindingOwnerNotPossible(FindingError):
    """That person cannot own this finding: choose one of the people listed."""


@dataclass(eq=False)
class FindingDay(FindingError):
    """The finding has to be due between {first} and {last}: choose such a day."""

    first: str
    last: str


@dataclass(eq=False)
class FindingReason(FindingError):
    """That is no reason to close this finding for: choose one of those listed."""


@dataclass(eq=False)
class FindingsTooMany(FindingError):
    """The file has {count} findings and one run records at most {most}: declare a narrower scope, or send the file in parts."""

    count: int
    most: int
