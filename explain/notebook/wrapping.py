"""A model in a notebook, with exact explanations: ``from countermand import wrap``."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..bulk.batches import CONTRIBUTION, ERROR
from ..declared.bundle_schema import MEASURED_FROM_BACKGROUND, ModelSpec
from ..declared.contract import Contract
from ..errors import NotExplainable, NotFaithful
from ..explainers import Parts
from ..formats import ModelFile, explainer_of, read_model
from ..values import ADDITIVITY_TOLERANCE, LOG_ODDS, probability_of
from .frames import Columns, is_pandas, like, table_of
from .models import MODEL, in_memory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS_AT_ONCE = 4_096
PROOF_ROWS = 200
BACKGROUND_ROWS = 300
HALF = 0.5


class Explained:
    """A fitted classifier as scikit-learn knows them, which can take its scores apart.

    ``model`` is never trained again: ``fit`` leaves it as it is, and a clone is itself. ``columns``
    is a frame like the one it was trained on, or a Contract. Contributions are measured from
    ``background`` where there is one (exactly, with features held apart), else by the trees' own
    training rows; of a linear or sampled model from the frame in ``columns``.
    """

    _estimator_type = "classifier"

    def __init__(self, model: Any, columns: Any, background: Any = None) -> None:
        self.model = model
        self.columns = columns
        self.background = background
        self._read()

    def _read(self) -> None:
        """Read the model and hold it against its own predictions."""
        self._told = in_memory(self.model)
        contract = isinstance(self.columns, Contract)
        self._columns = (
            Columns.of(self.columns) if contract else Columns.told_by(self.columns, self._told)
        )
        file = self._file()
        self._adapter = read_model(file)
        self._explainer = explainer_of(self._adapter, file)
        for frame in (self.columns, self.background):
            if frame is not None and not isinstance(frame, Contract):
                self._prove(frame)

    def _file(self) -> ModelFile:
        """The model as the file of a bundle would be."""
        method = self._told.method
        if self.background is not None and method == "tree_path_dependent":
            method = "tree_interventional"
        measured = method in MEASURED_FROM_BACKGROUND
        spec = ModelSpec.model_validate(
            {
                "file": "model",
                "format": self._told.form,
                "scale": LOG_ODDS,  # what it really is, the reader says
                "explainer": method,
                "reference": "reference.csv",
                "background": "background.csv" if measured else None,
                "background_population": "all" if measured else None,
            }
        )
        frame = self.columns if self.background is None else self.background
        if measured and isinstance(frame, Contract):
            raise NotExplainable(MODEL, (f"{method} needs a frame to measure from: background=",))
        contract = self._columns.contract
        content = self._told.content([tuple(field.levels) for field in contract.features])
        rows = BACKGROUND_ROWS if self.background is None else None
        return ModelFile(
            spec, content, contract, MODEL, lambda: self._columns.rows(_spread(frame, rows))
        )

    def _prove(self, frame: Any) -> None:
        """NotExplainable where the model itself predicts something else than its trees say."""
        import numpy as np

        first = table_of(frame, self._columns.called).slice(0, PROOF_ROWS)
        first = first.select(list(self._columns.called))
        asked = frame.iloc[:PROOF_ROWS][list(self._columns.called)] if is_pandas(frame) else None
        ours = self.predict_proba(first)[:, 1]
        theirs = self._told.predicted(first.to_pandas() if asked is None else asked)
        apart = np.abs(ours - theirs)
        if len(apart) and not apart.max() <= max(self._adapter.precision, ADDITIVITY_TOLERANCE):
            row = int(np.argmax(apart))
            told = (
                f"it predicts {theirs[row]:.6f} for row {row}, what was read of it {ours[row]:.6f}"
            )
            cure = "give a frame with the columns and categories of training"
            raise NotExplainable(MODEL, (f"{told}: {cure}",))

    @property
    def method(self) -> str:
        """The method that explains it, by the name that bundles give it."""
        return self._explainer.method

    @property
    def scale(self) -> str:
        """What base and contributions are numbers of."""
        return self._adapter.scale

    @property
    def classes_(self) -> "NDArray[np.int64]":
        """Good and bad."""
        import numpy as np

        return np.array([0, 1])

    @property
    def n_features_in_(self) -> int:
        """How many features it has."""
        return len(self._columns.called)

    @property
    def feature_names_in_(self) -> "NDArray[Any]":
        """What frames call them."""
        import numpy as np

        return np.array(self._columns.called, dtype=object)

    def fit(self, _frame: Any = None, _bad: Any = None, **_options: Any) -> "Explained":
        """Leave the model as it is: it was trained before."""
        return self

    def predict_proba(self, frame: Any) -> "NDArray[np.float64]":
        """Of each row the probability of good and of bad."""
        import numpy as np

        scores = [part.score for part in self._parts(frame)]
        bad = np.array([probability_of(score, self._adapter.scale) for score in scores])
        return np.column_stack([1.0 - bad, bad]) if scores else np.empty((0, 2))

    def predict(self, frame: Any) -> "NDArray[np.int64]":
        """1 where bad is likelier than good."""
        found: NDArray[np.int64] = self.classes_[
            (self.predict_proba(frame)[:, 1] > HALF).astype(int)
        ]
        return found

    def score(self, frame: Any, bad: Any) -> float:
        """The share of rows it predicts rightly."""
        import numpy as np

        return float(np.mean(self.predict(frame) == np.asarray(bad)))

    def explain(self, frame: Any) -> Any:
        """A frame of the same kind: probability, raw score, base, a contribution for each feature.

        The raw score is base plus all contributions, or NotFaithful is raised. Where the model is
        sampled, each contribution has its standard error.
        """
        import numpy as np

        parts = list(self._parts(frame))
        for part in parts:
            _refuse_unfaithful(part)
        scores = np.array([part.score for part in parts], np.float64)
        columns: dict[str, Any] = {
            "probability": np.array([probability_of(s, self._adapter.scale) for s in scores]),
            "raw_score": scores,
            "base": np.array([part.base for part in parts], np.float64),
        }
        width = len(self._columns.called)
        amounts = np.array([part.amounts for part in parts], np.float64).reshape(-1, width)
        for name, column in zip(self._columns.called, amounts.T, strict=True):
            columns[CONTRIBUTION + name] = np.ascontiguousarray(column)
        if any(part.errors for part in parts):
            errors = np.array([part.errors for part in parts], np.float64).reshape(-1, width)
            for name, column in zip(self._columns.called, errors.T, strict=True):
                columns[ERROR + name] = np.ascontiguousarray(column)
        return like(frame, columns)

    def _parts(self, frame: Any) -> Iterator[Parts]:
        """Each row's score and parts."""
        rows = self._columns.rows(frame)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            yield from self._explainer.attribute(rows[start : start + ROWS_AT_ONCE])

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002, ARG002 # scikit-learn's
        """What it was made from."""
        return {"model": self.model, "columns": self.columns, "background": self.background}

    def set_params(self, **given: Any) -> "Explained":
        """Make it anew from something else; ValueError for what it is not made from."""
        if strange := sorted(given.keys() - self.get_params().keys()):
            msg = f"{strange[0]} is none of: {', '.join(self.get_params())}"
            raise ValueError(msg)
        for name, value in given.items():
            setattr(self, name, value)
        self._read()
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """It always is."""
        return True

    def __sklearn_clone__(self) -> "Explained":
        """A copy would have lost what it was trained for."""
        return self

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn wants to know of a classifier."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=False),
            classifier_tags=ClassifierTags(multi_class=False),
            input_tags=InputTags(categorical=True, string=True, allow_nan=True),
            requires_fit=False,
        )


def wrap(model: Any, columns: Any, *, background: Any = None) -> Explained:
    """A fitted model with exact explanations, proven on the rows at hand.

    NotExplainable where it cannot be read, or predicts something else than was read of it.
    """
    return Explained(model, columns, background)


def _spread(frame: Any, most: int | None) -> Any:
    """At most so many rows, from all over the frame."""
    table = table_of(frame)
    if most is None or table.num_rows <= most:
        return table
    return table.take([place * table.num_rows // most for place in range(most)])


def _refuse_unfaithful(part: Parts) -> None:
    """NotFaithful where the parts do not add up to the score."""
    residual = abs(math.fsum([part.base, *part.amounts]) - part.score)
    tolerance = ADDITIVITY_TOLERANCE * max(1.0, abs(part.score))
    if not residual <= tolerance:
        raise NotFaithful(residual, tolerance)
