"""What of P-Net's proposals is judged when faces are tracked; boxes by hand, no network."""

from __future__ import annotations

import numpy as np
import pytest

from edge.records import Reduced
from edge.suppression import Boxes
from edge.tracked import OTHER_PROPOSALS, UNSURE_PROPOSALS, Tracked


def boxes(*rows: tuple[float, ...]) -> Boxes:
    return np.array(rows, np.float32).reshape(-1, len(rows[0]) if rows else 4)


def tracked(
    due: Boxes | None = None, later: Boxes | None = None, unsure: Boxes | None = None, turn: int = 0
) -> Tracked:
    none = boxes()
    return Tracked(*(none if each is None else each for each in (due, later, unsure)), turn)


FACE = boxes((100, 100, 160, 180))


def test_the_proposals_on_a_face_become_one_box_around_their_middle() -> None:
    around = boxes((95, 97, 155, 177, 0.9), (104, 103, 164, 183, 0.7), (101, 100, 161, 180, 0.7))
    seen, on_none, unsure = tracked(due=FACE).divide(around)
    np.testing.assert_allclose(seen[:, :4], FACE, atol=0.01)
    assert not on_none.any()
    assert len(unsure) == 0


def test_a_face_that_is_not_due_is_passed_over_with_all_its_proposals() -> None:
    seen, on_none, unsure = tracked(later=FACE).divide(boxes((98, 101, 160, 182, 0.9)))
    assert (len(seen), on_none.tolist(), len(unsure)) == (0, [False], 0)


def test_of_the_faces_that_are_not_due_only_those_that_are_proposed_show() -> None:
    there = tracked(later=np.concatenate([FACE + 300, FACE]))
    _, _, unsure = there.divide(boxes((98, 101, 160, 182, 0.9)))
    assert there.showing == [1]
    np.testing.assert_array_equal(unsure, FACE + 300)


def test_a_part_of_a_tracked_face_is_no_other_face() -> None:
    nose, beside = (120, 130, 140, 155, 0.95), (170, 100, 230, 180, 0.7)
    _, on_none, _ = tracked(due=FACE).divide(boxes((100, 100, 160, 180, 0.9), nose, beside))
    assert on_none.tolist() == [False, False, True]


def test_who_is_not_where_expected_hides_nobody_and_is_searched_for() -> None:
    moved_on = (127, 100, 187, 180, 0.9)
    seen, on_none, unsure = tracked(due=FACE).divide(boxes(moved_on))
    assert len(seen) == 0
    assert on_none.tolist() == [True]
    np.testing.assert_array_equal(unsure, FACE)


def test_without_proposals_every_tracked_face_is_unsure() -> None:
    seen, on_none, unsure = tracked(due=FACE, later=FACE + 300).divide(np.empty((0, 5), np.float32))
    assert (len(seen), len(on_none), len(unsure)) == (0, 0, 2)


def scattered(count: int) -> Boxes:
    corner = np.column_stack([np.arange(count) * 100, np.full(count, 500)])
    return np.column_stack([corner, corner + 60, np.linspace(0.99, 0.6, count)]).astype(np.float32)


@pytest.mark.parametrize("count", [0, 1, OTHER_PROPOSALS, OTHER_PROPOSALS + 1, 500])
def test_however_many_there_are_few_are_judged_at_once_and_each_in_its_turn(count: int) -> None:
    proposals = scattered(count)
    turns = max(1, -(-count // OTHER_PROPOSALS))
    judged = [tracked(turn=turn).judged(proposals, boxes()) for turn in range(turns)]
    assert all(len(each) <= OTHER_PROPOSALS for each in judged)
    assert {tuple(row) for each in judged for row in each.tolist()} == {tuple(row) for row in proposals.tolist()}


def test_where_a_tracked_face_is_unsure_nothing_waits_for_its_turn() -> None:
    near = np.tile(np.append(FACE[0], 0.65).astype(np.float32), (UNSURE_PROPOSALS, 1))
    judged = tracked(turn=3).judged(np.concatenate([scattered(500), near]), FACE)
    assert (judged[:, 4] == np.float32(0.65)).sum() == UNSURE_PROPOSALS
    assert len(judged) <= UNSURE_PROPOSALS + OTHER_PROPOSALS


def test_a_crowd_of_unsure_faces_is_bounded_too() -> None:
    near = np.tile(np.append(FACE[0], 0.65).astype(np.float32), (5 * UNSURE_PROPOSALS, 1))
    assert len(tracked().judged(near, FACE)) == UNSURE_PROPOSALS


def test_places_are_found_again_in_a_reduced_frame() -> None:
    reduced = Reduced(np.zeros((100, 100, 3), np.uint8), scale=(2.0, 4.0), offset=(20.0, 0.0))
    there = tracked(due=FACE, turn=7).reduced(reduced)
    np.testing.assert_allclose(there.due, [[40, 25, 70, 45]])
    assert there.turn == 7


def test_what_shows_in_a_reduced_frame_shows_in_the_frame() -> None:
    whole = tracked(later=FACE)
    whole.reduced(Reduced(np.zeros((100, 100, 3), np.uint8), scale=(2.0, 2.0))).divide(boxes((50, 50, 80, 90, 0.9)))
    assert whole.showing == [0]
