"""A comparison in a reason is with the pinned background, says of how many, and never too much."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.bundle import Bundle, load
from explain.comparators import ROWS_MIN, Comparator
from explain.declared.codebook import Codebook, Concept
from explain.declared.contract import Contract, Field
from explain.declared.plain_words import wording_problems
from explain.reasons import Wording
from explain.values import Row
from tests.sample_models.trained import sample_bundles

TERM = Field(name="term", label="Term", type="integer", unit="months", minimum=1, maximum=600)
KIND = Field(name="kind", label="Kind", type="category", levels={"new": "new", "old": "old"})
CONTRACT = Contract([TERM, KIND])
SENTENCE = "The loan would run for {term}.{compared} This raises the risk."


def concept(name: str, features: Sequence[str], text: str, language: str = "en") -> Concept:
    told = {"adverse": {language: text}, "favourable": {language: text}}
    rest = {"title": "T", "sign": "±", "actionable": "yes", "why": "Because."}
    return Concept.model_validate({"id": name, "features": features, **told, **rest})


def background(*values: float | None) -> list[Row]:
    return [{"term": value, "kind": "new"} for value in values]


@given(st.lists(st.integers(1, 12), min_size=ROWS_MIN, max_size=80), st.integers(0, 13))
def test_what_is_said_is_true_of_the_background(values: list[int], mine: int) -> None:
    rows = background(*map(float, values), None, None)
    said = Comparator(["term"], rows, "passing").words("term", float(mine))
    lower = sum(value < mine for value in values)
    higher = sum(value > mine for value in values)
    if not said:
        assert 2 * max(lower, higher) < len(values)
        return
    count = lower if said.endswith("lower.") else higher
    share = 10 if said.startswith(" For all ") else int(said.split(" in 10")[0].split()[-1])
    assert share * len(values) <= 10 * count
    assert share >= 5
    assert f"{len(values)} applicants who just pass" in said


def test_nothing_is_said_of_a_gap_a_middle_value_or_a_handful() -> None:
    many = Comparator(["term"], background(*(float(n) for n in range(1, 101))), None)
    assert many.words("term", 90.0) == (
        " For at least 8 in 10 of 100 applicants of a fixed sample it is lower."
    )
    assert many.words("term", 0.0) == " For all 100 applicants of a fixed sample it is higher."
    assert many.words("term", None) == ""
    assert many.words("other", 3.0) == ""
    equal = Comparator(["term"], background(*[12.0] * 60), "all")
    assert equal.words("term", 12.0) == ""
    few = Comparator(["term"], background(*[12.0] * (ROWS_MIN - 1)), "all")
    assert few.words("term", 13.0) == ""


def test_a_sentence_has_the_comparison_only_where_it_asks_and_there_is_a_background() -> None:
    rows = background(*(float(n) for n in range(1, 101)))
    concepts = [concept("R01", ["term"], SENTENCE), concept("R02", ["kind"], "A {kind} loan.")]
    row: Row = {"term": 48.0, "kind": "old"}
    with_one = Wording(concepts, CONTRACT, "en", {}, Comparator(["term"], rows, "passing"))
    adverse = with_one.reasons([0.5, 0.3], row).adverse
    assert adverse[0].text == (
        "The loan would run for 48 months. For at least 5 in 10 of 100 applicants who just pass it"
        " is higher. This raises the risk."
    )
    assert adverse[0].value == "48 months"
    assert adverse[1].text == "A old loan."
    without = Wording(concepts, CONTRACT, "en", {}).reasons([0.5, 0.3], row).adverse
    assert without[0].text == "The loan would run for 48 months. This raises the risk."


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (concept("R01", ["kind"], "A {kind} loan.{compared}"), "is of one number"),
        (concept("R01", ["term", "kind"], "{term} and {kind}.{compared}"), "is of one number"),
        (concept("R01", ["term"], "{term}.{compared}", "de"), "not in de"),
        (concept("R01", ["term"], "{term}.{compared:>9}"), "is no feature"),
    ],
)
def test_a_comparison_that_cannot_be_made_is_refused_at_registration(
    wrong: Concept, words: str
) -> None:
    book = Codebook.model_construct(concepts=(wrong,), languages=tuple(wrong.adverse))
    assert any(words in problem for problem in book.problems(CONTRACT))


def test_the_comparison_counts_when_a_sentence_is_held_to_its_length() -> None:
    long = "It runs" + " on" * 12 + " for {term}{compared}"
    book = Codebook.model_construct(concepts=(concept("R01", ["term"], long),), languages=("en",))
    assert any("words in a sentence" in problem for problem in wording_problems(book, CONTRACT))


@pytest.fixture(scope="module")
def scorecard() -> Bundle:
    return load(sample_bundles() / "german-scorecard", prove=False)


def test_a_bundle_compares_with_its_own_background(scorecard: Bundle) -> None:
    values = [row["duration_months"] for row in scorecard.background]
    longest = max(values, key=lambda value: value or 0.0)
    row = {**scorecard.reference[0], "duration_months": longest}
    amounts = [float(f.name == "duration_months") for f in scorecard.contract.features]
    (reason,) = scorecard.wording.reasons(amounts, row).adverse
    assert f"of {len(values)} applicants" in reason.text
    assert reason.text.count(" it is lower.") == 1
