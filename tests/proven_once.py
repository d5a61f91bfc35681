"""Bundles that are proven once in a process, for whatever number of installations load them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from decision_service import wiring
from decision_service.loading import Loaded, Loader, loaded_from
from explain.adapters import ModelAdapter
from explain.bundle import Bundle
from explain.declared.bundle_files import read_files
from explain.explainers import Explainer

KEPT_MAX = 8

_proven: dict[tuple[str, str], tuple[ModelAdapter, Explainer]] = {}


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
            loaded = super().prove(directory)
            while len(_proven) >= KEPT_MAX:
                del _proven[next(iter(_proven))]
            _proven[key] = loaded.bundle.parts_in_memory()
            return loaded
        bundle = Bundle(files, apart=True, model_hosts=self._model_hosts)
        bundle.use(*_proven[key])
        return loaded_from(bundle)


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
