"""A model is trained again on a verified set, and says by how much it beats the recorded scores."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision_service.access import HOST
from decision_service.feedback_export import FeedbackExport
from decision_service.feedback_files import FileFormat
from explain.bundle import load
from explain.values import Row, probability_of
from overrides.statistics import chance_of
from sample_models.retrain import (
    NAME,
    Labelled,
    NotTrainable,
    area,
    gained,
    labelled,
    main,
    retrain,
    rows_of,
    train_on,
)
from sample_models.samples import HERE, german
from sample_models.train import contract_of
from tests.decision_service.desk_house import BUNDLE, desk_house
from tests.decision_service.test_feedback_files import fill
from tests.sample_models.trained import sample_bundles

CONTRACT = contract_of(HERE / "german")
HELD_OUT_FROM = 700


def drifted() -> list[Labelled]:
    """Real applications, later in a world where large loans go bad, which the champion denies."""
    champion = load(sample_bundles() / BUNDLE)
    chance = random.Random(4)
    rows: list[Row] = [CONTRACT.check(CONTRACT.from_text(one.cells)).features for one in german()]
    chance.shuffle(rows)
    scores = [probability_of(raw) for raw in champion.score(rows)]
    amounts = sorted(float(row["credit_amount"] or 0) for row in rows)
    middle = amounts[len(amounts) // 2]
    return [
        Labelled(
            row=row,
            bad=int(chance.random() < chance_of(1.2 if _large(row, middle) else -2.0)),
            weight=1.0 + place % 2,
            before=score,
            held_out=place >= HELD_OUT_FROM,
        )
        for place, (row, score) in enumerate(zip(rows, scores, strict=True))
    ]


def _large(row: Row, middle: float) -> bool:
    return float(row["credit_amount"] or 0) > middle


def test_after_a_drift_the_retrained_model_beats_the_recorded_scores_on_later_loans(
    tmp_path: Path,
) -> None:
    told = {"sha256": "c0ffee", "as_of": "2027-06-01T00:00:00Z", "named": True}
    gains = {one.name: one for one in train_on(drifted(), CONTRACT, told, tmp_path / "next")}
    assert gains["Brier score"].high < 0
    assert gains["log-loss"].high < 0
    assert gains["area under the ROC curve"].low > 0
    bundle = load(tmp_path / "next")
    assert bundle.name == NAME
    assert "Manifest SHA-256 c0ffee" in bundle.card_text
    assert f"{gains['Brier score'].difference:+.4f}" in bundle.card_text


def test_too_few_loans_and_loans_of_one_outcome_are_refused(tmp_path: Path) -> None:
    loans = drifted()
    with pytest.raises(NotTrainable, match="at least 200"):
        train_on(loans[600:], CONTRACT, {}, tmp_path / "next")
    good = [loan for loan in loans if not loan.bad]
    with pytest.raises(NotTrainable, match="good and bad ones"):
        train_on(good, CONTRACT, {}, tmp_path / "next")
    assert not (tmp_path / "next").exists()


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_real_set_is_verified_and_read_and_another_or_an_altered_one_is_refused(
    tmp_path: Path, form: FileFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk_house(tmp_path / "data") as house:
        fill(house)
        FeedbackExport(house.services).write(tmp_path / "set", HOST, bundle=BUNDLE, form=form)
    folder, out = tmp_path / "set", tmp_path / "next"
    read = [labelled(CONTRACT, cells) for cells in rows_of(folder)]
    known = [loan for loan in read if loan is not None]
    assert sorted(loan.bad for loan in known) == [0, 1]
    assert all(None not in loan.row.values() and 0 < loan.before < 1 for loan in known)
    with pytest.raises(NotTrainable, match="labelled loans"):
        retrain(folder, out)
    with pytest.raises(NotTrainable, match="another set"):
        retrain(folder, out, "0" * 64)
    (file,) = folder.glob(f"{BUNDLE}.*")
    file.write_bytes(file.read_bytes()[:-1])
    assert main(["retrain", "--from", str(folder), "--out", str(out)]) == 1
    assert "altered" in capsys.readouterr().err
    assert not out.exists()


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=20))
def test_the_area_is_the_share_of_pairs_in_order(pairs: list[tuple[int, bool]]) -> None:
    bads, goods = ([p for p, bad in pairs if bad is kind] for kind in (True, False))
    if not bads or not goods:
        return
    won = sum((b > g) + (b == g) / 2 for b in bads for g in goods)
    found = area([p for p, _ in pairs], [int(bad) for _, bad in pairs])
    assert found == pytest.approx(won / (len(bads) * len(goods)))


def test_a_model_gains_nothing_on_itself() -> None:
    loans = [Labelled({}, k % 3 == 0, 1.0, 0.1 + k / 100, True) for k in range(60)]
    chances: Sequence[float] = [loan.before for loan in loans]
    assert all((one.difference, one.low, one.high) == (0, 0, 0) for one in gained(loans, chances))
