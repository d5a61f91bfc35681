"""Model folders as MLflow writes them: which of the files a bundle can hold, and whether it fits.

``MLmodel`` names flavours, each a way to load the model, and may have a signature: the columns that
go in. A flavour is taken where its file is the library's own format. What can only be loaded by
running code of the folder, a pickle or a ``python_function``, is refused by name with another way.
The bundle then holds that one file like any other, and MLmodel beside it, to say where it is from.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..declared.bundle_files import FILE_BYTES_MAX, seal
from ..declared.bundle_schema import BundleSpec
from ..declared.contract import NUMERIC, Contract
from ..declared.plain_yaml import PlainYamlError
from ..declared.plain_yaml import read as read_yaml
from ..declared.policy_schema import faults
from ..errors import BundleInvalid, FileTooLarge

MLMODEL = "MLmodel"
KEPT_AS = "mlmodel.yaml"
"""What MLmodel is called in a bundle."""

MLMODEL_BYTES_MAX = 1024 * 1024
GENERIC = "python_function"
TEXT_TYPES = frozenset({"string"})
STRANGE_TYPES = frozenset({"binary", "datetime", "array", "object", "map", "any"})


@dataclass(frozen=True, slots=True)
class MlflowModel:
    """What a bundle takes from a folder: one file, the format it is of, and MLmodel as it stands.

    ``columns`` are those of the signature; none where there is no signature.
    """

    flavour: str
    form: str
    file: str
    content: bytes
    mlmodel: bytes
    columns: tuple[str, ...]


Told = Mapping[str, Any]
Choice = tuple[str, str]
"""A format of bundles and the file that is of it."""


class FlavourError(ValueError):
    """A flavour whose file cannot be taken; says why, and what to do instead."""


def take_mlflow(folder: Path, bundle: Path) -> MlflowModel:
    """Put the model of a folder into a bundle whose model.yaml is written, and seal that anew.

    BundleInvalid or FileTooLarge where one does not fit the other; then nothing was written.
    Whether it scores as recorded, only ``checks.check_bundle`` can tell.
    """
    path = str(bundle / "model.yaml")
    try:
        text = _plain_file(bundle, "model.yaml", MLMODEL_BYTES_MAX).decode()
        spec = BundleSpec.model_validate(read_yaml(text))
        contract = spec.contract.build()
    except ValidationError as refused:
        raise BundleInvalid(path, tuple(faults(refused))) from None
    except ValueError as refused:  # no plain YAML, no UTF-8, or no contract
        raise BundleInvalid(path, (str(refused),)) from None
    found = read_mlflow(folder, contract)
    if spec.model.format != found.form:
        problem = f"model: format must be {found.form}, which is what {folder.name} holds"
        raise BundleInvalid(path, (problem,))
    (bundle / spec.model.file).write_bytes(found.content)
    (bundle / KEPT_AS).write_bytes(found.mlmodel)
    seal(bundle, spec.name)
    return found


def read_mlflow(directory: Path, contract: Contract) -> MlflowModel:
    """The model of a folder, held against a contract; BundleInvalid names everything wrong."""
    path = directory / MLMODEL
    raw = _plain_file(directory, MLMODEL, MLMODEL_BYTES_MAX)
    try:
        told: Any = read_yaml(raw.decode())
        flavours = {str(name): dict(one) for name, one in told["flavors"].items()}
    except (PlainYamlError, UnicodeDecodeError, AttributeError, KeyError, TypeError, ValueError):
        raise BundleInvalid(str(path), ("it is no MLmodel file: flavors are missing",)) from None
    flavour, (form, file) = _chosen(flavours, str(path))
    columns, problems = _columns(told, contract)
    if problems:
        raise BundleInvalid(str(path), problems)
    content = _plain_file(directory, file, FILE_BYTES_MAX)
    return MlflowModel(flavour, form, file, content, raw, columns)


def _chosen(flavours: Mapping[str, Told], path: str) -> tuple[str, Choice]:
    """The one flavour that can be taken; BundleInvalid says of each why it cannot."""
    refused = []
    for name, told in flavours.items():
        if name in FLAVOURS:
            try:
                return name, FLAVOURS[name](told)
            except FlavourError as why:
                refused.append(f"{name}: {why}")
    if not refused:
        names = ", ".join(name for name in flavours if name != GENERIC) or "none of its own"
        refused.append(
            f"it can only be loaded as {GENERIC} (flavours: {names}), which runs code of the "
            "folder: export it to ONNX, or serve it and name it as remote-mlflow"
        )
    raise BundleInvalid(path, tuple(refused))


def _lightgbm(told: Told) -> Choice:
    """A booster's text; estimators are pickled, or in an archive around that text."""
    file = _file_of(told, "data")
    if Path(file).suffix in (".pkl", ".skops"):
        kind = str(told.get("model_class", "an estimator")).rpartition(".")[2]
        msg = f"{file} is {kind} and not LightGBM's own format: log its booster_ instead"
        raise FlavourError(msg)
    return "lightgbm-text", file


