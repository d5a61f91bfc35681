"""Models in ONNX: asked through onnxruntime, sampled, and refused by name where they do not fit."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import onnx
import pytest
import skl2onnx
from onnx import TensorProto, helper
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from explain.adapters import Encoder
from explain.attribution.sampling import SampledExplainer
from explain.bundle import describe, load
from explain.checks import check_explainer, check_model_adapter
from explain.declared.bundle_files import seal
from explain.declared.contract import Contract, Field
from explain.errors import BundleInvalid, LibraryFailed, NotProven
from explain.libraries.onnx_model import OnnxModel
from explain.values import PROBABILITY, Explanation, Row
from explain.worker.model import WorkerModel
from sample_models.samples import german
from tests.explain.families import put_model
from tests.explain.test_linear_models import (
    FIELDS,
    LEVELS,
    NUMBERS,
    contract,
    drawn,
    frame,
    labels,
)
from tests.sample_models.trained import sample_bundles

STRICT = contract("refuse")
COLUMNS = [
    *((name, FloatTensorType([None, 1])) for name in NUMBERS),
    *((name, StringTensorType([None, 1])) for name in LEVELS),
]


def converted(model: Any, inputs: Sequence[Any], *, zipmap: bool = True) -> bytes:
    """The model as sklearn-onnx writes it."""
    options = {"zipmap": zipmap} if hasattr(model, "classes_") else None
    told = skl2onnx.convert_sklearn(model, initial_types=list(inputs), options=options)
    return bytes(told.SerializeToString())


def piped(model: Any) -> Any:
    """A classifier behind one column for each level; trees compare numbers as they are.

    Scaled in single precision, a number on a threshold may fall on the other side of it.
    """
    scaled = "passthrough" if hasattr(model, "n_estimators") else StandardScaler()
    parts = [("n", scaled, list(NUMBERS)), ("t", OneHotEncoder(), list(LEVELS))]
    return make_pipeline(ColumnTransformer(parts), model)


KINDS: dict[str, Callable[[], Any]] = {
    "logistic": LogisticRegression,
    "forest": lambda: RandomForestClassifier(15, max_depth=5, random_state=0),
    "boosted": lambda: GradientBoostingClassifier(n_estimators=20, random_state=0),
    "neurons": lambda: MLPClassifier((6,), max_iter=3000, random_state=0, tol=0.01),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_sklearn_onnx_writes_is_scored_as_scikit_learn_does(name: str) -> None:
    rows = drawn(1, 200, gaps=0.0)
    model = piped(KINDS[name]()).fit(frame(rows), labels(rows))
    fresh = drawn(2, 60, gaps=0.0)
    wanted = model.predict_proba(frame(fresh))[:, 1]
    maps, columns = (
        OnnxModel(converted(model, COLUMNS, zipmap=zipmap), STRICT, "model.onnx")
        for zipmap in (True, False)
    )
    assert maps.score(fresh) == columns.score(fresh)
    assert np.abs(np.array(maps.score(fresh)) - wanted).max() <= 1e-6
    check_model_adapter(maps, fresh[:10])
    explainer = SampledExplainer(maps, drawn(3, 10, gaps=0.0), "model.onnx")
    check_explainer(maps, explainer, fresh[:2])


def test_one_tensor_takes_codes_and_gaps() -> None:
    rows = drawn(1, 300)
    encoder = Encoder(contract())
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    model.fit(encoder.encode(rows), labels(rows))
    content = converted(model, [("x", FloatTensorType([None, len(FIELDS)]))])
    box = OnnxModel(content, contract(), "model.onnx")
    fresh = drawn(2, 50, gaps=0.3)
    wanted = model.predict_proba(encoder.encode(fresh).astype(np.float32))[:, 1]
    assert np.abs(np.array(box.score(fresh)) - wanted).max() <= 1e-6
    check_model_adapter(box, fresh[:5])


def test_one_tensor_of_text_takes_levels() -> None:
    words = Contract([STRICT[name] for name in LEVELS])
    rows = [{name: row[name] for name in LEVELS} for row in drawn(1, 200, gaps=0.0)]
    table = np.array([[*row.values()] for row in rows], object)
    model = make_pipeline(OneHotEncoder(), LogisticRegression())
    model.fit(table, (table[:, 0] == "own").astype(int) | (table[:, 1] == "nurse"))
    box = OnnxModel(converted(model, [("x", StringTensorType([None, 2]))]), words, "model.onnx")
    wanted = model.predict_proba(table)[:, 1]
    assert np.abs(np.array(box.score(rows)) - wanted).max() <= 1e-6


def graph(
    inputs: Sequence[tuple[str, int, Sequence[Any]]],
    nodes: Sequence[Any],
    outputs: Sequence[tuple[str, int, Sequence[Any]]],
    weights: Sequence[Any] = (),
) -> bytes:
    """A model written by hand."""
    told = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info(*one) for one in outputs],
        list(weights),
    )
    opset = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(told, opset_imports=opset, ir_version=8).SerializeToString())


TWO = Contract(
    [
        Field(name="income", label="Income", type="number", minimum=0.25, maximum=9.0),
        Field(name="age", label="Age", type="integer", minimum=1.0),
    ]
)
F, WHOLE = TensorProto.FLOAT, TensorProto.INT64


def summed(inputs: Sequence[tuple[str, int, Sequence[Any]]], kind: str = "Sigmoid") -> bytes:
    """A probability from the sum of its inputs."""
    nodes = [helper.make_node("Cast", [n], [f"{n}_f"], to=F) for n, _, _ in inputs]
    names = [f"{name}_f" for name, _, _ in inputs]
    nodes += [helper.make_node("Sum", names, ["s"]), helper.make_node(kind, ["s"], ["p"])]
    return graph(inputs, nodes, [("p", F, inputs[0][2])])


@pytest.mark.parametrize("shape", [["n"], ["n", 1]], ids=str)
def test_a_column_may_have_one_axis_or_two_and_whole_numbers_their_own_kind(shape: Any) -> None:
    content = summed([("age", WHOLE, shape), ("income", F, shape)])  # in another order
    box = OnnxModel(content, TWO, "model.onnx")
    told = box.score([{"income": 0.5, "age": 2.0}, {"income": 1e300, "age": 2.0}])
    assert told == pytest.approx([1 / (1 + math.exp(-2.5)), 1.0], abs=1e-6)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "onnxruntime cannot read this model"),
        (b"no model" * 50, "cannot read this model"),
        (summed([("income", F, ["n", 1])]), "the model has no input age"),
        (summed([("income", F, ["n"]), ("shoe", F, ["n"])]), "shoe is no feature of the contract"),
        (summed([("income", WHOLE, ["n"]), ("age", F, ["n"])]), "income may have decimals: export"),
        (
            summed([("income", F, [1, 1]), ("age", F, [1, 1])]),
            "cannot score a row of the contract .*Got: 2 Expected: 1",
        ),
        (summed([("x", F, ["n", 3])]), "cannot score a row of the contract .*Got: 2 Expected: 3"),
        (summed([("x", F, ["n"])]), "the tensor x must have two axes"),
        (
            summed([("income", F, ["n"]), ("age", F, ["n"])], "Identity"),
            r"answers no probability: a number lies outside of 0\.\.1",
        ),
        (
            graph(
                [("x", F, ["n", 2])],
                [helper.make_node(kind, ["x"], [kind]) for kind in ("Sigmoid", "Identity")],
                [("Sigmoid", F, ["n", 2]), ("Identity", F, ["n", 2])],
            ),
            "must have one output of probabilities; it has Sigmoid, Identity",
        ),
        (
            graph(
                [("x", F, ["n", 2])],
                [helper.make_node("Concat", ["x", "x"], ["p"], axis=1)],
                [("p", F, ["n", 4])],
            ),
            "answers neither a probability nor those of the classes 0 and 1",
        ),
    ],
    ids=range(11),
)
def test_a_model_of_something_else_is_refused_by_name(content: bytes, why: str) -> None:
    with pytest.raises(BundleInvalid, match=why):
        OnnxModel(content, TWO, "model.onnx")


@pytest.mark.parametrize("classes", [[0, 1, 2], [1, 2], ["bad", "good"]], ids=str)
def test_a_classifier_of_other_classes_is_refused(classes: list[Any]) -> None:
    chance = np.random.default_rng(1)
    rows = chance.normal(size=(90, 2))
    model = LogisticRegression().fit(rows, np.array(classes)[np.arange(90) % len(classes)])
    content = converted(model, [("x", FloatTensorType([None, 2]))])
    with pytest.raises(BundleInvalid, match="nor those of the classes 0 and 1"):
        OnnxModel(content, TWO, "model.onnx")


def test_text_has_no_gaps_and_numbers_are_no_text() -> None:
    rows = drawn(1, 100, gaps=0.0)
    model = piped(LogisticRegression()).fit(frame(rows), labels(rows))
    content = converted(model, COLUMNS)
    with pytest.raises(BundleInvalid, match=r"home may be missing, and a tensor\(string\) has no"):
        OnnxModel(content, contract("allow"), "model.onnx")
    fields = [
        f if f.name != "home" else Field(name="home", label="", type="number")
        for f in STRICT.fields
    ]
    with pytest.raises(BundleInvalid, match="home is a number in the contract and text in the"):
        OnnxModel(content, Contract(fields), "model.onnx")


def test_weights_outside_of_the_file_are_not_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tensor = helper.make_tensor("w", F, [2, 1], np.ones(2, np.float32).tobytes(), raw=True)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["s"]),
        helper.make_node("Sigmoid", ["s"], ["p"]),
    ]
    content = graph([("x", F, ["n", 2])], nodes, [("p", F, ["n", 1])], [tensor])
    assert OnnxModel(content, TWO, "model.onnx").score([{"income": 1.0, "age": 1.0}])
    told = onnx.load_from_string(content)
    onnx.external_data_helper.set_external_data(told.graph.initializer[0], location="w.bin")
    told.graph.initializer[0].ClearField("raw_data")
    for location in ("w.bin", str(tmp_path / "w.bin"), "../w.bin"):
        (tmp_path / "w.bin").write_bytes(np.ones(2, np.float32).tobytes())
        told.graph.initializer[0].external_data[0].value = location
        with pytest.raises(BundleInvalid, match="cannot read this model"):
            OnnxModel(told.SerializeToString(), TWO, str(tmp_path / "model.onnx"))


@pytest.fixture(scope="module")
def applicants() -> list[Row]:
    """Real applications, checked."""
    own = describe(sample_bundles() / "german-credit").contract
    return [own.check(own.from_text(one.cells)).features for one in german()[:200]]


@pytest.fixture(scope="module")
def folder(applicants: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The German bundle with a forest in ONNX in it."""
    folder = tmp_path_factory.mktemp("onnx") / "german-credit"
    copytree(sample_bundles() / "german-credit", folder)
    own = describe(folder).contract
    matrix = Encoder(own).encode(applicants)
    # What is learned does not matter here, only that it is learned from every field.
    bad = (matrix.sum(axis=1) > np.median(matrix.sum(axis=1))).astype(int)
    model = RandomForestClassifier(10, max_depth=6, random_state=0).fit(matrix, bad)
    content = converted(model, [("x", FloatTensorType([None, matrix.shape[1]]))])
    lines = (folder / "reference.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "background.csv").write_text("".join(lines[:31]), encoding="utf-8")
    told = {
        "file": "model.onnx",
        "format": "onnx",
        "scale": PROBABILITY,
        "explainer": "sampled_interventional",
        "background": "background.csv",
    }
    put_model(folder, told, content, own, OnnxModel(content, own, "model.onnx").score)
    return folder


def test_a_bundle_is_proven_and_explained_in_a_process_apart(
    folder: Path, applicants: list[Row]
) -> None:
    bundle = load(folder, apart=True)
    adapter, _ = bundle.parts_in_memory()
    assert isinstance(adapter, WorkerModel)
    assert adapter.worker.pid
    for answer in bundle.explain(applicants[:2]):
        assert isinstance(answer, Explanation)
        assert answer.reliable
        assert answer.method == "sampled_interventional"
        assert answer.attribution.residual <= 1e-9
    check_model_adapter(adapter, applicants[:3])


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda content: content[: len(content) // 2],
    "a byte turned": lambda content: content[:900] + bytes([content[900] ^ 0xFF]) + content[901:],
    "a child that is none": lambda content: _with_ints(content, "nodes_truenodeids", 10**9),
    "a tree in a circle": lambda content: _with_ints(content, "nodes_truenodeids", 0),
    "a feature that is none": lambda content: _with_ints(content, "nodes_featureids", 10**6),
}


def _with_ints(content: bytes, attribute: str, value: int) -> bytes:
    """The model with one number of its trees changed."""
    told = onnx.load_from_string(content)
    (node,) = (node for node in told.graph.node if node.op_type == "TreeEnsembleClassifier")
    (found,) = (one for one in node.attribute if one.name == attribute)
    found.ints[0] = value
    return bytes(told.SerializeToString())


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_refused_and_harms_nobody(
    folder: Path, tmp_path: Path, name: str
) -> None:
    spoiled = Path(copytree(folder, tmp_path / "german-credit"))
    content = (spoiled / "model.onnx").read_bytes()
    (spoiled / "model.onnx").write_bytes(DAMAGES[name](content))
    seal(spoiled, "german-credit")
    with pytest.raises((BundleInvalid, LibraryFailed, NotProven)) as refused:
        load(spoiled, apart=True)
    assert "model.onnx" in str(refused.value) or isinstance(refused.value, NotProven)
