"""A month on book counts the loans that were seen for all of it, and no others."""

from datetime import timedelta

from overrides.analysis.vintages import vintage_curve
from overrides.labels import Observation
from overrides.reading import BoardFact
from overrides.values import OutcomeKind
from tests.overrides.test_metrics import AS_OF, DEFINITION, fact


def defaulted(days_ago: int, month: int) -> BoardFact:
    """A loan approved so long ago that was 120 days late in a month on book."""
    opened = AS_OF - timedelta(days=days_ago)
    late = Observation(
        kind=OutcomeKind.MAX_DAYS_PAST_DUE,
        value="120",
        observed_at=opened + timedelta(days=30 * month),
        months_on_book=month,
        seq=1,
    )
    return fact("decline", "approve", opened=opened, observations=(late,))


def test_an_early_bad_waits_for_the_good_ones_of_its_time() -> None:
    curve = {point.month: point for point in vintage_curve([defaulted(200, 2)], DEFINITION, AS_OF)}
    assert (curve[3].bad.count, curve[3].bad.of) == (1, 1)
    assert (curve[6].bad.count, curve[6].bad.of) == (1, 1)
    assert curve[9].bad.of == curve[12].bad.of == 0
    assert curve[12].mean_chance is None


def test_a_late_bad_is_not_bad_in_the_months_before() -> None:
    curve = {point.month: point for point in vintage_curve([defaulted(600, 8)], DEFINITION, AS_OF)}
    assert curve[6].bad.count == 0
    assert (curve[9].bad.count, curve[12].bad.count) == (1, 1)


def test_months_beyond_the_window_are_left_out() -> None:
    assert [p.month for p in vintage_curve([], DEFINITION, AS_OF, (6, 24))] == [6]
