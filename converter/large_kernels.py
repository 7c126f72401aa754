"""A fault of ai-edge-quantizer 0.10 got around: kernels of more than 32 MiB, as VGG-Face has one.

It quantizes those in pieces, for which it makes the tensor two-dimensional, but not its scales: with a scale per
channel of a four-dimensional kernel NumPy refuses ("more dimensions than allowed by the axis remapping").
Handed pieces below its limit, it never gets there, and computes the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST_BYTES = 16 * 2**20


@contextmanager
def quantized_in_pieces() -> Iterator[None]:
    """Within this context the quantizer is handed large kernels in pieces of output channels."""
    from ai_edge_quantizer.algorithms.uniform_quantize import uniform_quantize_tensor as module

    whole = module.uniform_quantize

    def in_pieces(tensor: NDArray[Any], params: Any, is_blockwise: bool = False) -> NDArray[Any]:
        if np.ndim(tensor) < 2 or tensor.nbytes <= _MOST_BYTES or is_blockwise:
            return np.asarray(whole(tensor, params, is_blockwise))
        rows = max(1, _MOST_BYTES // tensor[0].nbytes)
        parts = [slice(start, start + rows) for start in range(0, len(tensor), rows)]
        return np.concatenate([whole(tensor[part], _params_of(params, part)) for part in parts])

    module.uniform_quantize = in_pieces
    try:
        yield
    finally:
        module.uniform_quantize = whole


def _params_of(params: Any, part: slice) -> Any:
    """The scales of some output channels; one scale for all of them serves any part."""
    if params.quantized_dimension != 0:
        return params
    return replace(params, scale=params.scale[part], zero_point=params.zero_point[part])
