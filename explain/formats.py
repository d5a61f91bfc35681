"""Which model files are read, by whom, and which methods can explain what came out of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .adapters import ModelAdapter
from .attribution.background_trees import background_explainer
from .attribution.sampling import SampledExplainer
from .attribution.table_games import AdditiveExplainer
from .attribution.trees import tree_explainer
from .declared.bundle_schema import ExplainerName, ModelSpec
from .declared.contract import Contract
from .declared.installed import installed_format
from .errors import BundleInvalid
from .explainers import Explainer, LinearExplainer
from .libraries.catboost_model import CatboostBox, CatboostModel
from .libraries.ebm_json import EbmModel
from .libraries.linear_models import SklearnLinear
from .libraries.points import PointsScorecard
from .libraries.sklearn_boxes import SklearnBox
from .libraries.skops_files import read_skops
from .libraries.tree_models import LightGbmModel, SklearnTrees, XgboostModel
from .libraries.tree_pipelines import PIPELINE_LOADERS, PIPELINE_TYPES, SklearnTreePipeline
from .libraries.xgboost_json import json_of_ubj
from .values import Row


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A verified model file with what its bundle says of it.

    ``path`` is how messages name it. ``background`` gives the pinned sample; BundleInvalid where
    its rows break the contract. ``model_hosts`` is where the operator lets models be asked.
    """

    spec: ModelSpec
    content: bytes
    contract: Contract
    path: str
    background: Callable[[], list[Row]]
    model_hosts: str = ""

    @property
    def text(self) -> str:
        """The content as text; BundleInvalid when it is none."""
        try:
            return self.content.decode()
        except UnicodeDecodeError:
            raise BundleInvalid(self.path, ("it is not UTF-8",)) from None


def _sklearn(file: ModelFile) -> ModelAdapter:
    """A skops archive: what is looked for in it, the method of record says."""
    if file.spec.explainer == "linear_independent":
        return SklearnLinear(file.content, file.contract, file.path)
    if file.spec.explainer == "sampled_interventional":
        return SklearnBox(file.content, file.contract, file.path)
    model = read_skops(file.content, file.path, PIPELINE_TYPES, PIPELINE_LOADERS)
    kind = SklearnTreePipeline if hasattr(model, "steps") else SklearnTrees
    return kind(model, file.contract, file.path)


def _catboost(file: ModelFile) -> ModelAdapter:
    """A CatBoost model: to sample it, its trees need not be read."""
    sampled = file.spec.explainer == "sampled_interventional"
    return (CatboostBox if sampled else CatboostModel)(file.text, file.contract, file.path)


def _remote(file: ModelFile) -> ModelAdapter:
    """A model that somebody else runs: the file says where."""
    from .remote.model import RemoteModel

    spec = file.spec
    told = file.text, spec.format, file.contract, file.path, spec.scale
    return RemoteModel(*told, file.model_hosts)


def _onnx(file: ModelFile) -> ModelAdapter:
    """A model in ONNX."""
    from .libraries.onnx_model import OnnxModel

    return OnnxModel(file.content, file.contract, file.path)


READERS: Mapping[str, Callable[[ModelFile], ModelAdapter]] = {
    "lightgbm-text": lambda file: LightGbmModel(file.text, file.contract, file.path),
    "xgboost-json": lambda file: XgboostModel(file.text, file.contract, file.path),
    "xgboost-ubj": lambda file: XgboostModel(
        json_of_ubj(file.content, file.path), file.contract, file.path
    ),
    "catboost-json": _catboost,
    "points-yaml": lambda file: PointsScorecard(file.text, file.contract, file.path),
    "ebm-json": lambda file: EbmModel(file.text, file.contract, file.path),
    "sklearn-skops": _sklearn,
    "onnx": _onnx,
    "remote-kserve-v1": _remote,
    "remote-oip-v2": _remote,
    "remote-mlflow": _remote,
}

OURS: frozenset[str] = frozenset(
    {"points-yaml", "ebm-json", "remote-kserve-v1", "remote-oip-v2", "remote-mlflow"}
)
"""Formats that our own code reads and scores; what others need, only a worker process imports."""

EXPLAINERS: Mapping[ExplainerName, Callable[[Any, ModelFile], Explainer]] = {
    "tree_path_dependent": lambda model, _: tree_explainer(model),
    "tree_interventional": lambda model, file: background_explainer(
        model, file.background(), file.path
    ),
    "linear_independent": lambda model, file: LinearExplainer(model.card, file.background()),
    "additive_interventional": lambda model, file: AdditiveExplainer(
        model.additive, model.features, file.background()
    ),
    "sampled_interventional": lambda model, file: SampledExplainer(
        model, file.background(), file.path
    ),
}
"""Of each method what makes its explainer; the schema lets a format only have methods that fit."""


NEEDED: Mapping[str, str] = {
    "tree_path_dependent": "trees",
    "tree_interventional": "trees",
    "linear_independent": "card",
    "additive_interventional": "additive",
}
"""What a method asks a model for besides its scores."""


def read_model(file: ModelFile) -> ModelAdapter:
    """The model in this file; BundleInvalid or UnsafeModelFile where it does not fit."""
    name = file.spec.format
    if name in READERS:
        return READERS[name](file)
    try:
        found = installed_format(name)
        read = found.load() if found else None
    except Exception as failed:
        problem = f"the package that reads {name} cannot be used ({type(failed).__name__})"
        raise BundleInvalid(file.path, (problem,)) from failed
    if read is None:
        raise BundleInvalid(file.path, (f"no installed package reads {name}",))
    model: ModelAdapter = read(file)
    return model


def explainer_of(model: ModelAdapter, file: ModelFile) -> Explainer:
    """What takes this model's scores apart by the bundle's method of record."""
    method = file.spec.explainer
    if not hasattr(model, NEEDED.get(method, "score")):
        problem = f"{method} needs more of a model than {file.spec.format} gives"
        raise BundleInvalid(file.path, (f"{problem}: let it be sampled_interventional",))
    return EXPLAINERS[method](model, file)
