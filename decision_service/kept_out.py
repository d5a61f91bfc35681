"""Libraries that the program never imports: models have processes of their own.

They would be most of its memory and of its start, and some of them are not safe with damaged files.
Whoever uses the packages from Python of their own is not kept from anything.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MODEL_LIBRARIES = (
    "catboost",
    "lightgbm",
    "onnxruntime",
    "pandas",
    "scipy",
    "shap",
    "sklearn",
    "skops",
    "xgboost",
)
PANDAS = "pandas"


class _NoPandas(MetaPathFinder):
    """Lets nobody after it look for pandas.

    None in ``sys.modules`` says the same to Python, but pyarrow takes it for pandas itself.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """ModuleNotFoundError for pandas; nothing for all else."""
        del path, target
        if fullname == PANDAS:
            msg = f"{fullname} is only imported by the processes of models"
            raise ModuleNotFoundError(msg, name=fullname)
        return None


def keep_out() -> None:
    """From now on importing one of them is an ImportError here, not in the processes of models.

    numba looks for scipy, and pyarrow for pandas, and both are content without.
    """
    for name in MODEL_LIBRARIES:
        if name != PANDAS:
            sys.modules.setdefault(name, None)  # type: ignore[arg-type] # means: not to be had
    sys.meta_path.insert(0, _NoPandas())
