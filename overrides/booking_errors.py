"""What can be refused of a file of booked loans.

BookedFileRefused
"""

from dataclasses import dataclass

from overrides.errors import OverridesError


@dataclass(eq=False)
class BookedFileRefused(OverridesError):
    """The file of booked loans cannot be read: {problem}."""

    problem: str
