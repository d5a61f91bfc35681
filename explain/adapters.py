"""One small port for models, and the adapters that fill it."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from .contract import Contract
from .errors import BundleInvalid
from .scorecard import LinearCard, read_pipeline
from .values import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ONE_THREAD_ROWS_MAX = 64
"""Up to this many rows a second thread costs more than it gives."""


class ModelAdapter(Protocol):
    """Anything that turns checked rows into log-odds of bad."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in the model's order."""

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Raw scores by the model's own library; the same row always gives the same score."""


class Encoder:
    """Rows as a matrix of floats: category levels as codes in contract order, missing as NaN."""

    def __init__(self, contract: Contract) -> None:
        self.features = tuple(f.name for f in contract.features)
        self._codes: tuple[tuple[str, Mapping[str, float] | None], ...] = tuple(
            (f.name, {level: float(code) for code, level in enumerate(f.levels)} or None)
            for f in contract.features
        )

    def encode(self, rows: Sequence[Row]) -> "NDArray[np.float64]":
        """One line per row, one column per feature; KeyError for an unknown level."""
        import numpy as np

        matrix = np.empty((len(rows), len(self._codes)), dtype=np.float64)
        for place, row in enumerate(rows):
            matrix[place] = [
                row[name] if codes is None or row[name] is None else codes[row[name]]  # type: ignore[index] # a category level is text
                for name, codes in self._codes
            ]
        return matrix


class LightGbmModel:
    """A LightGBM binary classifier read from its own text format."""

    def __init__(self, text: str, contract: Contract, path: str) -> None:
        self.encoder = Encoder(contract)
        self.text = text
        if problems := _header_problems(text, self.encoder.features):
            raise BundleInvalid(path, problems)

    @cached_property
    def booster(self) -> Any:
        """The model in LightGBM's own hands, read when it is first asked."""
        import lightgbm

        return lightgbm.Booster(model_str=self.text)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in the model's order."""
        return self.encoder.features

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Log-odds of bad by LightGBM itself."""
        matrix = self.encoder.encode(rows)
        raw = self.booster.predict(matrix, raw_score=True, num_threads=threads_for(len(rows)))
        return list(raw.tolist())


class SkopsScorecard:
    """A scikit-learn pipeline of scaled numbers, one-hot levels and a logistic regression."""

    def __init__(self, content: bytes, contract: Contract, path: str) -> None:
        self._features = tuple(f.name for f in contract.features)
        self._pipeline = read_pipeline(content, path)
        self.card = LinearCard.of_pipeline(self._pipeline, contract, path)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in the model's order."""
        return self._features

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Log-odds of bad by scikit-learn itself."""
        import numpy as np

        matrix = np.array([[row[f] for f in self._features] for row in rows], dtype=object)
        return list(self._pipeline.decision_function(matrix).tolist())


def threads_for(rows: int) -> int:
    """How many threads LightGBM may use: one for a request, its own choice (0) for a file."""
    return 1 if rows <= ONE_THREAD_ROWS_MAX else 0


def _header_problems(text: str, features: tuple[str, ...]) -> tuple[str, ...]:
    """What in the text model's header does not fit the contract or the promised scale."""
    header: dict[str, str] = {}
    for line in text.partition("\nTree=")[0].splitlines():
        key, _, value = line.partition("=")
        header[key] = value
    expected = {
        "num_class": "1",
        "num_tree_per_iteration": "1",
        "objective": "binary sigmoid:1",
        "feature_names": " ".join(features),
    }
    return tuple(
        f"the model's {key} must be {value!r}"
        for key, value in expected.items()
        if header.get(key) != value
    )
