"""What a search for changes may answer."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from ..values import Row, Scalar

Kind = Literal["found", "none", "stopped"]


class Change(NamedTuple):
    """One field as stated and as it would be; ``follows`` names the field it moves with."""

    field: str
    before: Scalar
    after: Scalar
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One set of changes that turns the recommendation, scored and weighed as a whole.

    ``fields`` is how many fields are changed, those that only follow left out, and ``size`` what
    their sizes add up to.
    """

    changes: tuple[Change, ...]
    fields: int
    size: float
    row: Row


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, after how many combinations were looked at.

    ``found``: the options, of each set of fields one, the smallest first. ``none``: no combination
    that may be turns it. ``stopped``: a limit came first. With ``smallest`` the first option is
    known to be so: everything before it was looked at; otherwise it is the best that was found.
    """

    kind: Kind
    options: tuple[Option, ...]
    tried: int
    smallest: bool

    def __post_init__(self) -> None:
        """Refuse an answer that says two things."""
        if (self.kind == "found") != bool(self.options) or (self.smallest and not self.options):
            msg = "options are what was found, and only they can be the smallest"
            raise ValueError(msg)
