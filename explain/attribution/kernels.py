"""What the compiled kernels have in common: they take encoded rows, and split scores exactly."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ..adapters import Encoder
from ..explainers import Parts
from ..values import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOGGER = logging.getLogger(__name__)


class RowKernel(Protocol):
    """Compiled code for the trees of one model."""

    @property
    def base(self) -> float:
        """The score that contributions start from."""

    def split(
        self, matrix: "NDArray[np.float64]"
    ) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
        """Contributions (rows by features) and raw scores of encoded rows."""


class KernelExplainer:
    """Exact contributions by one of our own kernels, and by the method that it is made for."""

    def __init__(self, method: str, encoder: Encoder, kernel: RowKernel) -> None:
        self.method = method
        self.kernel = kernel
        self._encoder = encoder

    def attribute(self, rows: Sequence[Row]) -> list[Parts]:
        """Contributions by the kernel; scores by the leaves reached, on another path than these."""
        amounts, scores = self.kernel.split(self._encoder.encode(rows))
        base = self.kernel.base
        return [
            Parts(score, base, tuple(line))
            for score, line in zip(scores.tolist(), amounts.tolist(), strict=True)
        ]


def tell_without_kernel(failed: Exception, instead: str) -> None:
    """Say that a kernel cannot be used, and what explains instead: the same, but many times slower.

    It may be no numba, no place to keep compiled code, nothing for this processor, or a fault.
    """
    LOGGER.warning("No compiled kernel (%s: %s); %s.", type(failed).__name__, failed, instead)
