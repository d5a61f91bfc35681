"""What stands around every page, and the pieces that pages put together from views."""

from dataclasses import dataclass

from markupsafe import Markup

from ui.views import BoardSection, CodeChoice, Figure, Notice, Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class NavItem:
    """One link of the navigation."""

    href: str
    words: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a form came back: a heading, a sentence, and what is wrong with which field."""

    title: str
    text: str
    fields: tuple[tuple[str, str], ...] = ()  # id of the input or "", sentence

    @property
    def lead(self) -> str:
        """The sentence above the list; empty when the list says the same."""
        return "" if self.text in {said for _, said in self.fields} else self.text

    def at(self, element: str) -> str:
        """What is wrong with one input; empty when nothing is."""
        return next((said for name, said in self.fields if name == element), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What every page shows around its own content."""

    title: str
    viewer: Viewer | None
    navigation: tuple[NavItem, ...]
    may: frozenset[str]
    notices: tuple[Notice, ...]
    fault: Fault | None
    current: str
    draft: str = ""  # address of the form that is shown as it was left

    def wrong(self, element: str) -> str:
        """What is wrong with one input of a form that came back; empty when nothing is."""
        return self.fault.at(element) if self.fault else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One tab above a list."""

    href: str
    words: str
    count: int | None
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeGroup:
    """Justification codes that belong together.

    Two keys choose a code: its group's number, then its own. 0 is no key.
    """

    title: str
    number: int
    codes: tuple[tuple[int, CodeChoice], ...]
    open: bool = True  # whether its codes are shown before it is opened


@dataclass(frozen=True, slots=True, kw_only=True)
class PlottedFigure:
    """One number of the board with its picture."""

    figure: Figure
    picture: Markup
    state_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlottedSection:
    """One group of the board with its pictures.

    ``ends`` are the numbers at both ends of the pictures where all of them share one scale;
    ``numeric`` says of each column of the table whether it holds numbers.
    """

    section: BoardSection
    figures: tuple[PlottedFigure, ...]
    pictured: bool
    ends: tuple[str, str] | None
    numeric: tuple[bool, ...]
    csv: str = ""  # address of the table as CSV
    agreed: bool = True  # whether targets and owners are shown
