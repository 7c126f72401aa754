"""MTCNN in TFLite: three small networks that propose, refine and describe faces.

Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks",
IEEE SPL 2016. P-Net slides over an image pyramid that lies on one canvas, allocated when a frame size
is first seen; R-Net and O-Net judge crops in fixed batches.

Boxes inside this module are (n, 5) float32 rows: x1, y1, x2, y2, score, in frame pixels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edge.canvas import CELL, STRIDE, Canvas
from edge.interpreter import Network
from edge.manifest import Manifest
from edge.pyramid import Pyramid
from edge.records import Box, Face
from edge.suppression import Boxes, suppress, suppressed_indices
from edge.tracked import Tracked

PROPOSAL_SCORE, REFINED_SCORE = 0.6, 0.7
"""Scores a box needs to leave P-Net and R-Net; the last one, O-Net's, is the config's confidence."""
DOUBTFUL_SCORE = 0.1
"""From this score on O-Net looks again, at the box as it corrected it: a pixel more or less can take a small face
from 0.9 to 0.1, but in the corrected box a face scores high, and what is no face mostly lower than before."""
BATCHES = (32, 16, 8, 4, 2)
"""Batch sizes of R- and O-Net: crops go through in the largest that they fill. In larger ones a crop takes longer."""
MAX_PROPOSALS = 512
"""At most so many crops go to R-Net where nobody is tracked, best first: a wall of foliage must not stall the room.
`edge.tracked` has the bounds where somebody is."""
KEPT_FRAME_SIZES = 4
"""Pyramids kept for reuse: a camera has one frame size, a folder of pictures has many."""


class MtcnnDetector:
    """The cascade, with every interpreter ready."""

    def __init__(
        self,
        manifest: Manifest,
        *,
        min_face: int = 40,
        confidence: float = 0.9,
        runtime: str = "litert",
        threads: int = 1,
    ) -> None:
        """min_face: height in pixels of the smallest face looked for, at least 12.

        Raises ModelError when one of the three models cannot be loaded.
        """
        self._manifest = manifest
        self._min_face = min_face
        self._confidence = confidence
        self._runtime, self._threads = runtime, threads
        self._pnet = manifest.entry("mtcnn-pnet", "detect")
        self._rnet = _CropNetwork(manifest, "mtcnn-rnet", runtime, threads)
        self._onet = _CropNetwork(manifest, "mtcnn-onet", runtime, threads)
        self._frame_sizes: dict[tuple[int, int, float], _FrameSize] = {}
        # P-Net is allocated when a frame's size is known; that it loads and runs shall be known now.
        smallest = Network(manifest, self._pnet, size=(CELL, CELL), runtime=runtime, threads=threads)
        smallest(np.zeros((1, CELL, CELL, 3), dtype=np.uint8))

    def detect(self, image: NDArray[np.uint8], scale: float = 1.0, tracked: Tracked | None = None) -> list[Face]:
        """Faces of image, (H, W, 3) uint8 RGB, best first; scale: full-frame pixels to one of image.

        tracked: what is known from the frames before, to save work; None: all is found anew. In a reduced image faces
        below 12 of its own pixels are not found, whatever the smallest face is.
        """
        frame_size = self._frame_size(image, scale)
        pyramid = frame_size.pyramid
        pyramid.fill(image)
        on_canvas, levels = self._slide(frame_size)
        proposals = frame_size.canvas.to_frame(on_canvas, levels)
        if tracked is None or tracked.nobody:
            return self._describe(pyramid, self._refine(pyramid, _best(on_canvas, proposals)[:MAX_PROPOSALS]))
        seen, on_none, unsure = tracked.divide(proposals)
        judged = tracked.judged(_best(on_canvas[on_none], proposals[on_none]), unsure)
        return self._describe(pyramid, np.concatenate([seen, self._refine(pyramid, judged)]))

    def refine(self, image: NDArray[np.uint8], squares: NDArray[np.float32]) -> list[Face]:
        """Faces among another detector's squares, (n, 3) left, top, side, in image (H, W, 3) RGB."""
        frame_size = self._frame_size(image)
        frame_size.pyramid.fill(image)
        boxes = np.column_stack(
            [squares[:, :2], squares[:, :2] + squares[:, 2:3], np.ones(len(squares), dtype=np.float32)]
        )
        return self._describe(frame_size.pyramid, boxes.astype(np.float32))

    def _frame_size(self, image: NDArray[np.uint8], reduction: float = 1.0) -> _FrameSize:
        height, width = image.shape[:2]
        known = self._frame_sizes.get((height, width, reduction))
        if known is None:
            if len(self._frame_sizes) >= KEPT_FRAME_SIZES:
                self._frame_sizes.pop(next(iter(self._frame_sizes)))
            known = _FrameSize(height, width, self._min_face / reduction, self._load_pnet)
            self._frame_sizes[height, width, reduction] = known
        return known

    def _load_pnet(self, height: int, width: int) -> Network:
        size = (height, width)
        return Network(self._manifest, self._pnet, size=size, runtime=self._runtime, threads=self._threads)

    def _slide(self, frame_size: _FrameSize) -> tuple[Boxes, NDArray[np.int8]]:
        """P-Net's boxes on the canvas, and the level that each lies on, (n,)."""
        canvas = frame_size.canvas
        if frame_size.pnet is None:
            return np.empty((0, 5), dtype=np.float32), np.empty(0, dtype=np.int8)
        canvas.fill(frame_size.pyramid)
        score, regression = (output[0] for output in frame_size.pnet(canvas.pixels))
        rows, columns = np.nonzero((score[:, :, 0] > PROPOSAL_SCORE) & (canvas.level_of_cell >= 0))
        corner = np.column_stack([columns, rows]) * STRIDE
        boxes = np.column_stack([corner, corner + CELL]) + regression[rows, columns] * CELL
        rated = np.column_stack([boxes, score[rows, columns]]).astype(np.float32)
        return rated, canvas.level_of_cell[rows, columns]

    def _refine(self, pyramid: Pyramid, boxes: Boxes) -> Boxes:
        squares = _squares(boxes)
        score, regression = self._rnet(pyramid, squares)
        keep = score[:, 0] > REFINED_SCORE
        return suppress(_regressed(squares[keep], regression[keep], score[keep]), 0.7)

    def _describe(self, pyramid: Pyramid, boxes: Boxes) -> list[Face]:
        squares = _squares(boxes)
        score, regression, points = self._onet(pyramid, squares)
        doubtful = (score[:, 0] > DOUBTFUL_SCORE) & (score[:, 0] <= self._confidence)
        if doubtful.any():
            squares[doubtful] = _squares(_regressed(squares[doubtful], regression[doubtful], score[doubtful]))
            second = self._onet(pyramid, squares[doubtful])
            score[doubtful], regression[doubtful], points[doubtful] = second
        keep = score[:, 0] > self._confidence
        squares, points = squares[keep], points[keep].reshape(-1, 5, 2)
        landmarks = (squares[:, None, :2] + points * squares[:, 2, None, None]).astype(np.float32, copy=False)
        rated = _regressed(squares, regression[keep], score[keep])
        # Overlap over the smaller box: a box inside another is the same face seen twice.
        chosen = suppressed_indices(rated, 0.7, over_smaller=True)
        return [
            Face(Box(*box), described, confidence)
            for (*box, confidence), described in zip(rated[chosen].tolist(), landmarks[chosen], strict=True)
        ]


