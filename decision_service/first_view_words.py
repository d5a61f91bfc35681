"""What people choose from when they say what they think of a case, in words."""

from collections.abc import Mapping

from overrides.first_views import View

FIRST_VIEW_WORDS: Mapping[View, str] = {
    View.APPROVE: "Approve",
    View.DECLINE: "Decline",
    View.CANNOT_TELL: "Cannot tell",
}
CONFIDENCE_WORDS: Mapping[int, str] = {
    1: "1, a guess",
    2: "2, rather unsure",
    3: "3, fairly sure",
    4: "4, sure",
    5: "5, certain",
}
