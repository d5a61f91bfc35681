"""Bytes once written are a promise: lines are added here, and none is ever edited."""

import pytest

from overrides.event_kinds import KINDS
from overrides.events import read_event
from tests.golden.drafts import GOLDEN, LATER, NAMES, bodies, drafts


def test_every_kind_has_its_golden_line() -> None:
    found = [read_event(line).type for line in GOLDEN]
    assert sorted(found) == sorted([*KINDS, *LATER])


@pytest.mark.parametrize(
    ("written", "promised"), list(zip(bodies(), GOLDEN, strict=True)), ids=NAMES
)
def test_the_bytes_of_this_kind_are_those_promised(written: bytes, promised: bytes) -> None:
    assert written == promised


def test_an_event_read_back_says_what_the_draft_said() -> None:
    for (draft, commit), line in zip(drafts(), GOLDEN, strict=True):
        event = read_event(line)
        assert (event.event_id, event.type, event.actor, event.role) == (
            draft.event_id,
            draft.type,
            draft.actor,
            draft.role,
        )
        assert (event.data, event.case, event.cause, event.commit) == (
            draft.data,
            draft.case,
            draft.cause,
            commit,
        )
        assert (event.model, event.policy, event.codebook) == (
            draft.model,
            draft.policy,
            draft.codebook,
        )
