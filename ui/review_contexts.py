"""What the page of the monthly review is given, field by field."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from ui.frame import Shell
from ui.review_views import ReviewForm, ReviewView


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """One month's numbers before the owners, and what they do about them."""

    template: ClassVar[str] = "review.html"

    shell: Annotated[Shell, "Everything around the page."]
    review: Annotated[ReviewView, "The month and what was recorded of it."]
    form: Annotated[ReviewForm, "What was typed; empty at first."]
    key: Annotated[str, "Key of this rendering of the forms."]
