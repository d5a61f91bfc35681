"""Every error has a status, a stable name and a sentence, and repeats nothing it was told."""

import json
from collections.abc import Iterator
from dataclasses import fields
from types import ModuleType
from typing import Any

import pytest

from decision_service import case_errors
from decision_service import errors as service
from decision_service import feedback_errors as feedback
from decision_service.problems import STATUS, encode, kebab, plain_problem, problem, status_of
from explain import errors as explain
from overrides import booking_errors as booking
from overrides import (
    change_errors,
    erasure_errors,
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
from overrides import errors as overrides

MODULES = (
    explain,
    overrides,
    booking,
    case_errors,
    change_errors,
    erasure_errors,
    feedback,
    finding_errors,
    governance_errors,
    letter_errors,
    oversight_errors,
    queue_errors,
    review_errors,
    review_date_errors,
    training_errors,
    waiting_errors,
    watching_errors,
    service,
)


def classes_of(module: ModuleType) -> Iterator[type[Exception]]:
    for found in vars(module).values():
        own = isinstance(found, type) and found.__module__ == module.__name__
        if own and issubclass(found, Exception):
            yield found


ALL = [found for module in MODULES for found in classes_of(module)]


def example_of(kind: type[Any]) -> Exception:
    """An error of this kind, with something plausible for each of its facts."""
    filled = {
        "cause": "the reason",
        "faults": (service.Fault("/fields/age", "Give a number."),),
        "problems": (explain.FieldProblem("age", "missing", "Give the age."),),
    }
    error: Exception = kind(*(filled.get(f.name, 7) for f in fields(kind)))
    return error


def test_the_table_has_every_error_and_no_other() -> None:
    assert set(STATUS) == set(ALL)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_error_is_a_problem_that_can_be_sent(kind: type[Exception]) -> None:
    error = example_of(kind)
    body = problem(error, "r-1")
    assert body["type"] == f"urn:countermand:problem:{kebab(kind.__name__)}"
    assert body["status"] == status_of(error) == STATUS[kind]
    assert "{" not in body["detail"]
    assert body["detail"] == str(error)
    assert json.loads(encode(body)) == body


def test_names_are_stable_and_plain() -> None:
    assert kebab("UseOverride") == "use-override"
    assert len({kebab(kind.__name__) for kind in ALL}) == len(ALL)


def test_an_error_of_a_later_kind_has_its_ancestors_status() -> None:
    class Later(overrides.ClaimHeld):
        """Another {holder_name}."""

    assert status_of(Later("c", "p", "Asha", "soon")) == 409
    assert status_of(KeyError("x")) == 500


def test_a_full_disk_is_told_from_a_busy_database() -> None:
    full = overrides.LedgerUnavailable(cause="the disk is full")
    assert status_of(full) == 507
    assert problem(full)["status"] == 507
    assert status_of(overrides.LedgerUnavailable(cause="the database is locked")) == 503


def test_each_faulty_field_is_pointed_at() -> None:
    broken = explain.ContractBroken((explain.FieldProblem("a/b", "missing", "Give it."),))
    assert problem(broken)["errors"] == [
        {"pointer": "/fields/a~1b", "detail": "Give it.", "code": "missing"}
    ]


def test_a_problem_shows_at_most_a_hundred_faults() -> None:
    faults = tuple(service.Fault(f"/{n}", "No.") for n in range(1000))
    assert len(plain_problem(422, "x", "y", faults=faults)["errors"]) == 100


def test_nothing_that_is_no_number_can_be_sent() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"x": float("nan")})
