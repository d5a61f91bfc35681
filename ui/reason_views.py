"""What the pages are told about reasons and the data under them: plain, frozen values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonLine:
    """One reason, as the officer reads it."""

    concept: str
    title: str
    text: str
    value: str
    contribution: float
    strength: str
    rank: int
    unexpected: bool = False  # whether it pushes the other way than its value suggests
    tied: bool = False  # whether it may weigh as much as the one before it
    weak: str = ""  # why its data are to be checked first; "" where nothing speaks against them


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of the picture: a concept's push on the score."""

    label: str
    value: str
    contribution: float
    unexpected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFault:
    """A field whose value is to be checked before anything is built on it.

    ``code`` is ``stale``, ``from_future``, ``missing``, ``imputed``, ``outside`` or ``unseen``;
    ``owner`` is whoever answers for the field by the data contract, "" where it names nobody;
    ``concepts`` are the principal reasons that rest on the field.
    """

    field: str
    label: str
    code: str
    text: str
    owner: str = ""
    concepts: tuple[str, ...] = ()
