"""A bundle says what it must or is refused, and one bad answer never spoils the others."""

import itertools
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from explain.adapters import ModelAdapter
from explain.bundle import Bundle, card, describe, example, load
from explain.declared.bundle_files import seal
from explain.errors import BundleInvalid, ModelUnavailable, NonsenseScore, NotProven
from explain.explainers import Parts
from explain.values import Explanation, Row


def rewrite(folder: Path, name: str, old: str, new: str) -> None:
    """Change a file of a bundle and seal the folder again, as its maker would."""
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))
    seal(folder, "german-credit")


class Changed:
    """An explainer that answers like another, after something was done to its answers."""

    method = "tree_path_dependent"

    def __init__(self, bundle: Bundle, change: Callable[[Row, Parts], Parts]) -> None:
        self._adapter, self._explainer = bundle.parts_in_memory()
        self._change = change

    def adapter(self) -> ModelAdapter:
        """The model itself, unchanged."""
        return self._adapter

    def attribute(self, rows: Sequence[Row]) -> list[Parts]:
        """The changed answers."""
        parts = self._explainer.attribute(rows)
        return [self._change(row, part) for row, part in zip(rows, parts, strict=True)]


def spoiled(folder: Path, change: Callable[[Row, Parts], Parts]) -> Bundle:
    """The bundle with an explainer whose answers are changed."""
    bundle = load(folder)
    explainer = Changed(bundle, change)
    bundle.use(explainer.adapter(), explainer)
    return bundle


@pytest.mark.parametrize(
    ("name", "old", "new", "why"),
    [
        ("policy.yaml", 'near_cutoff: "0.02"', 'near_cutof: "0.02"', "near_cutof"),
        ("policy.yaml", "automation: none", "automation: maybe", "automation"),
        ("policy.yaml", 'near_cutoff: "0.02"', 'near_cutoff: "2%"', "near_cutoff"),
        ("policy.yaml", 'approve_up_to: "0', 'approve_up_to: "1', "between 0 and 1"),
        ("policy.yaml", "field: credit_amount", "field: shoe_size", "P01-AMOUNT"),
        ("policy.yaml", "concept: R22", "concept: R99", "P01-AMOUNT"),
        ("policy.yaml", "amount_field: credit_amount", "amount_field: housing", "no money field"),
        ("policy.yaml", "tier2_minor: 1000000", "tier2_minor: 1", "tier2_minor"),
        ("codebook.yaml", "features: [savings]", "features: [housing]", "savings has no concept"),
        ("codebook.yaml", "features: [savings]", "features: [savings, housing]", "housing has two"),
        ("codebook.yaml", "{savings}", "{housing}", "is no feature of this concept"),
        ("codebook.yaml", "{savings}", "{savings.real}", "is no feature of this concept"),
        ("codebook.yaml", "{savings}", "{savings", "R33"),
        ("codebook.yaml", "languages: [en]", "languages: [en, hi]", "no sentence in hi"),
        ("codebook.yaml", "id: R33", "id: R32", "used twice"),
        ("codebook.yaml", "direction: low", "direction: sideways", "direction"),
        ("kpis.yaml", "owner: operations", "owner: nobody", "owner"),
        ("model.yaml", "type: integer", "type: integral", "type"),
        ("model.yaml", "level: overdrawn", "level: none", "listed twice"),
        ("model.yaml", 'duration_months: "24"', 'duration_months: "999"', "example"),
        ("model.yaml", "bad_dpd: 90", "bad_dpd: 10", "indeterminate_dpd"),
        ("model.yaml", "name: german-credit", "name: another-name", "different names"),
        ("model.yaml", '"tree_path_dependent"', '"linear_independent"', "explained by"),
        ("reference.csv", "expected_raw", "expected", "expected_raw"),
        ("reference.csv", "\nnone,", "\ncastle,", "row"),
    ],
)
def test_a_bundle_that_contradicts_itself_is_refused_and_says_where(
    folder: Path, name: str, old: str, new: str, why: str
) -> None:
    rewrite(folder, name, old, new)
    with pytest.raises(BundleInvalid, match=why):
        load(folder)


def test_a_model_trained_on_other_fields_is_refused(folder: Path) -> None:
    rewrite(folder, "model.txt", "feature_names=checking_account", "feature_names=shoe_size")
    with pytest.raises(BundleInvalid, match="feature_names"):
        load(folder)


def test_a_model_on_another_scale_is_refused(folder: Path) -> None:
    rewrite(folder, "model.txt", "objective=binary sigmoid:1", "objective=regression")
    with pytest.raises(BundleInvalid, match="objective"):
        load(folder)


def test_a_model_that_answers_otherwise_than_recorded_is_not_proven(folder: Path) -> None:
    lines = (folder / "reference.csv").read_text().splitlines()
    cells = lines[3].split(",")
    cells[-1] = repr(float(cells[-1]) + 1e-6)
    (folder / "reference.csv").write_text("\n".join([*lines[:3], ",".join(cells), *lines[4:]]))
    seal(folder, "german-credit")
    with pytest.raises(NotProven, match="row 2"):
        load(folder)
    assert load(folder, prove=False).name == "german-credit"


