"""What the pages are told about who is trained to decide which cases."""

from dataclasses import dataclass
from datetime import date, datetime

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingForm:
    """What was typed."""

    person: str = ""
    bundle: str = ""
    ground: str = ""
    last_day: str = ""  # as the browser writes it: 2027-11-22
    note: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingLine:
    """What the register has of one person and one bundle.

    ``state`` is ``valid``, ``soon`` (to run out), ``over``, ``ended`` or ``missing``.
    """

    name: str
    bundle: str
    asked: bool  # the policy in force asks for it
    state: str
    state_words: str
    ground_words: str = ""
    last_day: date | None = None
    by: str = ""
    at: datetime | None = None
    practice: str = ""  # the result of the last finished round of practice


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingView:
    """The register as it stood on a day, for one viewer."""

    day: date
    today: date
    past: bool
    whole: bool  # more than the viewer's own lines
    lines: tuple[TrainingLine, ...]
    asking: tuple[str, ...]  # bundles whose policy asks for training
    may_record: bool
    people: Pairs = ()  # reference, name with role
    bundles: Pairs = ()
    grounds: Pairs = ()
    latest: date | None = None
    practises: bool = False  # the viewer decides cases, so may practise
