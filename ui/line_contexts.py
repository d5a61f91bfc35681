"""What the page about a device's waiting acts is given."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from ui.frame import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedPage:
    """Acts that were sent with the line down and are not yet recorded."""

    template: ClassVar[str] = "queued.html"

    shell: Annotated[Shell, "Everything around the page."]
