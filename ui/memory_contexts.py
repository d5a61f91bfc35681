"""What each page about receipts is given, field by field; as ``ui.contexts``."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from ui.frame import Shell
from ui.memory_views import ReceiptCheck, ReceiptView, SlipView


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPage:
    """A receipt, to be printed and kept."""

    template: ClassVar[str] = "receipt.html"

    shell: Annotated[Shell, "Everything around the page."]
    receipt: Annotated[ReceiptView, "The receipt."]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptCheckPage:
    """The form that checks receipts, and what came of it."""

    template: ClassVar[str] = "receipt_check.html"

    shell: Annotated[Shell, "Everything around the page."]
    typed: Annotated[str, "What was brought."]
    found: Annotated[ReceiptCheck | None, "What became of it; nothing before the first check."]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipPage:
    """The daily slip, to be printed and signed by two people."""

    template: ClassVar[str] = "slip.html"

    shell: Annotated[Shell, "Everything around the page."]
    slip: Annotated[SlipView, "The slip."]
