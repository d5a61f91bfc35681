"""Every error is one sentence with its facts, travels between processes, and stands in the tree."""

import pickle
from dataclasses import fields

import pytest

from overrides import erasure_errors, errors, queue_errors, waiting_errors
from overrides.errors import OverridesError


def family(error: type[OverridesError]) -> list[type[OverridesError]]:
    return [error, *(kind for child in error.__subclasses__() for kind in family(child))]


EVERY = family(OverridesError)


def filled(error: type[OverridesError]) -> OverridesError:
    facts = {field.name: 7 if field.type is int else f"<{field.name}>" for field in fields(error)}
    return error(**facts)


def drawn() -> list[str]:
    lines: list[str] = []

    def draw(error: type[OverridesError], depth: int) -> None:
        lines.append("  " * depth + error.__name__)
        for child in error.__subclasses__():
            draw(child, depth + 1)

    draw(OverridesError, 0)
    return lines


def test_the_tree_at_the_top_of_the_module_is_the_tree() -> None:
    picture = (errors.__doc__ or "").split("\n\n", 1)[1].splitlines()
    assert picture == drawn()
    assert erasure_errors.ErasureError in EVERY
    assert queue_errors.QueueError in EVERY
    assert waiting_errors.WaitingError in EVERY


@pytest.mark.parametrize("error", EVERY)
def test_an_error_is_a_sentence_with_every_fact_it_promises(error: type[OverridesError]) -> None:
    made = filled(error)
    first = (error.__doc__ or "").splitlines()[0]
    assert "{" not in str(made)
    for field in fields(error):
        if f"{{{field.name}}}" in first:
            assert str(getattr(made, field.name)).upper() in str(made).upper()


@pytest.mark.parametrize("error", EVERY)
def test_an_error_travels_between_processes_with_its_facts(error: type[OverridesError]) -> None:
    made = filled(error)
    back = pickle.loads(pickle.dumps(made))
    assert type(back) is error
    assert vars(back) == vars(made)
    assert str(back) == str(made)
    assert {made: 1}[made] == 1
