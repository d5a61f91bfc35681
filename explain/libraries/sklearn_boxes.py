"""Classifiers of scikit-learn that are only asked: calibrated, stacked, or behind mixing steps.

Their answer is a probability, and sampling explains it; nothing of how they come to it is read.
"""

from collections.abc import Sequence
from typing import Any

from ..declared.contract import Contract
from ..errors import BundleInvalid
from ..values import ADDITIVITY_TOLERANCE, PROBABILITY, Row, Scale
from .sklearn_rows import SklearnRows, field_problems
from .skops_files import read_skops
from .tree_pipelines import PIPELINE_LOADERS, PIPELINE_TYPES

BOX_TYPES = PIPELINE_TYPES | {
    "sklearn.calibration.CalibratedClassifierCV",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._bagging.BaggingClassifier",
    "sklearn.ensemble._stacking.StackingClassifier",
    "sklearn.ensemble._voting.VotingClassifier",
    "sklearn.ensemble._weight_boosting.AdaBoostClassifier",
    "sklearn.isotonic.IsotonicRegression",
    "sklearn.linear_model._stochastic_gradient.SGDClassifier",
    "sklearn.naive_bayes.GaussianNB",
    "sklearn.neural_network._multilayer_perceptron.MLPClassifier",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.utils._bunch.Bunch",
}

ENCODERS = frozenset({"OneHotEncoder", "OrdinalEncoder"})
PLACES_OF_STEPS = (
    "steps",
    "transformers_",
    "transformer_list",
    "estimators_",
    "calibrated_classifiers_",
    "estimator",
)


class SklearnBox:
    """Any listed classifier with ``predict_proba``, on the contract's fields.

    Levels are given as text to a model that has an encoder for them, as codes in the contract's
    order to any other.
    """

    precision = ADDITIVITY_TOLERANCE
    scale: Scale = PROBABILITY

    def __init__(self, content: bytes, contract: Contract, path: str) -> None:
        self._model: Any = read_skops(content, path, BOX_TYPES, PIPELINE_LOADERS)
        problems = list(field_problems(self._model, contract))
        if list(getattr(self._model, "classes_", ())) != [0, 1]:
            problems.append("the model must be trained on classes 0 and 1, where 1 is bad")
        if not hasattr(self._model, "predict_proba"):
            problems.append(f"{type(self._model).__name__} gives no probabilities: calibrate it")
        if problems:
            raise BundleInvalid(path, tuple(problems))
        self.features = tuple(field.name for field in contract.features)
        self._rows = SklearnRows(self._model, contract, {}, codes=not _encodes(self._model))

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Probabilities of bad by scikit-learn itself."""
        return list(self._model.predict_proba(self._rows.of(rows))[:, 1].tolist())


def _encodes(model: Any) -> bool:
    """Whether there is an encoder of levels among a model's own steps.

    Whether it takes text cannot be tried: some take it, and for a level that was never met.
    """
    if type(model).__name__ in ENCODERS:
        return True
    for place in PLACES_OF_STEPS:
        inside = getattr(model, place, None)
        told = inside if isinstance(inside, list) else [inside]
        steps = [one[1] if isinstance(one, tuple) else one for one in told]
        if any(_encodes(step) for step in steps if hasattr(step, "__dict__")):
            return True
    return False
