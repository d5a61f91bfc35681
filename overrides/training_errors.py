"""What can go wrong around who is trained to decide which cases: see ``overrides.errors``.

TrainingError
  TrainingMissing
  TrainingOver
  TrainingOwn
  TrainingNotForThem
  TrainingDay
  TrainingNotHeld
  PracticeMoved
"""

from dataclasses import dataclass

from overrides.errors import CaseError


@dataclass(eq=False)
class TrainingError(CaseError):
    """It cannot be done under the training register."""


@dataclass(eq=False)
class TrainingMissing(TrainingError):
    """The policy of {bundle} has cases decided by trained people, and no training of {name} is recorded: have the team lead record it on the page Training, or leave the case to a colleague."""

    bundle: str
    name: str


@dataclass(eq=False)
class TrainingOver(TrainingError):
    """The training of {name} for {bundle} was valid until {last_day}: have the team lead record it again on the page Training, or leave the case to a colleague."""

    bundle: str
    name: str
    last_day: str


@dataclass(eq=False)
class TrainingOwn(TrainingError):
    """Nobody records their own training: have another team lead or credit manager do it."""


@dataclass(eq=False)
class TrainingNotForThem(TrainingError):
    """Training is recorded for active people who decide cases, by who leads their branch: choose one of the people listed."""


@dataclass(eq=False)
class TrainingDay(TrainingError):
    """The last day has to lie between {first} and {last}: choose such a day."""

    first: str
    last: str


@dataclass(eq=False)
class TrainingNotHeld(TrainingError):
    """There is no valid training of this person for {bundle} to end: look at the register again."""

    bundle: str


@dataclass(eq=False)
class PracticeMoved(TrainingError):
    """Another practice case comes next: go on with case {place} as the page shows it now."""

    place: str
