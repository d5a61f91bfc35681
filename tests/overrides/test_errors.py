"""Every error is one sentence with its facts, travels between processes, and stands in the tree."""

import pickle
from dataclasses import fields
from types import ModuleType

import pytest

from overrides import (
    booking_errors,
    change_errors,
    erasure_errors,
    errors,
    finding_errors,
    governance_errors,
    letter_errors,
    oversight_errors,
    queue_errors,
    review_date_errors,
    review_errors,
    training_errors,
    waiting_errors,
    watching_errors,
)
from overrides.errors import OverridesError


def family(error: type[OverridesError]) -> list[type[OverridesError]]:
    return [error, *(kind for child in error.__subclasses__() for kind in family(child))]


EVERY = family(OverridesError)
OWN_TREES = {
    erasure_errors.ErasureError: erasure_errors,
    governance_errors.GovernanceError: governance_errors,
    oversight_errors.OversightError: oversight_errors,
    training_errors.TrainingError: training_errors,
    review_errors.ReviewError: review_errors,
    finding_errors.FindingError: finding_errors,
    letter_errors.LetterError: letter_errors,
    queue_errors.QueueError: queue_errors,
    watching_errors.WatchError: watching_errors,
}
"""Families that are drawn at the top of their own module, and named by their head in the whole."""


def filled(error: type[OverridesError]) -> OverridesError:
    facts = {field.name: 7 if field.type is int else f"<{field.name}>" for field in fields(error)}
    return error(**facts)


APART = {
    change_errors.__name__,
    booking_errors.__name__,
}  # modules with a picture of classes of several families


def pictured(module: ModuleType) -> list[str]:
    """The tree at the top of a module, line by line."""
    return (module.__doc__ or "").split("\n\n", 1)[1].splitlines()


def drawn(root: type[OverridesError], like: list[str]) -> list[str]:
    """The tree as the classes are; those beside each other in the order of the picture."""
    lines: list[str] = []
    places = {line.strip(): place for place, line in enumerate(like)}

    def draw(error: type[OverridesError], depth: int) -> None:
        if error.__module__ in APART:
            return
        lines.append("  " * depth + error.__name__)
        below = error.__subclasses__() if error is root or error not in OWN_TREES else []
        for child in sorted(below, key=lambda kind: places.get(kind.__name__, len(like))):
            draw(child, depth + 1)

    draw(root, 0)
    return lines


def test_a_family_with_a_tree_of_its_own_is_drawn_in_its_module() -> None:
    for root, module in OWN_TREES.items():
        assert pictured(module) == drawn(root, pictured(module))


def test_the_tree_at_the_top_of_the_module_is_the_tree() -> None:
    assert pictured(errors) == drawn(OverridesError, pictured(errors))
    own = (change_errors.__doc__ or "").split("\n\n", 1)[1].split()
    apart = [kind for kind in EVERY if kind.__module__ in APART]
    assert own == [
        *("CaseError", *(k.__name__ for k in apart if issubclass(k, errors.CaseError))),
        *("ActError", *(k.__name__ for k in apart if issubclass(k, errors.ActError))),
    ]
    assert erasure_errors.ErasureError in EVERY
    assert queue_errors.QueueError in EVERY
    assert waiting_errors.WaitingError in EVERY
    assert review_date_errors.ReviewDay in EVERY
    assert letter_errors.LetterNotIssued in EVERY


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
