"""The sample bundles: honest splits, the same bytes, nothing protected scored, plain sentences."""

import csv
import itertools
import re
import string
from collections import Counter
from pathlib import Path

import pytest

from explain.bundle import Bundle, load
from explain.declared.comparing import COMPARED
from explain.values import Explanation, Scalar
from sample_models import samples
from sample_models.samples import german, split
from sample_models.train import DEVELOPMENT, SEED, train_german
from tests.sample_models.trained import sample_bundles

NAMES = ("german-credit", "german-scorecard")
PROTECTED = {"sex_status", "age_years", "dependants", "foreign_worker"}


@pytest.fixture(scope="module", params=NAMES)
def bundle(request: pytest.FixtureRequest) -> Bundle:
    """Each sample bundle in turn."""
    return load(sample_bundles() / request.param)


def held_out() -> list[dict[str, str]]:
    with (sample_bundles() / "held_out.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_real_applications_are_a_thousand_with_three_hundred_bad() -> None:
    applications = german()
    assert len(applications) == 1000
    assert sum(a.bad for a in applications) == 300
    assert applications[0].application_id == "GC-0001"
    assert applications[0].cells["credit_amount"] == "1169"


def test_another_file_in_its_place_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "german.csv"
    other.write_bytes(samples.GERMAN_CSV.read_bytes() + b"\n")
    monkeypatch.setattr(samples, "GERMAN_CSV", other)
    with pytest.raises(RuntimeError, match="not the file"):
        german()


def test_the_halves_share_no_application_and_have_the_same_share_of_bads() -> None:
    development, rest = split(german(), DEVELOPMENT, SEED)
    assert (len(development), len(rest)) == (500, 500)
    assert sum(a.bad for a in development) == sum(a.bad for a in rest) == 150
    assert not {a.application_id for a in development} & {a.application_id for a in rest}
    assert split(german(), DEVELOPMENT, SEED) == (development, rest)


def test_no_development_row_is_among_the_held_out(bundle: Bundle) -> None:
    development, _ = split(german(), DEVELOPMENT, SEED)
    contract = bundle.contract
    known = [contract.check(contract.from_text(a.cells)).features for a in development]
    assert bundle.reference == known[: len(bundle.reference)]
    assert len(bundle.reference) == 200
    ids = {a.application_id for a in development}
    assert not ids & {row["application_id"] for row in held_out()}


def test_outcomes_lie_apart_from_the_applications_they_belong_to() -> None:
    applications = held_out()
    assert not {"bad", "outcome"} & applications[0].keys()
    with (sample_bundles() / "held_out_outcomes.csv").open() as file:
        outcomes = list(csv.DictReader(file))
    assert [o["application_id"] for o in outcomes] == [a["application_id"] for a in applications]
    assert Counter(o["bad"] for o in outcomes) == {"0": 350, "1": 150}


def test_training_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    train_german(tmp_path)
    first, second = (
        {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        for root in (sample_bundles(), tmp_path)
    )
    assert first == second


def test_what_is_protected_is_monitored_and_never_scored(bundle: Bundle) -> None:
    roles = {f.name: f.role for f in bundle.contract.fields}
    assert {n for n, role in roles.items() if role == "monitor_only"} == PROTECTED
    told = {name for concept in bundle.concepts for name in concept.features}
    assert not told & PROTECTED
    adapter, _ = bundle.parts_in_memory()
    assert not set(adapter.features) & PROTECTED


def test_changing_what_is_protected_changes_no_score_and_no_reason(bundle: Bundle) -> None:
    cells = held_out()[0]
    del cells["application_id"]
    other = {
        "sex_status": "female_single",
        "age_years": "75",
        "dependants": "three_or_more",
        "foreign_worker": "true",
        "telephone": "false",
    }
    contract = bundle.contract
    rows = [
        contract.check(contract.from_text(c)).features
        for c in (cells, {**cells, **other}, {k: v for k, v in cells.items() if k not in other})
    ]
    first, second, third = bundle.explain(rows)
    assert first == second == third
    assert isinstance(first, Explanation)


def test_every_held_out_application_meets_the_contract_and_is_explained(bundle: Bundle) -> None:
    contract = bundle.contract
    rows = []
    for cells in held_out():
        del cells["application_id"]
        checked = contract.check(contract.from_text(cells))
        assert set(checked.monitor) == PROTECTED
        rows.append(checked.features)
    answers = bundle.explain(rows)
    assert all(isinstance(a, Explanation) and a.reliable for a in answers)
    scores = [a.probability for a in answers if isinstance(a, Explanation)]
    approve = sum(p <= float(bundle.policy_spec.approve_up_to) for p in scores)
    decline = sum(p > float(bundle.policy_spec.decline_above) for p in scores)
    assert 0.50 <= approve / 500 <= 0.62
    assert 0.22 <= decline / 500 <= 0.33


def test_the_sample_decides_nothing_by_itself(bundle: Bundle) -> None:
    assert bundle.policy_spec.automation == "none"


def syllables(word: str) -> int:
    """About how many syllables an English word has."""
    groups = re.findall(r"[aeiouy]+", word.lower().removesuffix("e"))
    return max(1, len(groups))


def grade(text: str) -> float:
    """Flesch-Kincaid grade of a text."""
    sentences = [s for s in re.split(r"[.!?]", text) if s.strip()]
    words = re.findall(r"[A-Za-z']+|\d[\d,%]*", text)
    return (
        0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    )


def test_every_sentence_renders_for_every_level_in_twenty_words_and_plain_ones(
    bundle: Bundle,
) -> None:
    grades = []
    for concept in bundle.concepts:
        specs = [bundle.contract[name] for name in concept.features]
        choices: list[list[Scalar]] = [[*s.levels] or [s.minimum, s.maximum] for s in specs]
        for values in itertools.product(*choices):
            words = {s.name: s.in_words(v) for s, v in zip(specs, values, strict=True)}
            words[COMPARED] = ""  # a sentence of its own, which has a test of its own
            for sentence in (concept.adverse["en"], concept.favourable["en"]):
                text = sentence.format_map(words)
                assert not set("{}") & set(text)
                assert len(text.split()) <= 20, text
                assert text[0] in string.ascii_uppercase
                assert text.endswith(".")
                grades.append(grade(text))
    assert max(grades) <= 12
    assert sum(grades) / len(grades) <= 8


def test_reasons_never_hide_behind_words_that_say_nothing(bundle: Bundle) -> None:
    vague = re.compile("internal|standard|qualifying|model|algorithm|AI |computer", re.IGNORECASE)
    for concept in bundle.concepts:
        assert not vague.search(concept.adverse["en"] + concept.favourable["en"])


def test_justification_codes_cover_both_sides_and_ask_for_evidence(bundle: Bundle) -> None:
    codes = {j.code: j for j in bundle.justifications}
    assert len(codes) == 28
    for direction in ("low", "high", "either"):
        assert any(j.direction == direction for j in codes.values())
    assert all(j.evidence.required and j.evidence.what for j in codes.values())
    other = codes["X03"]
    assert (other.second_approver, other.note_min_chars) == ("always", 200)


def test_both_bundles_share_their_codebook_and_differ_in_their_models() -> None:
    trees, card = (load(sample_bundles() / name, prove=False) for name in NAMES)
    assert trees.codebook.sha256 == card.codebook.sha256
    assert trees.model.sha256 != card.model.sha256
    assert trees.sha256 != card.sha256


def test_the_models_rank_held_out_applications_far_better_than_chance(bundle: Bundle) -> None:
    measured = re.search(r"ROC curve \| [\d.]+ \| ([\d.]+)", bundle.card_text)
    assert measured is not None
    assert float(measured[1]) > 0.75
