"""What ``model.yaml`` and ``kpis.yaml`` must say, read strictly from plain text."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field as Limit
from pydantic import model_validator

from ..values import Scale
from .contract import Contract, Field, FieldType, Role, WhenMissing
from .installed import installed_format
from .policy_schema import DateText, DecimalText, FieldName, FileName, Name, Strict, Text

ExplainerName = Literal[
    "tree_interventional",
    "tree_path_dependent",
    "linear_independent",
    "additive_interventional",
    "sampled_interventional",
]
NAMES_POPULATION = ("tree_interventional", "additive_interventional")
"""Exact against a background, of which must be said whose it is."""
MEASURED_FROM_BACKGROUND = frozenset(
    {*NAMES_POPULATION, "linear_independent", "sampled_interventional"}
)
Population = Literal["passing", "all"]
POPULATIONS: dict[Population, str] = {
    "passing": "applicants who pass, near the cut-off",
    "all": "all applicants",
}
"""In words: the two that 12 CFR 1002, Supplement I, comment 9(b)(2)-5 names."""
_TREE_METHODS = ("tree_interventional", "tree_path_dependent")
METHODS_OF_FORMAT: Mapping[str, tuple[str, ...]] = {
    "lightgbm-text": _TREE_METHODS,
    "xgboost-json": _TREE_METHODS,
    "xgboost-ubj": _TREE_METHODS,
    "catboost-json": (*_TREE_METHODS, "sampled_interventional"),
    "points-yaml": ("linear_independent",),
    "ebm-json": ("additive_interventional",),
    "onnx": ("sampled_interventional",),
    "remote-kserve-v1": ("sampled_interventional",),
    "remote-oip-v2": ("sampled_interventional",),
    "remote-mlflow": ("sampled_interventional",),
    "sklearn-skops": ("linear_independent", *_TREE_METHODS, "sampled_interventional"),
}


class Owner(Strict):
    """Who answers for something."""

    team: Text
    contact: Text


class ModelSpec(Strict):
    """The model's file, what its numbers mean, and the one method that explains it."""

    file: FileName
    format: Annotated[str, Limit(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
    scale: Scale
    explainer: ExplainerName
    reference: FileName
    background: FileName | None = None
    background_population: Population | None = None
    calibration_p: DecimalText | None = None
    calibration: FileName | None = None
    calibration_population: Text | None = None

    @model_validator(mode="after")
    def _explainer_fits(self) -> Self:
        """A method of record that the format cannot give is refused."""
        methods = METHODS_OF_FORMAT.get(self.format)
        if methods is None and installed_format(self.format) is None:
            known = ", ".join(METHODS_OF_FORMAT)
            msg = f"no installed package reads {self.format}; known without one: {known}"
            raise ValueError(msg)
        if methods and self.explainer not in methods:
            msg = f"{self.format} is explained by {' or '.join(methods)}"
            raise ValueError(msg)
        if self.background is None and self.explainer in MEASURED_FROM_BACKGROUND:
            msg = f"{self.explainer} needs a background file"
            raise ValueError(msg)
        named = self.background_population is not None
        if named and self.background is None:
            msg = "background_population is said of a background file"
            raise ValueError(msg)
        if self.explainer in NAMES_POPULATION and not named:
            msg = f"{self.explainer} needs background_population: passing or all"
            raise ValueError(msg)
        if (self.calibration is None) != (self.calibration_population is None):
            msg = "calibration names a file, and calibration_population says whose loans are in it"
            raise ValueError(msg)
        return self


class LevelSpec(Strict):
    """One level of a category and its words."""

    level: Annotated[str, Limit(pattern=r"^[a-z0-9][a-z0-9_]*$", max_length=64)]
    words: Text


class FieldSpec(Strict):
    """One field of the data contract, as the file says it."""

    name: FieldName
    label: Text
    type: FieldType
    role: Role
    missing: WhenMissing
    minimum: float | None = None
    maximum: float | None = None
    levels: tuple[LevelSpec, ...] = ()
    unit: str = ""
    unit_one: str = ""
    owner: str = ""
    source: str = ""
    freshness_days_max: Annotated[int, Limit(ge=0)] | None = None

    def build(self) -> Field:
        """The contract's field; ValueError when nothing could satisfy it."""
        if len({level.level for level in self.levels}) != len(self.levels):
            msg = f"{self.name}: a level is listed twice"
            raise ValueError(msg)
        plain = self.model_dump(exclude={"levels"})
        return Field(**plain, levels={level.level: level.words for level in self.levels})


class ContractSpec(Strict):
    """Who owns the application's fields, how often they come, and each of them."""

    owner: Owner
    cadence: Text
    fields: Annotated[tuple[FieldSpec, ...], Limit(min_length=1, max_length=500)]

    def build(self) -> Contract:
        """The contract with every field checked against itself."""
        owner = f"{self.owner.team} ({self.owner.contact})"
        specs = (s if s.owner else s.model_copy(update={"owner": owner}) for s in self.fields)
        return Contract([spec.build() for spec in specs])


class ValueSpec(Strict):
    """What a good loan brings and a bad one costs, as shares of its amount."""

    margin: DecimalText
    loss_given_default: DecimalText

    @model_validator(mode="after")
    def _shares(self) -> Self:
        """Nobody earns a negative share or loses more than was lent."""
        shares = float(self.margin), float(self.loss_given_default)
        if not all(0 <= share <= 1 for share in shares):
            msg = "margin and loss_given_default are shares of the amount, from 0 to 1"
            raise ValueError(msg)
        return self


class OutcomeSpec(Strict):
    """When a loan counts as good or bad: days past due within the performance window.

    ``in_words`` is what the model learned to expect, to follow "about 18 of 100 to". Without
    ``value`` nobody is told what overrides earned or lost.
    """

    id: Text
    performance_window_months: Annotated[int, Limit(ge=1, le=120)]
    bad_dpd: Annotated[int, Limit(ge=1)]
    indeterminate_dpd: Annotated[int, Limit(ge=1)]
    bad_kinds: tuple[str, ...]
    excluded_kinds: tuple[str, ...]
    in_words: Text | None = None
    value: ValueSpec | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        """Indeterminate lies below bad."""
        if self.indeterminate_dpd > self.bad_dpd:
            msg = "indeterminate_dpd is above bad_dpd"
            raise ValueError(msg)
        return self

    @property
    def expected(self) -> str:
        """What a bad loan does, after "to"."""
        months = self.performance_window_months
        within = f"{months} months" if months > 1 else "a month"
        return self.in_words or f"be {self.bad_dpd} days past due within {within}"


class Budgets(Strict):
    """What one decision may cost in time: of the machine and of a person."""

    decision_ms_p95: Annotated[int, Limit(ge=1)]
    explain_ms_p95: Annotated[int, Limit(ge=1)]
    review_minutes_per_case: Annotated[int, Limit(ge=1)]


class Kpi(Strict):
    """A number all four owners agreed on before the model went live."""

    id: Annotated[str, Limit(pattern=r"^[a-z][a-z0-9_]*$")]
    title: Text
    measure: Text
    unit: Text
    better: Literal["higher", "lower", "within"]
    baseline: DecimalText
    target: DecimalText
    minimum_improvement: DecimalText
    date: DateText
    owner: Literal["data_science", "risk", "compliance", "operations"]


class KpiSheet(Strict):
    """``kpis.yaml``: each of the four owners answers for at least one number."""

    format: Literal["1"]
    kpis: tuple[Kpi, ...]

    @model_validator(mode="after")
    def _four_owners(self) -> Self:
        """Nobody's success is left out."""
        missing = {"data_science", "risk", "compliance", "operations"} - {
            kpi.owner for kpi in self.kpis
        }
        if missing:
            msg = f"no number is owned by {', '.join(sorted(missing))}"
            raise ValueError(msg)
        return self


class BundleSpec(Strict):
    """``model.yaml``: what the model is, what it may be given, what its answer means."""

    format: Literal["1"]
    name: Name
    title: Text
    owner: Owner
    description: Text
    note: Text
    version: Text
    date: DateText
    model: ModelSpec
    contract: ContractSpec
    outcome: OutcomeSpec
    budgets: Budgets
    monitor_only_note: Text
    example: dict[FieldName, str]
