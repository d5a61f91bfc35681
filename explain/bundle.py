"""One folder is one model: the files that govern it, and the model they lead to.

manifest.json   every other file with size and hash
model.yaml      what the model is, its data contract, outcome definition, budgets, example
<model file>    in a format of ``formats.READERS``, or where a model answers
reference.csv   pinned rows with the raw scores they must give
policy.yaml     cut-offs, routing, knock-outs, limits        (a version of its own)
codebook.yaml   reason concepts, justification codes          (a version of its own)
kpis.yaml       numbers agreed by the four owners before going live
card.md         what training measured
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle, islice
from pathlib import Path

from .adapters import ModelAdapter
from .attribution.kernels import KernelExplainer
from .attribution.row_blocks import WARMING_ROWS
from .changes.likeness import Likeness
from .changes.surfaces import Surface, surface_of
from .changes.uncertainty import VennAbers
from .comparators import Comparator, compared_fields
from .declared.bundle_contents import BundleContents
from .declared.bundle_files import Admit, BundleFiles, read_files
from .declared.card import card_of
from .errors import (
    BundleInvalid,
    ExplainError,
    LibraryFailed,
    ModelUnavailable,
    NonsenseScore,
    NotProven,
)
from .explainers import Explainer, LinearExplainer, Parts
from .formats import OURS, ModelFile, explainer_of, read_model
from .reasons import Wording, quartiles
from .values import ADDITIVITY_TOLERANCE, Explanation, Row
from .verdicts import explanation_of
from .worker.model import WorkerModel, read_apart

PROOF_ROWS = 200

LIKENESS_ROWS = 1000
"""So many reference rows stand for all applicants: each is compared with every other."""

AT_ONCE = (KernelExplainer, LinearExplainer)
"""Explainers of ours that ask no library, no process and no network."""

PROMPT_ROWS = 64
PROMPT_SECONDS = 0.01
"""So many rows may take so long where others wait meanwhile; a large forest takes far longer."""

PROMPT_TRIES = 3
"""Of so many the fastest counts: a busy machine makes no model slow."""

Clock = Callable[[], float]

SAMPLED_PROOF_ROWS = 5
"""Where explaining takes thousands of answers, so many rows are explained to prove a bundle."""


@dataclass(frozen=True, slots=True)
class _Running:
    """A model in memory with what explains it."""

    adapter: ModelAdapter
    explainer: Explainer


class Bundle(BundleContents):
    """A verified bundle. Its model is built on first use, once, whatever thread asks first.

    With ``apart`` its library is asked in a process of its own, which its file may be the end of.
    ``model_hosts`` is where the operator lets models be asked over HTTP.
    """

    def __init__(self, files: BundleFiles, *, apart: bool = False, model_hosts: str = "") -> None:
        super().__init__(files)
        self._apart = apart
        self._model_hosts = model_hosts
        self._wording = Wording(
            self.concepts,
            self.contract,
            self.codebook_spec.languages[0],
            quartiles(self.contract, self.reference),
            self._comparator(),
        )
        self._features = tuple(f.name for f in self.contract.features)
        self._building = threading.RLock()
        self._adapter: ModelAdapter | None = None
        self._running: _Running | None = None
        self._surface: Surface | None = None
        self._prompt: Explainer | None = None

    @property
    def at_once(self) -> bool:
        """Whether it is explained by code of ours, with nobody else to ask, and quickly enough.

        Known once it has been warmed, by how long a whole batch took.
        """
        running = self._running
        return running is not None and running.explainer is self._prompt

    @property
    def one_by_one(self) -> bool:
        """Whether a row takes so long to explain that others had better not wait in its batch."""
        return self.method == "sampled_interventional"

    def warm(self, clock: Clock = time.perf_counter) -> None:
        """Build and compile all that explaining takes, so that the first application need not."""
        explainer = self._model().explainer
        for rows in (1,) if self.one_by_one else WARMING_ROWS:
            explainer.attribute(self.reference[:rows])
        if isinstance(explainer, AT_ONCE):
            batch = list(islice(cycle(self.reference), PROMPT_ROWS))
            taken = []
            for _ in range(PROMPT_TRIES):
                begun = clock()
                explainer.attribute(batch)
                taken.append(clock() - begun)
            self._prompt = explainer if min(taken) <= PROMPT_SECONDS else None

    def _comparator(self) -> Comparator | None:
        """What values are compared with, where sentences ask for it and there is a background."""
        fields = compared_fields(self.concepts)
        if not fields or self._spec.model.background is None:
            return None
        return Comparator(fields, self.background, self.background_population)

    def parts_in_memory(self) -> tuple[ModelAdapter, Explainer]:
        """The model and what explains it, to be held against the shipped checks."""
        running = self._model()
        return running.adapter, running.explainer

    def use(self, adapter: ModelAdapter, explainer: Explainer) -> None:
        """Answer with another model or explainer: one reached otherwise, or one made to fail."""
        with self._building:
            self._adapter, self._running = adapter, _Running(adapter, explainer)

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Log-odds of bad by the model's own library."""
        return self._read().score(rows)

    def explain(self, rows: Sequence[Row]) -> list[Explanation | ExplainError]:
        """Explain checked rows; what goes wrong with one row takes that row's place.

        ModelUnavailable where the model gave no answer, NonsenseScore where it answered something
        that is no probability. Reasons that do not add up give an unreliable explanation without
        reasons.
        """
        if not rows:
            return []
        try:
            explainer = self._model().explainer
        except Exception as failed:  # noqa: BLE001 # whatever the model raises, the case goes on
            return [self._unavailable(failed) for _ in rows]
        try:
            parts: Sequence[Parts | ExplainError] = explainer.attribute(rows)
            if len(parts) != len(rows):
                parts = [ModelUnavailable(self.name, "another number of answers")] * len(rows)
        except Exception as failed:  # noqa: BLE001
            if len(rows) == 1:
                return [self._unavailable(failed)]
            return [self.explain([row])[0] for row in rows]
        return [self._explanation(row, part) for row, part in zip(rows, parts, strict=True)]

    def score_again(self, rows: Sequence[Row]) -> list[float]:
        """Raw scores as a decision takes them, without reasons. Raises what the model raises."""
        if self.one_by_one:
            return self.score(rows)
        return [parts.score for parts in self._model().explainer.attribute(rows)]

    def surface(self) -> Surface | None:
        """What the model's own structure says of its scores; None where it can only be asked."""
        with self._building:
            if self._surface is None and not self.one_by_one:
                self._surface = surface_of(self._model().adapter)
            return self._surface

    @cached_property
    def likeness(self) -> Likeness:
        """How far applicants are from one another, as the first pinned rows measure it."""
        return Likeness(self.contract, self.reference[:LIKENESS_ROWS])

    @cached_property
    def venn_abers(self) -> VennAbers | None:
        """What the calibration loans say of a probability; None where the bundle has none."""
        return VennAbers(self.calibration) if self.calibration else None

    def prove(self, rows: int = PROOF_ROWS) -> int:
        """Hold reference rows against their promises; how many were held, or NotProven.

        ModelUnavailable when the model cannot be read or asked at all.

        Base plus contributions is the score explained to 1e-9. That score, the library's own
        prediction and the raw score recorded when the bundle was made are one number, as nearly as
        the library works: to 1e-9, or 2e-5 where it works in single precision.
        """
        sample = self.reference[:rows]
        expected = self.expected_scores()[:rows]
        try:
            # Scores first: once the trees are told, the library may go.
            scores = self.score(sample)
            adapter, explainer = self.parts_in_memory()
            asked = adapter.worker.questions if isinstance(adapter, WorkerModel) else 0
            split = explainer.attribute(sample[: SAMPLED_PROOF_ROWS if self.one_by_one else None])
        except ExplainError:
            raise
        except Exception as failed:
            raise self._unavailable(failed) from failed
        near = adapter.precision
        for place, (recorded, score) in enumerate(zip(expected, scores, strict=True)):
            promises = {"the prediction is the recorded one": (abs(score - recorded), near)}
            for parts in split[place : place + 1]:
                total = parts.base + sum(parts.amounts)
                summed = (abs(total - parts.score), ADDITIVITY_TOLERANCE)
                promises["the contributions add up to the score"] = summed
                promises["the score is the prediction"] = (abs(parts.score - score), near)
            for promise, (distance, most) in promises.items():
                if not distance <= most * max(1.0, abs(recorded)):
                    raise NotProven(str(self.directory), promise, place)
        if isinstance(adapter, WorkerModel):
            adapter.worker.proven()
            if adapter.worker.questions == asked:  # it is explained without its library
                adapter.worker.rest()
        return len(sample)

    def _explanation(self, row: Row, parts: Parts | ExplainError) -> Explanation | ExplainError:
        """The explanation of one row, or the error that takes its place."""
        if isinstance(parts, ExplainError):
            return parts
        return explanation_of(
            parts,
            row,
            bundle=self.name,
            features=self._features,
            wording=self._wording,
            scale=self.scale,
            method=self.method,
            background_sha256=self.background_sha256,
        )

    def _unavailable(self, failed: Exception) -> ModelUnavailable | NonsenseScore:
        """What an application is told whose model gave no answer, or nonsense for one."""
        match failed:
            case NonsenseScore():
                return NonsenseScore(self.name, failed.what)
            case ModelUnavailable():
                return ModelUnavailable(self.name, failed.cause)
            case LibraryFailed():
                return ModelUnavailable(self.name, failed.what)
        return ModelUnavailable(self.name, type(failed).__name__)

    def _model(self) -> _Running:
        """The model in memory, built by whoever comes first."""
        if self._running is None:
            with self._building:
                if self._running is None:
                    self._running = self._build()
        return self._running

    def _build(self) -> _Running:
        """The model with what explains it."""
        model = self._read()
        return _Running(model, explainer_of(model, self._model_file()))

    def _read(self) -> ModelAdapter:
        """The model in its library's hands, read by whoever comes first."""
        with self._building:
            if self._adapter is None:
                file = self._model_file()
                apart = self._apart and file.spec.format not in OURS
                text = self._files.text("model.yaml")
                model = read_apart(file, text) if apart else read_model(file)
                if model.scale != self.scale:
                    raise BundleInvalid(file.path, (f"model.yaml: scale must be {model.scale}",))
                self._adapter = model
            return self._adapter

    def _model_file(self) -> ModelFile:
        """The verified model file."""
        spec = self._spec.model
        path, content = str(self.directory / spec.file), self._files.contents[spec.file]
        sample = lambda: self.background  # noqa: E731 # read only where a method asks for it
        return ModelFile(spec, content, self.contract, path, sample, self._model_hosts)

    @property
    def wording(self) -> Wording:
        """What puts contributions into words."""
        return self._wording

    @property
    def background(self) -> list[Row]:
        """The pinned sample to measure contributions from; the reference where there is none."""
        return self._rows(self._spec.model.background or self._spec.model.reference)


