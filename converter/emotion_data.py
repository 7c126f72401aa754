"""Labelled pictures of faces, read the way the daemon will see them.

A data folder holds one folder of pictures per label, and may be split and described:

    DIR/angry/*.png ...                        one set; the trainer holds a part of it out
    DIR/train/angry/*.png, DIR/val/angry/...   two sets
    DIR/train_hires/..., DIR/val_hires/...     the same pictures, larger, under the same names
    DIR/manifest.csv                           columns name, label and any of split, source, group, note

`source` is where a picture comes from (figures are told apart by it), `group` is what must not be torn
apart between training and validation: a person, or a video. `note` may say `agree=0.6;fer2013=sad`: six of ten
annotators gave the label, and the data set's first edition (FER2013, which FER+ labelled anew) said sad.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.alignment import expression_crop, whole
from edge.errors import PictureError
from edge.records import LABELS

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})


@dataclass(frozen=True)
class Sample:
    """One labelled picture on disk."""

    path: Path
    label: int
    """Index into `edge.records.LABELS`."""
    source: str = ""
    group: str = ""
    """Empty: the picture belongs to no group."""
    agreement: float = 1.0
    """Share of annotators who gave the label, 0..1; 1 where nothing is known of them."""
    second: int | None = None
    """The label that another set of annotators gave, where it is another one."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Labelled pictures in memory."""

    samples: tuple[Sample, ...]
    images: tuple[NDArray[np.uint8], ...]
    """For each sample a grey square, (side, side) uint8; sides differ."""
    unreadable: tuple[Path, ...]
    """Files that are no picture: left out of the other two."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,) indices into `edge.records.LABELS`."""
        return np.array([sample.label for sample in self.samples], dtype=np.int64)

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(sample.source for sample in self.samples)

    def crops(self, size: int) -> NDArray[np.uint8]:
        """(N, size, size) uint8 grey: each picture through the daemon's own crop."""
        return np.stack([expression_crop(image, whole(image), size) for image in self.images])


def find_samples(folder: Path, manifest: Path | None = None, larger: Path | None = None) -> tuple[Sample, ...]:
    """The pictures in the label folders of `folder`, in a fixed order.

    manifest: the CSV that gives their sources and groups; larger: a folder laid out alike whose
    pictures are taken instead where it has one of the same label and name. Raises PictureError when no
    label folder holds a picture, or the manifest has no column `name` or a note that cannot be understood.
    """
    described = read_manifest(manifest) if manifest else {}
    samples = []
    for index, label in enumerate(LABELS):
        better = {path.stem: path for path in _pictures_in(larger / label)} if larger else {}
        for path in _pictures_in(folder / label):
            row = described.get((label, path.stem), {})
            chosen = better.get(path.stem, path)
            agreement, second = _annotators(row.get("note") or "", manifest)
            samples.append(Sample(chosen, index, row.get("source", ""), row.get("group", ""), agreement, second))
    if not samples:
        raise PictureError(f"{folder}: no pictures there; it needs a folder for each of {', '.join(LABELS)}")
    return tuple(samples)


def find_split(folder: Path, held_out: float, seed: int) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """The samples to train on and those to validate on.

    As `folder` splits them (DIR/train and DIR/val), else with about the share `held_out` of each label kept for
    validation, groups never torn apart. Raises PictureError as `find_samples` does, and when
    a group of a given split lies on both sides.
    """
    manifest = folder / "manifest.csv"
    known = manifest if manifest.is_file() else None
    if not (folder / "train").is_dir():
        return hold_out(find_samples(folder, known), held_out, seed)
    if not (folder / "val").is_dir():
        raise PictureError(f"{folder}: has train/ but no val/; give both, or the label folders alone")
    larger = folder / "train_hires"
    train = find_samples(folder / "train", known, larger if larger.is_dir() else None)
    # Validation stays on the pictures of the usual size: a classroom face is rarely larger.
    val = find_samples(folder / "val", known)
    torn = {(s.source, s.group) for s in train if s.group} & {(s.source, s.group) for s in val if s.group}
    if torn:
        source, group = min(torn)
        raise PictureError(
            f"{manifest}: {len(torn)} groups are in both train and val, such as {group!r} of {source!r}: "
            "figures on val would flatter the model; move each group to one side"
        )
    return train, val


