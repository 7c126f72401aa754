"""How many threads the libraries of the peers may use."""

from __future__ import annotations

from typing import Any

import cv2


def limited_tensorflow(threads: int) -> Any:
    """TensorFlow, with so many threads; 0: as many as it likes."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    return tf


def limit_opencv(threads: int) -> None:
    """0: as many as it likes."""
    cv2.setNumThreads(threads if threads else -1)


def limit_torch(threads: int) -> None:
    """0: as many as it likes."""
    import torch

    if threads:
        torch.set_num_threads(threads)
