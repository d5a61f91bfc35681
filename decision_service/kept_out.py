"""Libraries that the program never imports: models have processes of their own.

They would be most of its memory and of its start, and some of them are not safe with damaged files.
Whoever uses the packages from Python of their own is not kept from anything.
"""

import sys

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


def keep_out() -> None:
    """From now on importing one of them is an ImportError here, not in the processes of models.

    numba looks for scipy and is content without.
    """
    for name in MODEL_LIBRARIES:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type] # means: not to be had