def test_a_bundle_without_a_model_answer_gives_that_error_in_the_rows_place(
    folder: Path, rows: list[Row]
) -> None:
    poisoned = rows[1]

    def fail(row: Row, parts: Parts) -> Parts:
        if row is poisoned:
            raise RuntimeError
        return parts

    answers = spoiled(folder, fail).explain(rows[:3])
    assert isinstance(answers[0], Explanation)
    assert isinstance(answers[1], ModelUnavailable)
    assert isinstance(answers[2], Explanation)


@pytest.mark.parametrize("score", [float("nan"), float("inf"), float("-inf")])
def test_a_nonsense_score_is_told_in_its_place(folder: Path, rows: list[Row], score: float) -> None:
    answers = spoiled(folder, lambda _, p: Parts(score, p.base, p.amounts)).explain(rows[:2])
    assert [type(a) for a in answers] == [NonsenseScore, NonsenseScore]


def test_another_number_of_contributions_is_nonsense(folder: Path, rows: list[Row]) -> None:
    bundle = spoiled(folder, lambda _, p: Parts(p.score, p.base, p.amounts[:-1]))
    assert isinstance(bundle.explain(rows[:1])[0], NonsenseScore)


def test_reasons_that_do_not_add_up_are_withheld_and_the_score_kept(
    folder: Path, rows: list[Row]
) -> None:
    honest = load(folder).explain(rows[:1])[0]
    bundle = spoiled(folder, lambda _, p: Parts(p.score, p.base + 1e-6, p.amounts))
    (answer,) = bundle.explain(rows[:1])
    assert isinstance(answer, Explanation)
    assert isinstance(honest, Explanation)
    assert not answer.reliable
    assert answer.reasons == ()
    assert "add up" in answer.problem
    assert answer.probability == honest.probability
    with pytest.raises(NotProven):
        bundle.prove()


def test_a_row_with_a_level_the_model_never_met_does_not_stop_the_others(
    bundle: Bundle, rows: list[Row]
) -> None:
    answers = bundle.explain([rows[0], {**rows[1], "housing": "castle"}, rows[2]])
    assert [type(a).__name__ for a in answers] == [
        "Explanation",
        "ModelUnavailable",
        "Explanation",
    ]


def test_no_rows_are_no_explanations(bundle: Bundle) -> None:
    assert bundle.explain([]) == []


def test_a_batch_says_the_same_as_its_rows_one_by_one(bundle: Bundle, rows: list[Row]) -> None:
    together = bundle.explain(rows[:100])
    for row, answer in zip(rows[:100], together, strict=True):
        (alone,) = bundle.explain([row])
        assert isinstance(answer, Explanation)
        assert isinstance(alone, Explanation)
        assert [r.text for r in alone.reasons] == [r.text for r in answer.reasons]
        assert abs(alone.attribution.score - answer.attribution.score) <= 1e-12


def test_threads_that_come_at_once_build_one_model_and_get_the_same_answers(
    folder: Path, rows: list[Row]
) -> None:
    bundle = load(folder, prove=False)
    expected = load(folder).explain(rows[:20])
    found: list[object] = []

    def ask() -> None:
        found.append(bundle.explain(rows[:20]))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 6


def test_describing_a_bundle_imports_no_machine_learning(folder: Path) -> None:
    script = (
        "import sys, pathlib; from explain.bundle import describe, card\n"
        f"found = describe(pathlib.Path({str(folder)!r})); card(found); print(found.name)\n"
        "heavy = {'numpy', 'pandas', 'lightgbm', 'sklearn', 'skops', 'numba', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split("\n")[:2] == ["german-credit", "[]"]


def test_the_example_is_the_same_valid_application_every_time(folder: Path) -> None:
    assert example(folder) == example(folder)
    bundle = load(folder)
    (answer,) = bundle.explain([bundle.contract.check(bundle.example["fields"]).features])
    assert isinstance(answer, Explanation)
    assert answer.reliable


def test_the_card_tells_who_owns_the_model_what_was_measured_and_what_to_mind(
    folder: Path,
) -> None:
    text = card(describe(folder))
    for part in (
        "Credit Risk Analytics",
        "held out",
        "1970s",
        "never shown to officers",
        "| risk |",
    ):
        assert part in text


@pytest.mark.parametrize("seconds", [0.001, 0.011])
def test_only_a_model_whose_batch_takes_little_is_asked_on_the_loop(
    folder: Path, seconds: float
) -> None:
    bundle = load(folder)
    assert not bundle.at_once  # nobody has timed it
    ticks = itertools.count()
    bundle.warm(lambda: next(ticks) * seconds)
    assert bundle.at_once == (seconds < 0.01)
    changed = Changed(bundle, lambda _, parts: parts)
    bundle.use(changed.adapter(), changed)
    assert not bundle.at_once  # it is no explainer of ours
    bundle.warm(lambda: 0.0)
    assert not bundle.at_once
