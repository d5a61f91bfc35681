"""What the pages of sign-offs and of routing are given, field by field."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from ui.frame import Shell
from ui.governance_views import RoutingView, SignOffView


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOffPage:
    """Who validated and signed the newest version of a model."""

    template: ClassVar[str] = "signoffs.html"

    shell: Annotated[Shell, "Everything around the page."]
    of: Annotated[SignOffView, "The version and what was recorded of it."]
    note: Annotated[str, "What was typed into the note; empty at first."]
    key: Annotated[str, "Key of this rendering of the form."]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPage:
    """What a version would have sent to people."""

    template: ClassVar[str] = "routing.html"

    shell: Annotated[Shell, "Everything around the page."]
    of: Annotated[RoutingView, "The version, and what it would have meant."]
