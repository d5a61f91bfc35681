"""Bundles that are proven once in a process, for whatever number of installations load them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

from decision_service import wiring
from decision_service.loading import Loaded, Loader, loaded_from
from explain.adapters import ModelAdapter
from explain.bundle import Bundle
from explain.declared.bundle_contents import BundleContents
from explain.declared.bundle_files import BundleFiles, read_files
from explain.explainers import Explainer

KEPT_MAX = 8

Contents = TypeVar("Contents", bound=BundleContents)
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Proven:
    """What was read of a bundle's files, used by nobody, and its model and what explains it."""

    read: Bundle
    parts: tuple[ModelAdapter, Explainer]


_described: dict[str, BundleContents] = {}
_proven: dict[tuple[str, str], Proven] = {}


def _of_other_files(read: Contents, files: BundleFiles) -> Contents:
    """What was read, of files elsewhere that are the same to the byte."""
    again = copy(read)
    again.directory, again.signature, again._files = files.directory, files.signature, files
    return again


def _keep(kept: dict[Key, Value], key: Key, value: Value) -> None:
    """Keep one more, and not too many."""
    while len(kept) >= KEPT_MAX:
        del kept[next(iter(kept))]
    kept[key] = value


class KeepingLoader(Loader):
    """Asks the process of a bundle's library that it was proven with before, where there is one.

    Every file is read and held against the manifest each time, signatures included, and what was
    loaded belongs to the house alone. A bundle that breaks a promise is kept by nobody.
    """

    def prove(self, directory: Path) -> Loaded:
        """The bundle of a folder, proven now or before; raises ExplainError."""
        files = read_files(directory, self._admit)
        key = files.sha256, self._model_hosts
        if key not in _proven:
            read = Bundle(files, apart=True, model_hosts=self._model_hosts)
            loaded = super().prove(directory)
            _keep(_proven, key, Proven(read, loaded.bundle.parts_in_memory()))
            return loaded
        bundle = _of_other_files(_proven[key].read, files)
        bundle._building = threading.RLock()
        bundle.use(*_proven[key].parts)
        return loaded_from(bundle)

    def described(self, directory: Path) -> BundleContents:
        """What a folder says of itself, read now or before; raises ExplainError."""
        files = read_files(directory, self._admit)
        if files.sha256 not in _described:
            _keep(_described, files.sha256, BundleContents(files))
        return _of_other_files(_described[files.sha256], files)


@contextmanager
def proven_once() -> Iterator[None]:
    """A proof takes half a second and a process, and hundreds of houses would pay for it."""
    with patch.object(wiring, "Loader", KeepingLoader):
        yield


@contextmanager
def proven_each_time() -> Iterator[None]:
    """As it is outside the tests."""
    with patch.object(wiring, "Loader", Loader):
        yield
