"""Figures a reader can recompute by hand."""

from __future__ import annotations

import numpy as np
import pytest

from converter.emotion_figures import label_figures
from edge.records import LABELS

ANGRY, HAPPY, NEUTRAL, SAD, TIRED = range(len(LABELS))


def test_every_label_counts_the_same_however_rare() -> None:
    labels = np.array([NEUTRAL] * 98 + [TIRED] * 2)
    figures = label_figures(labels, np.full(100, NEUTRAL))
    assert figures["accuracy"] == 0.98
    # F1 of neutral is 2 * 98 / (98 + 100), of tired 0.
    assert figures["macro_f1"] == pytest.approx(196 / 198 / 2)


def test_recall_and_precision_are_told_apart() -> None:
    figures = label_figures(np.array([ANGRY, ANGRY, SAD, SAD]), np.array([ANGRY, SAD, SAD, SAD]))
    assert figures["recall"] == {"angry": 0.5, "sad": 1.0}
    assert figures["precision"] == {"angry": 1.0, "sad": pytest.approx(2 / 3)}
    assert figures["confusion"][ANGRY][SAD] == 1


def test_a_label_called_but_never_given_lowers_macro_f1() -> None:
    figures = label_figures(np.array([HAPPY, HAPPY]), np.array([HAPPY, TIRED]))
    assert figures["macro_f1"] == pytest.approx((2 / 3 + 0) / 2)


def test_a_source_where_the_model_fails_shows() -> None:
    labels = np.array([TIRED, TIRED, TIRED, TIRED])
    figures = label_figures(labels, np.array([TIRED, TIRED, HAPPY, HAPPY]), ("car", "car", "web", "web"))
    assert figures["recall_by_source"] == {"car": {"tired": 1.0}, "web": {"tired": 0.0}}


def test_pictures_without_a_source_are_in_no_source() -> None:
    figures = label_figures(np.array([SAD, SAD]), np.array([SAD, SAD]), ("", ""))
    assert figures["recall_by_source"] == {}
