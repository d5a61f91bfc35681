"""What can go wrong when a person changes an application. Above these stands ``overrides.errors``.

CaseError
  OfferLapsed
  OfferLies
  NotScored
  RescoreFirst
ActError
  NothingChanged
  CorrectionUnproven
  OwnValues
  KnockOutLifted
"""

from dataclasses import dataclass

from overrides.errors import ActError, CaseError


@dataclass(eq=False)
class OfferLapsed(CaseError):
    """The counter-offer ran out at {until}: the case expires, and a new application is needed."""

    case_id: str
    until: str


@dataclass(eq=False)
class OfferLies(CaseError):
    """A counter-offer lies with the applicant until {until}: record the answer first."""

    case_id: str
    until: str


@dataclass(eq=False)
class NotScored(CaseError):
    """The changed application could not be scored, so nothing was recorded: try again later, or decide on the score the case has."""

    case_id: str


@dataclass(eq=False)
class RescoreFirst(CaseError):
    """Terms and values are changed under the version that scored the case, which is not in force or cannot be used: re-score the case first."""

    case_id: str


@dataclass(eq=False)
class NothingChanged(ActError):
    """Every value is the one on record: change at least one."""


@dataclass(eq=False)
class CorrectionUnproven(ActError):
    """A correction rests on a document: say what kind it is and where it is filed."""


@dataclass(eq=False)
class OwnValues(ActError):
    """The recommendation was a decline until you changed values of this application: another officer must approve it."""


@dataclass(eq=False)
class KnockOutLifted(ActError):
    """The corrected value would lift rule {rule}, and that is never one person's act: record an override with code D01 or D02, which a second person upholds, or have the application sent again."""

    rule: str
