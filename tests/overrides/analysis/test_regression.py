"""Regressions give what a slow plain calculation gives, and refuse what has no answer."""

from random import Random

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from overrides.analysis.regression import NoFit, least_squares, logistic

NAMES = ("constant", "x", "z")


def rows_of(seed: int, of: int = 200) -> tuple[list[list[float]], list[bool], list[int]]:
    chance = Random(seed)
    rows, answers, clusters = [], [], []
    for k in range(of):
        row = [1.0, chance.gauss(0, 1), float(chance.random() < 0.4)]
        cluster = k % 20
        logit = -0.4 + 0.8 * row[1] - 0.6 * row[2] + 0.5 * ((cluster % 3) - 1)
        rows.append(row)
        answers.append(chance.random() < 1 / (1 + 2.718281828 ** (-logit)))
        clusters.append(cluster)
    return rows, answers, clusters


def test_least_squares_is_another_librarys() -> None:
    rows, answers, _ = rows_of(1)
    fit = least_squares(NAMES, rows, [float(a) for a in answers])
    matrix, y = np.array(rows), np.array(answers, dtype=float)
    found, left, *_ = np.linalg.lstsq(matrix, y, rcond=None)
    errors = np.sqrt(np.diag(np.linalg.inv(matrix.T @ matrix)) * left[0] / (len(y) - 3))
    assert [c.value for c in fit.coefficients] == pytest.approx(list(found))
    assert [c.error for c in fit.coefficients] == pytest.approx(list(errors))


def test_logistic_is_another_librarys_with_its_sandwich_cluster_by_cluster() -> None:
    rows, answers, clusters = rows_of(2)
    fit = logistic(NAMES, rows, answers, clusters)
    matrix, y = np.array(rows), np.array(answers)
    other = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, max_iter=1000)
    other.fit(matrix, y)
    assert [c.value for c in fit.coefficients] == pytest.approx(list(other.coef_[0]), abs=1e-5)
    chances = 1 / (1 + np.exp(-matrix @ np.array([c.value for c in fit.coefficients])))
    bread = np.linalg.inv(matrix.T @ (matrix * (chances * (1 - chances))[:, None]))
    meat = np.zeros((3, 3))
    for cluster in set(clusters):
        mine = np.array(clusters) == cluster
        score = ((y - chances)[mine, None] * matrix[mine]).sum(axis=0)
        meat += np.outer(score, score)
    sandwich = bread @ meat @ bread * 20 / 19
    assert [c.error for c in fit.coefficients] == pytest.approx(list(np.sqrt(np.diag(sandwich))))
    assert fit.clusters == 20
    plain = logistic(NAMES, rows, answers)
    assert [c.error for c in plain.coefficients] == pytest.approx(list(np.sqrt(np.diag(bread))))


def test_each_row_its_own_cluster_is_nearly_no_clustering() -> None:
    rows, answers, _ = rows_of(3, 2000)
    alone = logistic(NAMES, rows, answers, range(2000)).of_column("x").error
    assert alone == pytest.approx(logistic(NAMES, rows, answers).of_column("x").error, rel=0.1)


@pytest.mark.parametrize(
    ("rows", "answers", "why"),
    [
        ([[1.0, 0.0]] * 2, [True, False], "2 rows"),
        ([[1.0, 2.0]] * 5, [True, False] * 2 + [True], "follows from"),
        ([[1.0, float(k)] for k in range(9)], [k > 4 for k in range(9)], "separate"),
    ],
)
def test_what_has_no_answer_is_refused(
    rows: list[list[float]], answers: list[bool], why: str
) -> None:
    with pytest.raises(NoFit, match=why):
        logistic(("constant", "x"), rows, answers)


def test_one_cluster_has_nothing_to_differ_from() -> None:
    rows, answers, _ = rows_of(4)
    with pytest.raises(NoFit, match="single cluster"):
        logistic(NAMES, rows, answers, ["a"] * 200)


def test_a_column_that_was_not_fitted_is_not_found() -> None:
    rows, answers, _ = rows_of(5)
    with pytest.raises(KeyError):
        logistic(NAMES, rows, answers).of_column("y")
