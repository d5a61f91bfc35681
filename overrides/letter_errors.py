"""What can go wrong with a letter.

LetterError
  NoLetterDue
  LetterMoved
  LetterNotIssued
  NothingToState
  ReissueUnexplained
"""

from dataclasses import dataclass

from overrides.errors import CaseError


@dataclass(eq=False)
class LetterError(CaseError):
    """Nothing can be done with this letter now."""


@dataclass(eq=False)
class NoLetterDue(LetterError):
    """No letter is called for by this case just now: look at the case again."""

    case_id: str


@dataclass(eq=False)
class LetterMoved(LetterError):
    """The letter is {state} by now, so this cannot be done: open the page again."""

    state: str


@dataclass(eq=False)
class LetterNotIssued(LetterError):
    """The letter was not issued: {why}."""

    why: str


@dataclass(eq=False)
class NothingToState(LetterError):
    """The record has no reason that this letter may state: reopen the case or correct its record first."""

    case_id: str


@dataclass(eq=False)
class ReissueUnexplained(LetterError):
    """A letter has gone out already: say why another one is drafted."""
