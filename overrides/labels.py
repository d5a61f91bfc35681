"""What a case's outcome is as a label: good, bad, or why nobody can say yet.

An early default is final and its absence is provisional: a case is good only when its performance
window has closed and every month of it was reported. A default inside the window is never taken
back by a later cure or re-ageing; only a correction of the record itself does that.
"""

from enum import StrEnum


class LabelStatus(StrEnum):
    """Whether an outcome is seen, and why not where it is not."""

    OBSERVED_GOOD = "OBSERVED_GOOD"
    OBSERVED_BAD = "OBSERVED_BAD"
    INDETERMINATE = "INDETERMINATE"
    IMMATURE = "IMMATURE"
    UNOBSERVED_DECLINED = "UNOBSERVED_DECLINED"
    UNOBSERVED_NOT_TAKEN = "UNOBSERVED_NOT_TAKEN"
    UNOBSERVED_WITHDRAWN = "UNOBSERVED_WITHDRAWN"
    UNOBSERVED_INCOMPLETE = "UNOBSERVED_INCOMPLETE"
    EXCLUDED = "EXCLUDED"


class LabelSource(StrEnum):
    """Where an observed label comes from."""

    OWN_BOOK = "OWN_BOOK"
    RANDOM_ACCEPT = "RANDOM_ACCEPT"
    NONE = ""