def hold_out(samples: Sequence[Sample], share: float, seed: int) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """Split samples so that about `share` of each label, and whole groups only, is held out.

    Raises PictureError when a label would have no picture on one of the sides.
    """
    members: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for sample in samples:
        members[(sample.source, sample.group) if sample.group else ("", str(sample.path))].append(sample)
    wanted = np.bincount([s.label for s in samples], minlength=len(LABELS)) * share
    train: list[Sample] = []
    val: list[Sample] = []
    groups = list(members.values())
    for index in np.random.default_rng(seed).permutation(len(groups)):
        group = groups[index]
        # A group may show several labels; the first decides where it goes.
        label = group[0].label
        side = val if wanted[label] >= 1 else train
        side.extend(group)
        if side is val:
            for sample in group:
                wanted[sample.label] -= 1
    for index in {s.label for s in samples}:
        if not any(s.label == index for s in train) or not any(s.label == index for s in val):
            raise PictureError(
                f"too few pictures or groups of {LABELS[index]!r} to hold {share:.0%} out; "
                "add some, or give train/ and val/"
            )
    return tuple(train), tuple(val)


def leave_out(samples: Sequence[Sample], unwanted: Sequence[str]) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """The samples to keep, and those that `unwanted` names: each of it a source, or "source:label".

    Raises PictureError when what is kept lacks a label that was there.
    """
    names = frozenset(unwanted)
    kept: list[Sample] = []
    left: list[Sample] = []
    for sample in samples:
        out = not names.isdisjoint((sample.source, f"{sample.source}:{LABELS[sample.label]}"))
        (left if out else kept).append(sample)
    lost = {s.label for s in left} - {s.label for s in kept}
    if lost:
        raise PictureError(f"leaving out {', '.join(unwanted)} leaves no picture of {LABELS[min(lost)]!r} to train on")
    return tuple(kept), tuple(left)


def load_pictures(samples: Sequence[Sample], largest: int | None = None) -> Pictures:
    """Read the samples' files. Raises PictureError when none of them is a picture.

    largest: larger pictures are reduced to this side, px, to bound the memory they take; without it
    every picture comes as it is, and `Pictures.crops` gives the daemon's pixels exactly.
    """
    kept: list[Sample] = []
    images: list[NDArray[np.uint8]] = []
    unreadable: list[Path] = []
    for sample in samples:
        image = cv2.imread(str(sample.path), cv2.IMREAD_COLOR)
        if image is None:
            unreadable.append(sample.path)
            continue
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
        side = rgb.shape[0] if largest is None else min(rgb.shape[0], largest)
        images.append(expression_crop(rgb, whole(rgb), side))
        kept.append(sample)
    if not kept:
        raise PictureError(f"{unreadable[0].parent}: none of {len(samples)} files is a readable picture")
    return Pictures(tuple(kept), tuple(images), tuple(unreadable))


def _annotators(note: str, manifest: Path | None) -> tuple[float, int | None]:
    """What a manifest's note says of the annotators: the share that agreed, and the earlier label."""
    said = dict(part.split("=", 1) for part in note.split(";") if "=" in part)
    try:
        agreement = float(said.get("agree", 1.0))
    except ValueError:
        agreement = -1.0
    if not 0 < agreement <= 1:
        raise PictureError(f"{manifest}: note {note!r}: agree must be a share of annotators, as in agree=0.6")
    second = said.get("fer2013")
    return agreement, LABELS.index(second) if second in LABELS else None


def _pictures_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES)


def read_manifest(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Rows by (label, name)."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = {"name", "label"} - set(reader.fieldnames or ())
            if missing:
                raise PictureError(
                    f"{path}: has no column {', '.join(sorted(missing))}; the first line names the columns"
                )
            return {(row["label"], row["name"]): row for row in reader}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PictureError(f"{path}: cannot be read: {error}") from error
