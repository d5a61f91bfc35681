"""A codebook whose sentences an applicant could not read, or must not, is not registered."""

from typing import Any

import pytest

from explain.bundle import describe
from explain.declared.codebook import Codebook
from explain.declared.contract import Contract, Field
from explain.declared.plain_words import grade_of, lix_of, wording_problems
from explain.declared.plain_yaml import read
from tests.sample_models.trained import sample_bundles

CONTRACT = Contract(
    [
        Field(name="savings", label="Savings", type="money", unit="EUR", minimum=0.0, maximum=9e6),
        Field(
            name="job",
            label="Job",
            type="category",
            levels={"none": "no work", "long": "a job " + "that goes on " * 5},
        ),
    ]
)
GOOD = {
    "en": "The applicant has saved {savings}. This raises the estimated risk.",
    "de": "Sie haben {savings} gespart. Das erhöht das Risiko.",
    "fr": "Vous avez {savings} de côté. Cela augmente le risque.",
    "es": "Usted ha ahorrado {savings}. Esto sube el riesgo.",
}


def codebook(languages: list[str], savings: dict[str, str], **changed: object) -> Codebook:
    """Two concepts with these sentences about savings."""
    job = {lang: GOOD[lang].replace("{savings}", "{job}") for lang in GOOD} | {"th": "งาน {job}"}
    rest = {"sign": "±", "actionable": "yes", "why": "Because."}
    whole: Any = read((sample_bundles() / "german-credit" / "codebook.yaml").read_text())
    told: dict[str, Any] = {
        "format": "1",
        "version": "1",
        "date": "2026-01-01",
        "languages": languages,
        "concepts": [
            {"id": "R01", "title": "S", "features": ["savings"], "adverse": savings} | rest,
            {"id": "R02", "title": "J", "features": ["job"], "adverse": job} | rest,
        ],
        "justifications": whole["justifications"],
    }
    for concept in told["concepts"]:
        concept["favourable"] = concept["adverse"]
    return Codebook.model_validate(told | changed)


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        # 0.39 * words / sentences + 11.8 * syllables / words - 15.59, counted by hand
        ("The cat sat on the mat.", 0.39 * 6 + 11.8 * 6 / 6 - 15.59),
        ("The loan is late. We lent money.", 0.39 * 7 / 2 + 11.8 * 8 / 7 - 15.59),
        ("It raised prices", 0.39 * 3 + 11.8 * 4 / 3 - 15.59),
    ],
)
def test_the_grade_is_that_of_the_report(text: str, grade: float) -> None:
    assert grade_of(text) == pytest.approx(grade)


def test_lix_counts_words_per_sentence_and_long_words_in_a_hundred() -> None:
    assert lix_of("Der Kredit ist offen. Das Einkommen reicht.") == 7 / 2 + 100 / 7


@pytest.mark.parametrize("language", list(GOOD))
def test_plain_sentences_pass_in_each_language(language: str) -> None:
    book = codebook([language], GOOD)
    assert [p for p in wording_problems(book, CONTRACT) if "R01" in p] == []


@pytest.mark.parametrize(
    ("language", "sentence", "why"),
    [
        ("en", "You did not meet our internal standards: {savings}.", "may not say 'internal sta"),
        ("en", "The model saw {savings}.", "may not say 'The model'"),
        ("en", "AI saw {savings}.", "may not say 'AI'"),
        ("de", "Der Algorithmus sah {savings}.", "may not say 'Algorithmus'"),
        ("fr", "Votre score est {savings}.", "may not say 'score'"),
        ("es", "Su puntaje es {savings}.", "may not say 'puntaje'"),
        ("en", "Insufficient liquidity considerations necessitate {savings}.", "hard to read"),
        ("de", "Unzureichende Liquiditätsrücklagen beeinträchtigen {savings}.", "hard to read"),
        ("en", "You " + "and you " * 10 + "have {savings}.", "24 words in a sentence"),
    ],
)
def test_a_sentence_that_is_hard_or_not_allowed_is_named(
    language: str, sentence: str, why: str
) -> None:
    problems = wording_problems(codebook([language], {language: sentence}), CONTRACT)
    (told,) = [p for p in problems if p.startswith("R01")]
    assert why in told


def test_the_words_of_a_sentence_are_counted_with_its_longest_value() -> None:
    (told,) = wording_problems(codebook(["en"], GOOD), CONTRACT)
    assert told.startswith("R02: 21 words in a sentence")


def test_parts_of_other_words_are_no_forbidden_words() -> None:
    fine = {"en": "You said you paid {savings} back. This traced the risk."}
    assert not [p for p in wording_problems(codebook(["en"], fine), CONTRACT) if "R01" in p]


def test_a_language_no_machine_reads_here_needs_the_name_of_who_read_it() -> None:
    thai = {"th": "คุณมี {savings}"}
    (told,) = wording_problems(codebook(["th"], thai), CONTRACT)
    assert told.startswith("th: ")
    assert "reviewed_by" in told
    read_by = codebook(["th"], thai, reviewed_by={"th": "S. Suk, 2026-01-01"})
    assert wording_problems(read_by, CONTRACT) == []


@pytest.mark.parametrize("name", ["german-credit", "german-scorecard"])
def test_the_samples_can_be_read(name: str) -> None:
    bundle = describe(sample_bundles() / name)
    assert wording_problems(bundle.codebook_spec, bundle.contract) == []
