"""What can go wrong while work is shared out.

QueueError
  ReferredUpwards
  UnknownColleague
  HandedToOneself
  UntilNotPossible
  NothingHeld
"""

from dataclasses import dataclass

from overrides.errors import CaseError


@dataclass(eq=False)
class QueueError(CaseError):
    """The case cannot be passed on like this."""


@dataclass(eq=False)
class ReferredUpwards(QueueError):
    """The case was referred upwards: the team lead hands it out, or a senior officer or credit manager takes it."""

    case_id: str


@dataclass(eq=False)
class UnknownColleague(QueueError):
    """Whoever was chosen may not work on this case: choose a colleague who decides cases of branch {branch}."""

    branch: str


@dataclass(eq=False)
class HandedToOneself(QueueError):
    """You hold this case or can claim it: hand it to somebody else."""


@dataclass(eq=False)
class UntilNotPossible(QueueError):
    """{act} ends after now and by {latest} ({why}): choose such a time."""

    act: str
    latest: str
    why: str


@dataclass(eq=False)
class NothingHeld(QueueError):
    """Nobody holds this case, so there is nothing to take back."""
