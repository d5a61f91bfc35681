"""Everything a bundle says, parsed and held against itself; no machine learning is imported."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from ..errors import BundleInvalid, ContractBroken
from ..values import Row, Scale, VersionRef
from .bundle_files import BundleFiles
from .bundle_schema import (
    MEASURED_FROM_BACKGROUND,
    Budgets,
    BundleSpec,
    Kpi,
    KpiSheet,
    OutcomeSpec,
    Population,
)
from .calibrated import Band, bands_of, why_not
from .calibration import Matured, read_calibration
from .change_rules import change_problems
from .codebook import Codebook, Concept, JustificationSpec
from .contract import Contract
from .measured import Measured, MeasuredSheet
from .plain_yaml import PlainYamlError
from .plain_yaml import read as read_yaml
from .policy_schema import PolicySpec, Strict, faults

MEASURED_FILE = "measured.yaml"
"""What was measured of the reasons; a bundle may be without it."""

EXPECTED_COLUMN = "expected_raw"
"""The column of the reference sample that holds the raw score each row must give."""

Spec = TypeVar("Spec", bound=Strict)


class BundleContents:
    """A verified bundle as its files describe it.

    Three versions are named apart: ``model`` (model.yaml, model file, samples), ``policy`` and
    ``codebook``, hashed over disjoint sets of files; ``sha256`` covers the whole folder.
    """

    def __init__(self, files: BundleFiles) -> None:
        self._files = files
        self.directory = files.directory
        self.sha256 = files.sha256
        self.signature = files.signature
        spec = self._parse("model.yaml", BundleSpec)
        self._spec = spec
        self.name = spec.name
        self.title = spec.title
        self.owner = spec.owner
        self.description = spec.description
        self.note = spec.note
        self.monitor_only_note = spec.monitor_only_note
        self.outcome_spec: OutcomeSpec = spec.outcome
        self.budgets: Budgets = spec.budgets
        self.policy_spec: PolicySpec = self._parse("policy.yaml", PolicySpec)
        self.codebook_spec: Codebook = self._parse("codebook.yaml", Codebook)
        self.kpis: tuple[Kpi, ...] = self._parse("kpis.yaml", KpiSheet).kpis
        self.contract: Contract = self._built(spec.contract.build)
        self._refuse_contradictions()
        self.model = self._version(spec, self._model_files())
        self.policy = self._version(self.policy_spec, ["policy.yaml"])
        self.codebook = self._version(self.codebook_spec, ["codebook.yaml"])
        self.method: str = spec.model.explainer
        self.scale: Scale = spec.model.scale
        self.background_sha256 = self._background_sha256()
        self.background_population: Population | None = spec.model.background_population
        self.measured: tuple[Measured, ...] = ()
        if MEASURED_FILE in files.contents:
            self.measured = self._parse(MEASURED_FILE, MeasuredSheet).measured
        self.reference = self._rows(spec.model.reference)
        self.calibration: tuple[Matured, ...] = self._calibration()
        self.calibrated: tuple[Band, ...] = bands_of(self.calibration)
        self.calibration_population = spec.model.calibration_population or ""

    def why_no_count(self, probability: float) -> str:
        """Why this probability may not be told as so many of 100; "" where it may."""
        return why_not(self.calibrated, probability)

    @property
    def concepts(self) -> tuple[Concept, ...]:
        """Everything a reason of this bundle can be about."""
        return self.codebook_spec.concepts

    @property
    def justifications(self) -> tuple[JustificationSpec, ...]:
        """The codes an override of this bundle may carry."""
        return self.codebook_spec.justifications

    @property
    def example(self) -> dict[str, dict[str, object]]:
        """One valid application, always the same: ``{"fields": {…}}``."""
        return {"fields": self.contract.from_text(self._spec.example)}

    @property
    def card_text(self) -> str:
        """What training measured, as markdown."""
        return self._files.text("card.md")

    def _parse(self, name: str, schema: type[Spec]) -> Spec:
        """One YAML file by its schema; BundleInvalid names every fault."""
        try:
            return schema.model_validate(read_yaml(self._files.text(name)))
        except ValidationError as refused:
            problems = [f"{name}: {fault}" for fault in faults(refused)]
        except PlainYamlError as refused:
            problems = [f"{name}: {refused}"]
        raise BundleInvalid(str(self.directory), tuple(problems))

    def _built(self, build: Callable[[], Contract]) -> Contract:
        """The contract, or BundleInvalid with what contradicts itself in it."""
        try:
            return build()
        except ValueError as refused:
            raise BundleInvalid(str(self.directory), (f"model.yaml: {refused}",)) from None

    def _version(self, spec: BundleSpec | PolicySpec | Codebook, files: list[str]) -> VersionRef:
        """The version a file declares, with the hash of what it stands for."""
        sha256 = self._files.sha256_of(files)
        return VersionRef(self.name, spec.version, spec.date, sha256)

    def _background_sha256(self) -> str | None:
        """The hash of the background that contributions are measured from, if they are."""
        model = self._spec.model
        measured = model.explainer in MEASURED_FROM_BACKGROUND
        return self._files.hashes[model.background] if measured and model.background else None

    def _model_files(self) -> list[str]:
        """The files that the model's version stands for."""
        model = self._spec.model
        named = ["model.yaml", model.file, model.reference, model.background, model.calibration]
        return [name for name in named if name is not None]

    def _refuse_contradictions(self) -> None:
        """Raise BundleInvalid for anything in one file that another file denies."""
        problems = self.codebook_spec.problems(self.contract)
        if self.name != self._files.name:
            problems.append("model.yaml and manifest.json give different names")
        missing = {*self._model_files(), "card.md"} - self._files.contents.keys()
        problems += [f"{name} is missing" for name in sorted(missing)]
        concepts = {concept.id for concept in self.concepts}
        for rule in self.policy_spec.knockouts:
            if rule.field not in self.contract or rule.concept not in concepts:
                problems.append(f"policy.yaml: rule {rule.id} names an unknown field or concept")
        if changes := self.policy_spec.changes:
            problems += change_problems(changes, self.contract, self.concepts)
        amount = self.policy_spec.defaults.amount_field
        if amount not in self.contract or self.contract[amount].type != "money":
            problems.append(f"policy.yaml: amount_field {amount} is no money field")
        try:
            self.contract.check(self.contract.from_text(self._spec.example))
        except ContractBroken as broken:
            problems += [f"model.yaml: example: {problem}" for problem in broken.problems]
        if problems:
            raise BundleInvalid(str(self.directory), tuple(problems))

    def _rows(self, file: str) -> list[Row]:
        """The rows of one of the bundle's samples, checked by the contract."""
        rows: list[Row] = []
        for place, cells in enumerate(self._files.table(file)):
            known = {k: v for k, v in cells.items() if k in self.contract}
            try:
                rows.append(self.contract.check(self.contract.from_text(known)).features)
            except ContractBroken as broken:
                problem = f"{file}: row {place}: {broken.problems[0]}"
                raise BundleInvalid(str(self.directory), (problem,)) from None
        if not rows:
            raise BundleInvalid(str(self.directory), (f"{file} has no rows",))
        return rows

    def _calibration(self) -> tuple[Matured, ...]:
        """The calibration sample; empty where none is given."""
        file = self._spec.model.calibration
        if file is None:
            return ()
        rows, problems = read_calibration(file, self._files.table(file))
        if problems:
            raise BundleInvalid(str(self.directory), problems)
        return rows

    def expected_scores(self) -> list[float]:
        """The raw scores recorded with the reference rows."""
        table: list[dict[str, Any]] = list(self._files.table(self._spec.model.reference))
        try:
            return [float(cells[EXPECTED_COLUMN]) for cells in table]
        except (KeyError, TypeError, ValueError):
            problem = f"{self._spec.model.reference}: {EXPECTED_COLUMN} is missing or no number"
            raise BundleInvalid(str(self.directory), (problem,)) from None
