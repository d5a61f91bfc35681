"""Model folders of MLflow: the library's own file is taken, and nothing that would run code.

The texts of MLmodel are those that MLflow 3.17.2 wrote for models of these libraries.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from decision_service.cli import main
from explain.bundle import describe
from explain.errors import BundleInvalid, FileTooLarge
from explain.libraries import mlflow_folder
from explain.libraries.mlflow_folder import KEPT_AS, read_mlflow, take_mlflow
from tests.explain.test_linear_models import contract
from tests.sample_models.trained import sample_bundles

LIGHTGBM = """\
flavors:
  lightgbm:
    code: null
    data: model.lgb
    lgb_version: 4.7.0
    model_class: lightgbm.basic.Booster
    serialization_format: skops
    skops_trusted_types:
    - lightgbm.basic.Booster
    - collections.OrderedDict
    - lightgbm.sklearn.LGBMRegressor
    - lightgbm.sklearn.LGBMClassifier
  python_function:
    data: model.lgb
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.lightgbm
    python_version: 3.11.7
is_signature_from_type_hint: false
mlflow_version: 3.17.2
model_id: null
model_size_bytes: 7277
model_uuid: b1006131343d4213937a726acf7a9e65
prompts: null
signature:
  inputs: '[{"type": "double", "name": "income", "required": true}, {"type": "double",
    "name": "debts", "required": true}, {"type": "double", "name": "months", "required":
    true}, {"type": "double", "name": "home", "required": true}, {"type": "double",
    "name": "work", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]'
  params: null
type_hint_from_example: false
utc_time_created: '2026-11-22 20:13:23.468098'
"""

FLAVOURS: dict[str, tuple[dict[str, Any], str]] = {
    "lightgbm": ({"data": "model.lgb", "model_class": "lightgbm.basic.Booster"}, "lightgbm-text"),
    "xgboost": ({"data": "model.ubj", "model_format": "ubj"}, "xgboost-ubj"),
    "xgboost in JSON": ({"data": "model.json", "model_format": "json"}, "xgboost-json"),
    "catboost": (
        {"data": "model.cb", "model_type": "CatBoostClassifier", "save_format": "json"},
        "catboost-json",
    ),
    "onnx": ({"data": "model.onnx", "onnx_version": "1.23.2"}, "onnx"),
    "sklearn": (
        {"pickled_model": "model.skops", "serialization_format": "skops"},
        "sklearn-skops",
    ),
}
"""As each library's flavour is told, and the format that its file is of."""

TYPES = {"income": "double", "debts": "double", "months": "long", "home": "string", "work": "long"}


def mlmodel(
    flavours: Mapping[str, Mapping[str, Any]], columns: Mapping[str, str] | None = None
) -> str:
    """An MLmodel of these flavours, with a signature of these columns."""
    told: dict[str, Any] = {"flavors": {**flavours, "python_function": {"loader_module": "x"}}}
    columns = TYPES if columns is None else columns
    if columns:
        inputs = [{"type": kind, "name": n, "required": True} for n, kind in columns.items()]
        told["signature"] = {"inputs": json.dumps(inputs), "outputs": None, "params": None}
    return json.dumps(told)  # JSON is YAML, too


