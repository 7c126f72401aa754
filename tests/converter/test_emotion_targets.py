"""What a network is told of a picture: annotators who disagreed have a say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from converter.emotion_data import Sample
from converter.emotion_targets import label_targets
from edge.records import LABELS

ANGRY, HAPPY, NEUTRAL, SAD, TIRED = range(len(LABELS))


def voted(label: int, agreement: float = 1.0, second: int | None = None, source: str = "web") -> Sample:
    return Sample(Path("face.png"), label, source, "", agreement, second)


WEB = [voted(label) for label in (ANGRY, HAPPY, NEUTRAL, SAD)]
"""Pictures that make four labels those of their source."""


def test_annotators_who_disagreed_share_the_rest() -> None:
    target = label_targets([voted(SAD, 0.7), *WEB], soft=True)[0]
    np.testing.assert_allclose(target, [0.1, 0.1, 0.1, 0.7, 0], atol=1e-6)


def test_an_earlier_label_gets_more_of_the_rest_than_others() -> None:
    target = label_targets([voted(SAD, 0.5, NEUTRAL), *WEB], soft=True)[0]
    np.testing.assert_allclose(target, [0.1, 0.1, 0.3, 0.5, 0], atol=1e-6)


def test_an_earlier_label_that_is_the_same_or_no_label_of_the_source_gets_nothing() -> None:
    same, foreign = label_targets([voted(SAD, 0.7, SAD), voted(SAD, 0.7, TIRED), *WEB], soft=True)[:2]
    np.testing.assert_allclose(same, [0.1, 0.1, 0.1, 0.7, 0], atol=1e-6)
    np.testing.assert_allclose(foreign, same)


@pytest.mark.parametrize("soft", [True, False])
def test_a_label_nobody_doubted_has_all(soft: bool) -> None:
    np.testing.assert_array_equal(label_targets(WEB, soft), np.eye(5)[:4])


def test_hard_labels_do_not_ask_annotators() -> None:
    np.testing.assert_array_equal(label_targets([voted(SAD, 0.5), *WEB], soft=False)[0], np.eye(5)[SAD])


def test_a_source_with_one_label_only_leaves_the_label_whole() -> None:
    np.testing.assert_array_equal(label_targets([voted(TIRED, 0.6, source="yawns")], soft=True)[0], np.eye(5)[TIRED])
