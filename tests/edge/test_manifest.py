from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from edge.errors import ModelError
from edge.manifest import Manifest

ENTRY = """
[[model]]
name = "toy"
role = "embed"
file = "toy.tflite"
sha256 = "{sha256}"
input = [112, 112, 3]
colour = "RGB"
subtract = 127.5
divide = 128
recipe = "float32"
licence = "MIT"
source = "a test"
embedding = 192
threshold = 0.5
"""
CONTENT = b"not a real model"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "toy.tflite").write_bytes(CONTENT)
    (tmp_path / "manifest.toml").write_text(ENTRY.format(sha256=hashlib.sha256(CONTENT).hexdigest()))
    return tmp_path


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "manifest.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_an_entry_gives_the_bytes_that_were_listed(folder: Path) -> None:
    manifest = Manifest(folder)
    assert manifest.read(manifest.entry("toy", "embed")) == CONTENT


def test_a_changed_file_is_refused(folder: Path) -> None:
    (folder / "toy.tflite").write_bytes(CONTENT + b"!")
    manifest = Manifest(folder)
    with pytest.raises(ModelError, match=r"toy\.tflite: sha256 is .* damaged or was replaced"):
        manifest.read(manifest.entry("toy", "embed"))


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "toy.tflite").unlink()
    manifest = Manifest(folder)
    with pytest.raises(ModelError, match=r"toy\.tflite: cannot be read"):
        manifest.read(manifest.entry("toy", "embed"))


def test_an_unknown_name_is_answered_with_those_there_are(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"'toys' is not listed; models for 'embed' here: toy"):
        Manifest(folder).entry("toys", "embed")


def test_a_model_of_another_role_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="has the role 'embed'"):
        Manifest(folder).entry("toy", "emotion")


def test_a_folder_without_a_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"manifest\.toml: no manifest there"):
        Manifest(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('role = "embed"', 'role = "ember"', "role 'ember' is none of"),
        ('colour = "RGB"', 'colour = "RBG"', "colour 'RBG' is none of"),
        ('file = "toy.tflite"', 'file = "../toy.tflite"', "not a path"),
        ("input = [112, 112, 3]", "input = [112, 112]", "must be .height, width, channels."),
        ("divide = 128", "divide = 0", "divide must not be 0"),
        ("divide = 128", "", "divide missing"),
        ("embedding = 192", 'embedding = "192"', "embedding has the wrong type"),
        ("embedding = 192", "embedding = true", "embedding has the wrong type"),
        ("embedding = 192", "embedding = 192\nmirror = 0", "mirror has the wrong type"),
        ("embedding = 192", "embeding = 192", "unknown key 'embeding'"),
        ("threshold = 0.5", "", "a measured `threshold`"),
        ("threshold = 0.5", "threshold = 0.5\ntemperature = nan", "temperature must be above 0"),
        ("subtract = 127.5", "subtract = nan", "subtract must be one number"),
        ("divide = 128", "divide = inf", "divide must be one number"),
        ("divide = 128", "divide = [128, 0, 128]", "divide must not be 0"),
        ("divide = 128", "divide = [128, 128]", "divide must be one number, or one for each of 3 channels"),
        ("subtract = 127.5", 'subtract = [1, 2, "3"]', "subtract must be one number, or one for each of 3 channels"),
        ("threshold = 0.5", 'threshold = 0.5\ncrop = "oval"', "crop 'oval' is none of arcface, box"),
        ("threshold = 0.5", 'threshold = 0.5\nscores = "odds"', "scores 'odds' is none of logits, probabilities"),
        ('sha256 = "', 'sha256 = "G', "64 lower-case hex digits"),
        ("[[model]]", "[model]", "write each model as"),
        ("[[model]]", "[[model", "cannot be read"),
    ],
)
def test_a_wrong_entry_is_refused_with_the_reason(folder: Path, old: str, new: str, complaint: str) -> None:
    change(folder, old, new)
    with pytest.raises(ModelError, match=complaint):
        Manifest(folder)


CLASSIFIER = """
[[model]]
name = "toy-classifier"
role = "identify"
file = "toy.tflite"
sha256 = "{sha256}"
input = [192]
recipe = "float32"
licence = "MIT"
source = "a test"
labels = ["s-001", "(unknown)"]
embedder = "toy"
threshold = 0.7
scores = "probabilities"
"""


@pytest.fixture
def classifier(folder: Path) -> Path:
    path = folder / "manifest.toml"
    path.write_text(path.read_text() + CLASSIFIER.format(sha256=hashlib.sha256(CONTENT).hexdigest()))
    return folder


def test_a_classifier_of_embeddings_needs_no_colour(classifier: Path) -> None:
    entry = Manifest(classifier).entry("toy-classifier", "identify")
    assert (entry.input, entry.labels, entry.norm) == ((192,), ("s-001", "(unknown)"), "unit")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("input = [192]", "input = [1, 1, 192]", r"must be \[length\] of the embedding"),
        ('embedder = "toy"', "", "needs `embedder`"),
        ("threshold = 0.7", "", "every stranger would be a student"),
        ('["s-001", "(unknown)"]', '["s-001", "s-001"]', "each class once"),
        ('["s-001", "(unknown)"]', "[1, 2]", "labels must be text"),
        ("threshold = 0.7", 'threshold = 0.7\nnorm = "max"', "norm 'max' is none of unit, none"),
        ("threshold = 0.7", 'threshold = 0.7\ncolour = "RGB"', "colour 'RGB' is none of"),
    ],
)
def test_a_wrong_classifier_is_refused_with_the_reason(classifier: Path, old: str, new: str, complaint: str) -> None:
    change(classifier, old, new)
    with pytest.raises(ModelError, match=complaint):
        Manifest(classifier)


def test_normalization_may_differ_by_channel(folder: Path) -> None:
    change(folder, "subtract = 127.5", "subtract = [93.5940, 104.7624, 129.1863]")
    change(folder, 'colour = "RGB"', 'colour = "BGR"')
    assert Manifest(folder).entry("toy", "embed").subtract == (93.594, 104.7624, 129.1863)


def test_two_models_of_one_name_are_refused(folder: Path) -> None:
    path = folder / "manifest.toml"
    path.write_text(path.read_text() * 2)
    with pytest.raises(ModelError, match="two models are called 'toy'"):
        Manifest(folder)


def test_every_shipped_model_is_the_one_its_manifest_lists() -> None:
    manifest = Manifest()
    assert {"mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet", "mobilefacenet", "emotion"} <= set(manifest.entries)
    for entry in manifest.entries.values():
        assert len(manifest.read(entry)) > 1000
