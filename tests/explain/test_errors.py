"""Every error is a sentence with facts, and the drawn tree is the real one."""

import pickle

import pytest

from explain import errors
from explain.errors import (
    BundleError,
    BundleInvalid,
    ContractBroken,
    ExplainError,
    FieldProblem,
    FileAltered,
    FileTooLarge,
    LibraryFailed,
    ModelUnavailable,
    NonsenseScore,
    NotExplainable,
    NotFaithful,
    NotProven,
    NotSigned,
    UnsafeModelFile,
)

ONE_OF_EACH: list[ExplainError] = [
    ExplainError(),
    BundleError("models/a"),
    FileAltered("models/a/model.txt", "aa", "bb"),
    FileTooLarge("models/a/model.txt", 11, 10),
    NotSigned("models/a", "there is no manifest.sig"),
    UnsafeModelFile("models/a/model.skops", ("os.system",)),
    BundleInvalid("models/a", ("one thing", "another")),
    NotProven("models/a", "the contributions add up", 3),
    LibraryFailed("models/a/model.txt", "died (signal 11, SIGSEGV) while reading the file"),
    ContractBroken((FieldProblem("age", "missing", "Give the age."),)),
    ModelUnavailable("german-credit", "TimeoutError"),
    NonsenseScore("german-credit", "the score is not finite"),
    NotFaithful(0.5, 1e-9),
    NotExplainable("rows.csv", ("it has no column income: add it",)),
]


def drawn(kind: type[ExplainError], depth: int = 0) -> list[str]:
    """The tree below a class as the module draws it."""
    below = [line for child in kind.__subclasses__() for line in drawn(child, depth + 1)]
    return ["  " * depth + kind.__name__, *below]


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    assert errors.__doc__ is not None
    assert errors.__doc__.strip().split("\n\n")[1].splitlines() == drawn(ExplainError)


def test_there_is_an_example_of_every_error_here() -> None:
    assert {type(e).__name__ for e in ONE_OF_EACH} == {line.strip() for line in drawn(ExplainError)}


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=lambda e: type(e).__name__)
def test_an_error_speaks_and_survives_the_way_to_another_process(error: ExplainError) -> None:
    assert str(error)
    assert "{" not in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert hash(error) is not None


def test_a_broken_contract_names_each_field_with_its_advice() -> None:
    problems = (
        FieldProblem("age", "missing", "Give the age."),
        FieldProblem("term", "wrong_type", "Give a whole JSON number."),
    )
    assert "age: Give the age.; term: Give a whole JSON number." in str(ContractBroken(problems))