def load(
    directory: Path,
    *,
    prove: bool = True,
    apart: bool = False,
    model_hosts: str = "",
    admit: Admit | None = None,
) -> Bundle:
    """Read, verify and parse a bundle; with ``prove``, hold the model against its promises too.

    Without ``prove`` no machine learning is imported until the bundle is asked for a score. With
    ``apart`` the model's library is never imported here but in a process of its own, which a
    damaged file may kill, and which ends when the proof is done if nothing else needs it. A model
    over HTTP is asked only at one of ``model_hosts``, as COUNTERMAND_MODEL_HOSTS lists them. What
    ``admit`` raises of its signature keeps it from being parsed.
    """
    bundle = Bundle(read_files(Path(directory), admit), apart=apart, model_hosts=model_hosts)
    if prove:
        bundle.prove()
    return bundle


def describe(directory: Path, admit: Admit | None = None) -> BundleContents:
    """Read and verify a bundle without its model: no machine learning is imported."""
    return BundleContents(read_files(Path(directory), admit))


def example(directory: Path) -> dict[str, dict[str, object]]:
    """The bundle's one valid application: ``{"fields": {…}}``."""
    return describe(directory).example


def card(bundle: BundleContents) -> str:
    """The model card as markdown: what the bundle says of itself, then what training measured."""
    return card_of(bundle)
