"""What each page about erasures is given, field by field; as ``ui.contexts``."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from ui.erasure_views import (
    CertificateView,
    Choices,
    DueView,
    ErasuresView,
    ErasureTyped,
    ErasureView,
    HoldLine,
)
from ui.frame import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasuresPage:
    """What waits to be erased, what was, and what is held."""

    template: ClassVar[str] = "erasures.html"

    shell: Annotated[Shell, "Everything around the page."]
    erasures: Annotated[ErasuresView, "Requests and holds."]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPage:
    """The form that asks for an erasure, or sets a hold."""

    template: ClassVar[str] = "erasure_form.html"

    shell: Annotated[Shell, "Everything around the page."]
    holding: Annotated[bool, "Whether the form sets a hold instead of asking for an erasure."]
    typed: Annotated[ErasureTyped, "What was typed."]
    choices: Annotated[Choices, "Grounds and classes to choose from."]
    key: Annotated[str, "Key of this rendering of the form."]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasurePage:
    """One request, and the form with which a second person settles it."""

    template: ClassVar[str] = "erasure.html"

    shell: Annotated[Shell, "Everything around the page."]
    erasure: Annotated[ErasureView, "The request."]
    note: Annotated[str, "What was typed into the note."]
    key: Annotated[str, "Key of this rendering of the form."]


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePage:
    """What is due, and the form that asks for all of it."""

    template: ClassVar[str] = "erasure_due.html"

    shell: Annotated[Shell, "Everything around the page."]
    due: Annotated[DueView, "What is due."]
    note: Annotated[str, "What was typed into the note."]
    key: Annotated[str, "Key of this rendering of the form."]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePage:
    """The certificate of an erasure, to be printed."""

    template: ClassVar[str] = "certificate.html"

    shell: Annotated[Shell, "Everything around the page."]
    certificate: Annotated[CertificateView, "What the ledger shows."]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPage:
    """One legal hold, and the form that lifts it."""

    template: ClassVar[str] = "hold.html"

    shell: Annotated[Shell, "Everything around the page."]
    hold: Annotated[HoldLine, "The hold."]
    typed: Annotated[ErasureTyped, "What was typed."]
    choices: Annotated[Choices, "Grounds to choose from."]
    key: Annotated[str, "Key of this rendering of the form."]