class _FrameSize:
    """All that is allocated for frames of one size."""

    def __init__(self, height: int, width: int, min_face: float, load: Callable[[int, int], Network]) -> None:
        self.pyramid = Pyramid(height, width)
        self.canvas = Canvas(height, width, min_face)
        rows, columns = self.canvas.pixels.shape[1:3]
        self.pnet = load(rows, columns) if rows else None
        """None where the frame is smaller than the smallest face."""


class _CropNetwork:
    """R-Net or O-Net in a few batch sizes."""

    def __init__(self, manifest: Manifest, name: str, runtime: str, threads: int) -> None:
        entry = manifest.entry(name, "detect")
        self._networks = [Network(manifest, entry, batch=batch, runtime=runtime, threads=threads) for batch in BATCHES]
        size = entry.input[0]
        self._pixels = np.empty((BATCHES[0], size, size, 3), dtype=np.uint8)
        self._widths = [output.shape[1] for output in self._networks[0](self._pixels[:1])]

    def __call__(self, pyramid: Pyramid, squares: Boxes) -> list[NDArray[np.float32]]:
        """Outputs, (n, width) each, for the squares, (n, >= 3) left, top, side, of the frame in pyramid."""
        outputs = [np.empty((len(squares), width), dtype=np.float32) for width in self._widths]
        start = 0
        while start < len(squares):
            left = len(squares) - start
            network = next((n for n in self._networks if n.batch <= left), self._networks[-1])
            group = squares[start : start + network.batch, :3]
            pixels = self._pixels[: len(group)]
            pyramid.crops(group, pixels)
            for output, values in zip(outputs, network(pixels), strict=True):
                output[start : start + len(group)] = values
            start += len(group)
        return outputs


def _best(on_canvas: Boxes, proposals: Boxes) -> Boxes:
    """Which of proposals to look at, best first; on_canvas: the same boxes on the canvas."""
    # Before they are mapped to the frame, boxes of different levels lie apart: one suppression does for all levels.
    return suppress(proposals[suppressed_indices(on_canvas, 0.5)], 0.7)


def _squares(boxes: Boxes) -> Boxes:
    """(n, 3) left, top, side: the square around the centre of each box, as large as its longer side."""
    side = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    centre = (boxes[:, :2] + boxes[:, 2:4]) / 2
    return np.column_stack([centre - side[:, None] / 2, side]).astype(np.float32)


def _regressed(squares: Boxes, regression: NDArray[np.float32], score: NDArray[np.float32]) -> Boxes:
    """Squares moved by a network's regression, which is in units of the side."""
    corners = np.column_stack([squares[:, :2], squares[:, :2] + squares[:, 2:3]])
    return np.column_stack([corners + regression * squares[:, 2:3], score[:, :1]]).astype(np.float32)
