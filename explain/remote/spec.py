"""What ``remote.yaml`` says: where a model answers over HTTP, and how to ask and to wait."""

from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import Field as Limit
from pydantic import ValidationError, model_validator

from ..declared.contract import Contract
from ..declared.plain_yaml import PlainYamlError
from ..declared.plain_yaml import read as read_yaml
from ..declared.policy_schema import Strict, faults
from ..errors import BundleInvalid

Label = Annotated[str, Limit(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
"""A model's or tensor's name: it becomes part of a path, so nothing in it can leave its place."""

NAMES_VERSION = frozenset({"remote-oip-v2"})
"""Protocols whose answers name the version of the model."""


class BreakerSpec(Strict):
    """After so many failures one after another nothing is asked for so long, then once."""

    failures: Annotated[int, Limit(ge=1, le=100)] = 3
    pause_s: Annotated[float, Limit(gt=0, le=3600, allow_inf_nan=False)] = 10.0


class RemoteSpec(Strict):
    """``remote.yaml``, as its file says it.

    ``answer`` picks the number out of what is answered for a row: empty where that is a number,
    else its place in a list or its name in a mapping. ``gap`` stands for a missing value where null
    may not.
    """

    format: Literal["1"]
    url: Annotated[str, Limit(max_length=500)]
    model: Label | None = None
    version: Label | None = None
    rows: Literal["lists", "records"] = "lists"
    categories: Literal["text", "codes"] = "text"
    gap: Annotated[float, Limit(allow_inf_nan=False)] | None = None
    tensor: Label | None = None
    output: Label | None = None
    answer: Annotated[str, Limit(max_length=128)] = ""
    tolerance: Annotated[float, Limit(gt=0, le=1e-3)] = 1e-9
    timeout_ms: Annotated[int, Limit(ge=10, le=60_000)] = 1000
    retries: Annotated[int, Limit(ge=0, le=1)] = 0
    rows_per_call: Annotated[int, Limit(ge=1, le=100_000)] = 5000
    breaker: BreakerSpec = BreakerSpec()

    @model_validator(mode="after")
    def _is_address(self) -> Self:
        """The address is a plain one of the web, of a host and nothing hidden beside it."""
        told = self.place
        odd = told.username or told.password or told.query or told.fragment
        try:
            port = told.port
        except ValueError:
            port = 0
        plain = self.url.isascii() and self.url.isprintable() and not set(self.url) & set(" \\%;")
        if (
            told.scheme not in ("http", "https")
            or not told.hostname
            or odd
            or port == 0
            or not plain
        ):
            msg = "url must be http:// or https:// with a host, and no more than a port and a path"
            raise ValueError(msg)
        return self

    @property
    def place(self) -> SplitResult:
        """The address in its parts."""
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        """The host in lower case."""
        return (self.place.hostname or "").lower()

    @property
    def port(self) -> int:
        """The port, the usual one where none is said."""
        return self.place.port or (443 if self.place.scheme == "https" else 80)


def read_remote(text: str, protocol: str, contract: Contract, path: str) -> RemoteSpec:
    """The file by its schema and its protocol; BundleInvalid names every fault."""
    try:
        spec = RemoteSpec.model_validate(read_yaml(text))
    except ValidationError as refused:
        raise BundleInvalid(path, tuple(faults(refused))) from None
    except PlainYamlError as refused:
        raise BundleInvalid(path, (str(refused),)) from None
    problems = []
    if (spec.model is None) != (protocol == "remote-mlflow"):
        problems.append("model: /invocations has none, every other protocol needs one")
    if spec.version and protocol not in NAMES_VERSION:
        problems.append("version: answers of this protocol name none, so leave it out")
    if protocol == "remote-oip-v2":
        problems += _tensor_problems(spec, contract)
    elif spec.tensor or spec.output:
        problems.append("tensor, output: only of remote-oip-v2")
    if problems:
        raise BundleInvalid(path, tuple(problems))
    return spec


def _tensor_problems(spec: RemoteSpec, contract: Contract) -> list[str]:
    """What tensors of numbers cannot say."""
    problems = []
    if spec.output is None:
        problems.append("output: name the tensor that is answered")
    if spec.tensor and spec.categories == "text" and any(f.levels for f in contract.features):
        problems.append("categories: one tensor of numbers takes codes, not text")
    missing = any(f.levels and not f.required for f in contract.features)
    if not spec.tensor and spec.categories == "text" and missing:
        problems.append("categories: one that may be missing takes codes, not text")
    if spec.gap is None and not all(f.required for f in contract.features):
        problems.append("gap: tensors have no null; name the number that stands for a gap")
    return problems
