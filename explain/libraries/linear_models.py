"""Logistic regressions of scikit-learn, alone or behind transformers that keep each field apart.

Such a score is an intercept and one amount per field, whatever is done to the field on the way, so
that its contributions have a closed form. Only models whose score is the log-odds are read: a ridge
or hinge classifier's margin and a linear regression's number are no log-odds, whatever they look
like.
"""

from collections.abc import Sequence
from typing import Any

from ..declared.contract import Contract, Field
from ..errors import BundleInvalid
from ..scorecard import LinearCard, Rule
from ..values import ADDITIVITY_TOLERANCE, LOG_ODDS, Row, Scalar, Scale
from .column_rules import Column, StepError, met, rule_of
from .sklearn_columns import Transformers, UnreadableStepError
from .sklearn_rows import SklearnRows, field_problems
from .skops_files import read_skops

LINEAR_TYPES = frozenset(
    {
        "builtins.bool",
        "builtins.dict",
        "builtins.float",
        "builtins.int",
        "builtins.list",
        "builtins.slice",
        "builtins.str",
        "builtins.tuple",
        "numpy.dtype",
        "numpy.float32",
        "numpy.float64",
        "numpy.int64",
        "numpy.ndarray",
        "sklearn.compose._column_transformer.ColumnTransformer",
        "sklearn.compose._column_transformer.make_column_selector",
        "sklearn.decomposition._pca.PCA",
        "sklearn.impute._base.MissingIndicator",
        "sklearn.impute._base.SimpleImputer",
        "sklearn.linear_model._base.LinearRegression",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.linear_model._logistic.LogisticRegressionCV",
        "sklearn.linear_model._ridge.RidgeClassifier",
        "sklearn.pipeline.FeatureUnion",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.MaxAbsScaler",
        "sklearn.preprocessing._data.MinMaxScaler",
        "sklearn.preprocessing._data.Normalizer",
        "sklearn.preprocessing._data.PowerTransformer",
        "sklearn.preprocessing._data.QuantileTransformer",
        "sklearn.preprocessing._data.RobustScaler",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.preprocessing._discretization.KBinsDiscretizer",
        "sklearn.preprocessing._encoders.OneHotEncoder",
        "sklearn.preprocessing._encoders.OrdinalEncoder",
        "sklearn.preprocessing._function_transformer.FunctionTransformer",
        "sklearn.preprocessing._label.LabelBinarizer",
        "sklearn.preprocessing._polynomial.PolynomialFeatures",
    }
)
"""Types that such a file may hold; those that no card can be made of are there to be named."""

LINEAR_LOADERS = frozenset({"DTypeNode"})  # of an empty array, read without pickles

LOGISTIC = frozenset({"LogisticRegression", "LogisticRegressionCV"})


class SklearnLinear:
    """A logistic regression in a skops archive, with all that is done to the fields before it."""

    precision = ADDITIVITY_TOLERANCE
    scale: Scale = LOG_ODDS

    def __init__(self, content: bytes, contract: Contract, path: str) -> None:
        self._model = read_skops(content, path, LINEAR_TYPES, LINEAR_LOADERS)
        if problems := _problems(self._model, contract):
            raise BundleInvalid(path, problems)
        self.features = tuple(field.name for field in contract.features)
        read = Transformers()
        try:
            self.card = _card(self._model, contract, read)
        except (StepError, UnreadableStepError) as refused:
            raise BundleInvalid(path, (str(refused),)) from None
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as odd:
            problem = f"the model is not fitted, or of another scikit-learn ({odd})"
            raise BundleInvalid(path, (problem,)) from None
        self._rows = SklearnRows(self._model, contract, read.gaps)
        self._prove(contract, path)

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Log-odds of bad by scikit-learn itself."""
        return list(self._model.decision_function(self._rows.of(rows)).tolist())

    def _prove(self, contract: Contract, path: str) -> None:
        """Hold the card against scikit-learn at every level and gap, which samples may not have."""
        told = {
            field.name: _tried(field, self.card.rules[field.name]) for field in contract.features
        }
        usual = {name: values[0] for name, values in told.items()}
        rows = [{**usual, name: value} for name, values in told.items() for value in values]
        try:
            scores = self.score(rows)
        except ValueError as refused:
            problem = f"scikit-learn refuses what the contract lets through ({refused})"
            raise BundleInvalid(path, (problem,)) from None
        for row, score in zip(rows, scores, strict=True):
            ours = self.card.score(row)
            if not abs(ours - score) <= ADDITIVITY_TOLERANCE * max(1.0, abs(score)):
                problem = f"scikit-learn scores {score:g} where its weights give {ours:g}"
                raise BundleInvalid(path, (problem,))


def _problems(model: Any, contract: Contract) -> tuple[str, ...]:
    """What keeps a model from being a logistic regression on the contract's features."""
    last = model.steps[-1][1] if type(model).__name__ == "Pipeline" else model
    kind = type(last).__name__
    if kind not in LOGISTIC:
        return (f"{kind} gives no log-odds: use {' or '.join(sorted(LOGISTIC))}",)
    problems = list(field_problems(model, contract))
    if list(getattr(last, "classes_", ())) != [0, 1]:
        problems.append("the model must be trained on classes 0 and 1, where 1 is bad")
    if getattr(last, "multi_class", None) == "multinomial":
        problems.append("with multi_class='multinomial' the score is half the log-odds")
    return tuple(problems)


def _card(model: Any, contract: Contract, read: Transformers) -> LinearCard:
    """One rule per field; StepError or UnreadableStepError where the model has no such form."""
    fields = {field.name: field for field in contract.features}
    names = getattr(model, "feature_names_in_", None)
    columns = [Column.of(fields[str(name)]) for name in (fields if names is None else names)]
    *before, (_, last) = model.steps if hasattr(model, "steps") else [("", model)]
    for name, step in before:
        columns = read.through(step, name, columns)
    weights = [float(weight) for weight in last.coef_[0]]
    told = list(zip(columns, weights, strict=True))
    rules = {}
    for name, field in fields.items():
        try:
            rules[name] = rule_of(field, [one for one in told if one[0].field == name])
        except StepError as refused:
            msg = f"{name}: {refused}: impute or encode it in the pipeline"
            raise StepError(msg) from None
    return LinearCard(float(last.intercept_[0]), rules)


def _tried(field: Field, rule: Rule) -> list[Scalar]:
    """What a field is tried with: each of its levels or one number, and a gap where it may be."""
    gap: list[Scalar] = [] if field.required else [None]
    if field.levels:
        return [*field.levels, *gap]
    if field.type == "boolean":
        return [0.0, 1.0, *gap]
    ends = (field.minimum or 0.0, field.maximum or 0.0)
    return [next((value for value in (*ends, *met(rule)) if _takes(rule, value)), ends[0]), *gap]


def _takes(rule: Rule, value: Scalar) -> bool:
    """Whether a value can go through a rule."""
    try:
        rule.amount(value)
    except StepError:
        return False
    return True
