"""What can go wrong around validations, sign-offs and exceptions of models: see ``overrides.errors``.

GovernanceError
  NotSignedOff
  ValidationMissing
  ValidationChanged
  OtherVersion
  ValidationTooLong
  FindingsOpen
  FindingDropped
  NotIndependent
  SignedAlready
  ExceptionNotPossible
  NoExceptionRuns
  DissentUnexplained
"""

from dataclasses import dataclass

from overrides.errors import OverridesError


@dataclass(eq=False)
class GovernanceError(OverridesError):
    """The rules for letting a model decide do not allow it."""


@dataclass(eq=False)
class NotSignedOff(GovernanceError):
    """{name} may not be champion in this version yet: {lacking}. See 'countermand bundle signoffs {name}'."""

    name: str
    lacking: str


@dataclass(eq=False)
class ValidationMissing(GovernanceError):
    """{name} has no validation record that holds today: record one with 'countermand bundle validate', then sign."""

    name: str


@dataclass(eq=False)
class ValidationChanged(GovernanceError):
    """The validation record of {name} is not the one you read: read the newest one, then sign."""

    name: str


@dataclass(eq=False)
class OtherVersion(GovernanceError):
    """The newest version of {name} is {sha256}, which is not the one named: look at that one first."""

    name: str
    sha256: str


@dataclass(eq=False)
class ValidationTooLong(GovernanceError):
    """A validation of a model of class {risk_class} holds until {latest} at most and not before tomorrow: give another day in expires."""

    risk_class: str
    latest: str


@dataclass(eq=False)
class FindingsOpen(GovernanceError):
    """{name} has open findings of high severity ({findings}): nothing stands in for closing them."""

    name: str
    findings: str


@dataclass(eq=False)
class FindingDropped(GovernanceError):
    """Finding {finding} is open in the record before: keep it with its severity, or list it as closed."""

    finding: str


@dataclass(eq=False)
class NotIndependent(GovernanceError):
    """You may not do this as well: {because}. Somebody else must."""

    because: str


@dataclass(eq=False)
class SignedAlready(GovernanceError):
    """{who} has signed this version on this validation record already."""

    who: str


@dataclass(eq=False)
class ExceptionNotPossible(GovernanceError):
    """No exception can be asked for: {because}."""

    because: str


@dataclass(eq=False)
class NoExceptionRuns(GovernanceError):
    """No exception for {name} can be voted on: ask for one with 'countermand bundle exception {name}'."""

    name: str


@dataclass(eq=False)
class DissentUnexplained(GovernanceError):
    """Say in a note why you vote against: dissent is kept with its reason."""