def folder_of(place: Path, text: str, **files: bytes) -> Path:
    """A model folder."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "MLmodel").write_text(text, encoding="utf-8")
    for name, content in files.items():
        (place / name).write_bytes(content)
    return place


def test_a_folder_as_mlflow_writes_it_is_read(tmp_path: Path) -> None:
    found = read_mlflow(folder_of(tmp_path, LIGHTGBM, **{"model.lgb": b"tree"}), contract())
    assert (found.flavour, found.form, found.file) == ("lightgbm", "lightgbm-text", "model.lgb")
    assert found.content == b"tree"
    assert found.columns == ("income", "debts", "months", "home", "work")


@pytest.mark.parametrize("name", FLAVOURS)
def test_the_librarys_own_file_is_taken(tmp_path: Path, name: str) -> None:
    told, form = FLAVOURS[name]
    file = told.get("data") or told["pickled_model"]
    text = mlmodel({name.partition(" ")[0]: told})
    found = read_mlflow(folder_of(tmp_path, text, **{file: b"own"}), contract())
    assert (found.form, found.content) == (form, b"own")


PICKLED = {"pickled_model": "model.pkl", "serialization_format": "cloudpickle"}


@pytest.mark.parametrize(
    ("flavours", "why"),
    [
        (
            {"sklearn": PICKLED},
            "sklearn: model.pkl, a cloudpickle, could run any code: log it with",
        ),
        (
            {"sklearn": {"pickled_model": "model.pkl"}},
            "a pickle, could run any code: log it with serialization_format='skops'",
        ),
        (
            {"lightgbm": {"data": "model.skops", "model_class": "lightgbm.sklearn.LGBMClassifier"}},
            "lightgbm: model.skops is LGBMClassifier and not .*: log its booster_",
        ),
        ({"lightgbm": {"data": "model.pkl"}}, "lightgbm: model.pkl is an estimator and not"),
        ({"xgboost": {"data": "model.xgb"}}, "gave up: log it with model_format='ubj'"),
        ({"catboost": {"data": "model.cb", "save_format": "cbm"}}, "log it with format='json'"),
        ({"onnx": {"data": ""}}, "onnx: data names no file"),
        ({}, r"only be loaded as python_function \(flavours: none of its own\), which runs code"),
        (
            {"pytorch": {"model_data": "data"}, "spark": {}},
            r"\(flavours: pytorch, spark\).*: export it to ONNX, or serve it .* remote-mlflow",
        ),
    ],
    ids=range(9),
)
def test_what_only_runs_as_code_is_refused_by_flavour_with_the_cure(
    tmp_path: Path, flavours: dict[str, dict[str, str]], why: str
) -> None:
    with pytest.raises(BundleInvalid, match=why) as refused:
        read_mlflow(folder_of(tmp_path, mlmodel(flavours)), contract())
    assert "MLmodel" in refused.value.path


def test_of_several_flavours_the_one_that_can_be_taken_is(tmp_path: Path) -> None:
    text = mlmodel({"sklearn": PICKLED, "onnx": {"data": "model.onnx"}})
    found = read_mlflow(folder_of(tmp_path, text, **{"model.onnx": b"x"}), contract())
    assert found.flavour == "onnx"


def changed(**other: str | None) -> dict[str, str]:
    """The columns with some of other types, and those of none left out."""
    return {name: kind for name, kind in {**TYPES, **other}.items() if kind}


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (changed(income=None), "signature: the model takes no income$|no income\\."),
        (
            {"incomes": "double", **changed(income=None)},
            "takes no income; was it renamed to incomes.; signature: .* no feature incomes",
        ),
        (changed(shoe="double"), "signature: the contract has no feature shoe"),
        (dict(reversed(TYPES.items())), "another order: work, home, months, debts, income"),
        (changed(income="string"), "income is string there and a number in the contract"),
        (changed(home="binary"), "home is binary there and a category in the contract"),
    ],
    ids=range(6),
)
def test_a_signature_of_other_columns_is_refused_by_name(
    tmp_path: Path, columns: dict[str, str], why: str
) -> None:
    text = mlmodel({"onnx": {"data": "model.onnx"}}, columns)
    with pytest.raises(BundleInvalid, match=why):
        read_mlflow(folder_of(tmp_path, text, **{"model.onnx": b"x"}), contract())


@pytest.mark.parametrize("inputs", ['[{"type": "tensor"}]', None])
def test_without_names_of_columns_there_is_nothing_to_compare(
    tmp_path: Path, inputs: str | None
) -> None:
    told = json.loads(mlmodel({"onnx": {"data": "model.onnx"}}, {}))
    told["signature"] = {"inputs": inputs} if inputs else None
    folder = folder_of(tmp_path, json.dumps(told), **{"model.onnx": b"x"})
    assert read_mlflow(folder, contract()).columns == ()


@pytest.mark.parametrize("inputs", ["{", "[1]", '[{"name": 1}]', "[" * 100_000])
def test_a_signature_that_is_none_is_refused(tmp_path: Path, inputs: str) -> None:
    told = json.loads(mlmodel({"onnx": {"data": "model.onnx"}}))
    told["signature"]["inputs"] = inputs
    folder = folder_of(tmp_path, json.dumps(told), **{"model.onnx": b"x"})
    with pytest.raises(BundleInvalid, match="signature: inputs cannot be read"):
        read_mlflow(folder, contract())


@pytest.mark.parametrize("text", ["", "{", "[]", "x", "flavors: 3", "a: 1\nflavors: {b: 1}"])
def test_what_is_no_mlmodel_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BundleInvalid, match="it is no MLmodel file"):
        read_mlflow(folder_of(tmp_path, text), contract())


@pytest.mark.parametrize("file", ["../secret", "/etc/passwd", "link", "none", "sub/../../secret"])
def test_no_file_outside_of_the_folder_is_read(tmp_path: Path, file: str) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    folder = folder_of(tmp_path / "folder" / "sub", mlmodel({"onnx": {"data": file}}))
    (folder / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(BundleInvalid, match="is no plain file of the folder"):
        read_mlflow(folder, contract())
    with pytest.raises(BundleInvalid, match="MLmodel is no plain file"):
        read_mlflow(tmp_path / "nothing", contract())


def test_a_file_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_folder, "FILE_BYTES_MAX", 10)
    text = mlmodel({"onnx": {"data": "model.onnx"}})
    with pytest.raises(FileTooLarge):
        read_mlflow(folder_of(tmp_path, text, **{"model.onnx": b"x" * 11}), contract())


def german(tmp_path: Path, **change: str) -> tuple[Path, Path]:
    """The German bundle without its model, and that as MLflow would have it, or nearly."""
    bundle = Path(copytree(sample_bundles() / "german-credit", tmp_path / "german-credit"))
    content = (bundle / "model.txt").read_bytes()
    (bundle / "model.txt").write_bytes(b"")
    kinds = {
        f.name: "string" if f.levels else "double"
        for f in describe(sample_bundles() / "german-credit").contract.features
    }
    text = mlmodel({"lightgbm": FLAVOURS["lightgbm"][0]}, kinds | change)
    return folder_of(tmp_path / "mlflow", text, **{"model.lgb": content}), bundle


def test_a_bundle_with_a_model_out_of_a_folder_is_like_any(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, bundle = german(tmp_path)
    assert main(["bundle", "from-mlflow", str(folder), str(bundle)]) == 0
    told = capsys.readouterr().out
    assert "model.lgb (lightgbm) is in the bundle as lightgbm-text: 15 columns as in" in told
    assert (bundle / KEPT_AS).read_bytes() == (folder / "MLmodel").read_bytes()
    assert (bundle / "model.txt").read_bytes() == (folder / "model.lgb").read_bytes()
    assert describe(bundle).name == "german-credit"  # whole, and sealed anew


def test_what_does_not_fit_is_not_written(tmp_path: Path) -> None:
    folder, bundle = german(tmp_path, duration="double")
    before = {path.name: path.read_bytes() for path in bundle.iterdir()}
    with pytest.raises(BundleInvalid, match="the contract has no feature duration"):
        take_mlflow(folder, bundle)
    text = (bundle / "model.yaml").read_text(encoding="utf-8")
    (bundle / "model.yaml").write_text(text.replace("lightgbm-text", "xgboost-json"))
    folder, _ = folder_of(folder, mlmodel({"lightgbm": FLAVOURS["lightgbm"][0]}, {})), bundle
    with pytest.raises(BundleInvalid, match="format must be lightgbm-text, which is what mlflow"):
        take_mlflow(folder, bundle)
    (bundle / "model.yaml").write_text("format: 1")
    with pytest.raises(BundleInvalid, match="title: Field required"):
        take_mlflow(folder, bundle)
    (bundle / "model.yaml").write_text("a: &b c")
    with pytest.raises(BundleInvalid, match=r"model\.yaml"):
        take_mlflow(folder, bundle)
    after = {path.name: path.read_bytes() for path in bundle.iterdir()}
    assert {n: c for n, c in after.items() if n != "model.yaml"} == {
        n: c for n, c in before.items() if n != "model.yaml"
    }
