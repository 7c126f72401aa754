"""Asking for more confidence gives fewer labels, and righter ones."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from converter.coverage import coverage, coverage_chart

SURE = np.array([[0.95, 0.05, 0, 0, 0], [0.8, 0.2, 0, 0, 0], [0.55, 0.45, 0, 0, 0], [0.55, 0.45, 0, 0, 0]])
LABELS = np.array([0, 0, 0, 1])


def test_share_and_accuracy_are_of_the_faces_above_the_confidence() -> None:
    rows = coverage(SURE, LABELS, (0.0, 0.6, 0.9))
    assert [(row.share, row.accuracy) for row in rows] == [(1.0, 0.75), (0.5, 1.0), (0.25, 1.0)]


def test_where_no_face_is_left_there_is_no_accuracy() -> None:
    (row,) = coverage(SURE, LABELS, (0.99,))
    assert (row.share, row.accuracy) == (0.0, None)


def test_the_chart_is_a_picture_and_the_same_each_time() -> None:
    pytest.importorskip("matplotlib")
    shares = np.random.default_rng(0).dirichlet(np.ones(5), 200)
    chart = coverage_chart(shares, np.zeros(200, dtype=np.int64))
    assert cv2.imdecode(np.frombuffer(chart, np.uint8), cv2.IMREAD_COLOR).shape == (400, 600, 3)
    assert chart == coverage_chart(shares, np.zeros(200, dtype=np.int64))