def _xgboost(told: Told) -> Choice:
    """JSON or UBJ."""
    file = _file_of(told, "data")
    forms = {".json": "xgboost-json", ".ubj": "xgboost-ubj"}
    if Path(file).suffix not in forms:
        msg = f"{file} is in a format that XGBoost gave up: log it with model_format='ubj'"
        raise FlavourError(msg)
    return forms[Path(file).suffix], file


def _catboost(told: Told) -> Choice:
    """JSON; the usual format has no description to read it by."""
    file, form = _file_of(told, "data"), told.get("save_format")
    if form != "json":
        msg = f"{file} is in the format {form!r}: log it with format='json'"
        raise FlavourError(msg)
    return "catboost-json", file


def _onnx(told: Told) -> Choice:
    """One file; where it has weights outside of itself, onnxruntime does not find them."""
    return "onnx", _file_of(told, "data")


def _sklearn(told: Told) -> Choice:
    """A skops archive; anything else is a pickle."""
    file, form = _file_of(told, "pickled_model"), told.get("serialization_format")
    if form != "skops":
        what = f"{file}, a {form or 'pickle'}, could run any code"
        msg = f"{what}: log it with serialization_format='skops'"
        raise FlavourError(msg)
    return "sklearn-skops", file


FLAVOURS: Mapping[str, Callable[[Told], Choice]] = {
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
    "catboost": _catboost,
    "onnx": _onnx,
    "sklearn": _sklearn,
}
"""Those that may have a file that a bundle can hold; a folder has at most one of them."""


def _file_of(told: Told, key: str) -> str:
    """The name of a flavour's file."""
    file = told.get(key)
    if not isinstance(file, str) or not file:
        msg = f"{key} names no file"
        raise FlavourError(msg)
    return file


def _columns(told: Told, contract: Contract) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The signature's columns, and where they are not the contract's features."""
    signature = told.get("signature")
    if not isinstance(signature, Mapping) or not signature.get("inputs"):
        return (), ()
    try:
        inputs = json.loads(signature["inputs"])
        named = {str(one["name"]): str(one["type"]) for one in inputs if "name" in one}
    except (ValueError, KeyError, TypeError, RecursionError):
        return (), ("signature: inputs cannot be read",)
    if not named or len(named) < len(inputs):
        return (), ()  # one tensor, whose columns have no names
    own = [field.name for field in contract.features]
    problems = [_missing(name, own, named) for name in own if name not in named]
    problems += [
        f"signature: the contract has no feature {name}" for name in named if name not in own
    ]
    if not problems and list(named) != own:
        problems.append(f"signature: its columns are in another order: {', '.join(named)}")
    for field in contract.features:
        kind = named.get(field.name, "")
        if kind in STRANGE_TYPES or (kind in TEXT_TYPES and field.type in NUMERIC):
            words = "a category" if field.levels else f"a {field.type}"
            problems.append(f"signature: {field.name} is {kind} there and {words} in the contract")
    return tuple(named), tuple(problems)


def _missing(name: str, own: Sequence[str], named: Mapping[str, str]) -> str:
    """That a feature of the contract is not in the signature, and what it may be called there."""
    others = [other for other in named if other not in own]
    near = get_close_matches(name, others, n=1)
    hint = f"; was it renamed to {near[0]}?" if near else ""
    return f"signature: the model takes no {name}{hint}"


def _plain_file(directory: Path, name: str, most: int) -> bytes:
    """A plain file that lies in the folder itself; BundleInvalid or FileTooLarge."""
    path = directory / name
    outside = Path(name).is_absolute() or ".." in Path(name).parts
    if outside or path.is_symlink() or not path.is_file():
        raise BundleInvalid(str(directory), (f"{name} is no plain file of the folder",))
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise FileTooLarge(str(path), path.stat().st_size, most)
    return content
