"""Reading labelled folders: what a model owner's data may look like, and what is refused."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from converter.emotion_data import Sample, find_samples, find_split, hold_out, leave_out, load_pictures
from edge.alignment import expression_crop
from edge.errors import PictureError
from edge.records import LABELS, Box


def write_picture(path: Path, height: int = 48, width: int = 48, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert cv2.imwrite(str(path), picture)
    return path


def label_folders(folder: Path, each: int = 2, prefix: str = "p") -> Path:
    for index, label in enumerate(LABELS):
        for number in range(each):
            write_picture(folder / label / f"{prefix}{index}{number}.png", seed=10 * index + number)
    return folder


def test_labels_come_from_the_folders_in_the_products_order(tmp_path: Path) -> None:
    samples = find_samples(label_folders(tmp_path))
    assert [LABELS[sample.label] for sample in samples[::2]] == list(LABELS)


def test_manifest_gives_source_and_group(tmp_path: Path) -> None:
    label_folders(tmp_path)
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("split,label,source,name,group\ntrain,angry,web,p00,anna\n")
    first, second = find_samples(tmp_path, manifest)[:2]
    assert (first.source, first.group) == ("web", "anna")
    assert (second.source, second.group) == ("", "")


def test_manifest_tells_how_many_annotators_agreed_and_what_was_said_before(tmp_path: Path) -> None:
    label_folders(tmp_path)
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("label,name,note\nangry,p00,agree=0.60;fer2013=sad\nangry,p01,fer2013=fear\nhappy,p10,web\n")
    first, second, third = find_samples(tmp_path, manifest)[:3]
    assert (first.agreement, first.second) == (0.6, LABELS.index("sad"))
    assert (second.agreement, second.second) == (1.0, None)  # fear is none of our labels
    assert (third.agreement, third.second) == (1.0, None)


def test_a_row_that_ends_early_has_no_note(tmp_path: Path) -> None:
    label_folders(tmp_path)
    (tmp_path / "manifest.csv").write_text("label,name,note\nangry,p00\n")
    assert find_samples(tmp_path, tmp_path / "manifest.csv")[0].agreement == 1.0


@pytest.mark.parametrize("note", ["agree=most", "agree=0", "agree=60"])
def test_an_agreement_that_is_no_share_is_refused(tmp_path: Path, note: str) -> None:
    label_folders(tmp_path)
    (tmp_path / "manifest.csv").write_text(f"label,name,note\nangry,p00,{note}\n")
    with pytest.raises(PictureError, match="share of annotators"):
        find_samples(tmp_path, tmp_path / "manifest.csv")


def test_a_source_or_one_label_of_it_can_be_left_out(tmp_path: Path) -> None:
    samples = [Sample(tmp_path / f"{i}.png", i % 5, "web" if i < 10 else "film") for i in range(20)]
    kept, left = leave_out(samples, ["film"])
    assert {sample.source for sample in kept} == {"web"}
    assert len(left) == 10
    kept, left = leave_out(samples, ["film:tired"])
    assert {(s.source, LABELS[s.label]) for s in left} == {("film", "tired")}
    assert len(kept) == 18
    with pytest.raises(PictureError, match="no picture of 'angry'"):
        leave_out(samples, ["film", "web"])


def test_larger_picture_of_the_same_name_is_preferred(tmp_path: Path) -> None:
    label_folders(tmp_path / "train")
    label_folders(tmp_path / "val", prefix="v")
    larger = write_picture(tmp_path / "train_hires/happy/p10.jpg", 160, 160)
    train, val = find_split(tmp_path, held_out=0.1, seed=1)
    assert larger in [sample.path for sample in train]
    assert tmp_path / "train/happy/p10.png" not in [sample.path for sample in train]
    assert len(train) == len(val) == 10


def test_unreadable_picture_is_left_out_and_named(tmp_path: Path) -> None:
    label_folders(tmp_path)
    broken = tmp_path / "sad/broken.png"
    broken.write_bytes(b"not a picture")
    (tmp_path / "sad/notes.txt").write_text("ignored")
    pictures = load_pictures(find_samples(tmp_path))
    assert pictures.unreadable == (broken,)
    assert len(pictures.images) == len(pictures.samples) == len(pictures.labels) == 10


def test_folder_of_only_unreadable_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sad").mkdir()
    (tmp_path / "sad/broken.png").write_bytes(b"")
    with pytest.raises(PictureError, match="none of 1 files"):
        load_pictures(find_samples(tmp_path))


def test_folder_without_label_folders_is_refused_and_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="angry, happy, neutral, sad, tired"):
        find_samples(tmp_path)


def test_manifest_without_names_is_refused(tmp_path: Path) -> None:
    label_folders(tmp_path)
    (tmp_path / "manifest.csv").write_text("label,source\nsad,web\n")
    with pytest.raises(PictureError, match="no column name"):
        find_samples(tmp_path, tmp_path / "manifest.csv")


@pytest.mark.parametrize(
    "shape",
    [
        (48, 48),  # smaller than the model's input
        (160, 160),  # larger
        (90, 70),  # upright: the square reaches over the sides
        (70, 90),  # lying: the square cuts the sides off
    ],
)
def test_a_picture_comes_through_as_the_daemon_crops_that_face(tmp_path: Path, shape: tuple[int, int]) -> None:
    path = write_picture(tmp_path / "sad/face.png", *shape)
    crop = load_pictures(find_samples(tmp_path)).crops(64)[0]
    face = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB).astype(np.uint8)
    np.testing.assert_array_equal(crop, expression_crop(face, Box(0, 0, shape[1], shape[0]), 64))


def test_larger_pictures_are_reduced_only_where_memory_is_to_be_bounded(tmp_path: Path) -> None:
    write_picture(tmp_path / "sad/face.png", 300, 300)
    samples = find_samples(tmp_path)
    assert load_pictures(samples).images[0].shape == (300, 300)
    assert load_pictures(samples, largest=256).images[0].shape == (256, 256)


def test_a_group_is_never_torn_apart(tmp_path: Path) -> None:
    samples = [Sample(tmp_path / f"{i}.png", i % 5, "web", f"person{i // 10}") for i in range(300)]
    train, val = hold_out(samples, share=0.2, seed=3)
    assert {s.group for s in train}.isdisjoint({s.group for s in val})
    assert len(train) + len(val) == 300
    assert 45 <= len(val) <= 75


def test_every_label_is_held_out_in_its_share(tmp_path: Path) -> None:
    samples = [Sample(tmp_path / f"{i}.png", 0 if i < 180 else 4) for i in range(200)]
    _, val = hold_out(samples, share=0.1, seed=1)
    assert [sum(s.label == label for s in val) for label in (0, 4)] == [18, 2]


def test_too_few_pictures_to_hold_any_out_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="too few pictures or groups of 'sad'"):
        hold_out([Sample(tmp_path / "a.png", LABELS.index("sad"))], share=0.5, seed=1)


def test_a_given_split_that_tears_a_group_apart_is_refused(tmp_path: Path) -> None:
    label_folders(tmp_path / "train")
    label_folders(tmp_path / "val", prefix="v")
    (tmp_path / "manifest.csv").write_text("label,source,name,group\nsad,web,p30,anna\nhappy,web,v10,anna\n")
    with pytest.raises(PictureError, match="'anna'"):
        find_split(tmp_path, held_out=0.1, seed=1)


def test_train_without_val_is_refused(tmp_path: Path) -> None:
    label_folders(tmp_path / "train")
    with pytest.raises(PictureError, match="no val/"):
        find_split(tmp_path, held_out=0.1, seed=1)
