"""What the people of the demo do keeps to the rules that people at a real desk keep to."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from decision_service.demo.history import HEAD_OFFICE, History, Stage
from overrides.values import CaseStatus


@pytest.mark.parametrize(("limit", "confirms"), [(1_500_000, "elena"), (1_200_000, HEAD_OFFICE)])
def test_whoever_confirms_after_a_rejection_may_approve_that_much(
    limit: int, confirms: str
) -> None:
    case = SimpleNamespace(status=CaseStatus.IN_REVIEW, final=None, branch="river")
    limits = {"elena": limit, HEAD_OFFICE: 10**9}
    recorded: list[str] = []

    def read(viewer: str, _case_id: str) -> Any:
        may = limits[viewer] >= 1_455_500
        return SimpleNamespace(case_id="c", version=1, recommendation="approve", may_agree=may)

    stage = SimpleNamespace(
        services=SimpleNamespace(
            cases=SimpleNamespace(case=lambda _: SimpleNamespace(case=case)),
        ),
        desk=SimpleNamespace(case=read),
        acts=SimpleNamespace(review=lambda actor, *_: recorded.append(actor)),
        clock=lambda: None,
        actors={name: name for name in limits},
        viewers={name: name for name in limits},
    )
    history = History(cast("Stage", stage), [], {}, lambda *_: None)
    history._confirm("c", {"application_id": "GC-1"}, "elena")
    assert recorded == [confirms]
