"""What can go wrong around watching a model's outcomes: see ``overrides.errors``.

WatchError
  WatchRuns
  WatchUndeclarable
"""

from dataclasses import dataclass

from overrides.errors import OverridesError


@dataclass(eq=False)
class WatchError(OverridesError):
    """It cannot be done about watching this model."""


@dataclass(eq=False)
class WatchRuns(WatchError):
    """{name} is watched in this version already: a second watch would be a second chance of a false alarm. Declare the next one with the next version."""

    name: str


@dataclass(eq=False)
class WatchUndeclarable(WatchError):
    """A watch cannot be declared so: {problem}."""

    problem: str
