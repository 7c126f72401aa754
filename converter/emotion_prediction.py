"""What an expression network answers."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray


def predict_logits(model: keras.Model, pictures: NDArray[np.float32], batch: int = 256) -> NDArray[np.float32]:
    """(N, labels) for (N, size, size, 1) normalized pictures; logarithms where the model gives probabilities."""
    parts = [model.predict_on_batch(pictures[i : i + batch]) for i in range(0, len(pictures), batch)]
    scores: NDArray[np.float32] = np.concatenate(parts).astype(np.float32)
    return scores if model.layers[-1].name == "logits" else np.log(np.maximum(scores, np.float32(1e-6)))
