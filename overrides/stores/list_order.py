"""Where a case stands in any list: text that sorts, made from its standing."""

from collections.abc import Mapping
from typing import Any

from overrides.cases import OPEN_STATES
from overrides.values import CaseStatus

END_OF_TIME = "9999-12-31T23:59:59.999999Z"
OPEN, CLOSED = "0", "1"  # first character of every place in a list

_BACKWARDS = str.maketrans("0123456789", "9876543210")


def list_order(standing: Mapping[str, Any]) -> str:
    """Where the case stands in any list, as text that sorts.

    Open cases come first, in the order of the clock that presses next, and then the closed ones,
    closed last first. While the applicant is asked for something only the law's clock runs.
    """
    if standing["status"] in OPEN_STATES:
        waits = standing["status"] == CaseStatus.WAITING_APPLICANT
        target = None if waits else standing["target_at"]
        return OPEN + (target or standing["limit_at"] or END_OF_TIME)
    return CLOSED + (standing["closed_at"] or END_OF_TIME).translate(_BACKWARDS)
