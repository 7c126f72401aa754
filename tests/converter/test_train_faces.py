"""`train faces`: from portraits to a classifier that the edge's own code recognises students with."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from converter.augmentation import vary
from converter.face_embeddings import FACES, Embedded, FaceReader, _around
from converter.face_pictures import UNKNOWN, FacePicture
from converter.train_command import add_parser
from edge.classifier import FaceClassifier
from edge.embedder import Embedder, unit
from edge.errors import ModelError, PictureError
from edge.manifest import Manifest, ModelEntry
from edge.mtcnn import MtcnnDetector
from edge.pictures import read_picture
from edge.records import Face
from tests.edge.toy_models import models_with

pytestmark = pytest.mark.converter

STUDENTS = {"s-001": "obama.jpg", "s-002": "biden.jpg", "s-003": "astronaut.png"}


def write_variants(portrait: Path, folder: Path, count: int, detector: MtcnnDetector) -> None:
    """Pictures of one portrait as other cameras might have taken it."""
    folder.mkdir(parents=True, exist_ok=True)
    image = read_picture(portrait)
    around = _around(image, detector.detect(image)[0])
    for number in range(count):
        seen = vary(around, FACES.face_sizes[0], FACES, np.random.default_rng(number))
        cv2.imwrite(str(folder / f"{portrait.stem}-{number}.png"), cv2.cvtColor(seen, cv2.COLOR_RGB2BGR))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, portraits: Path, detector: MtcnnDetector) -> Path:
    folder = tmp_path_factory.mktemp("school")
    for student, name in STUDENTS.items():
        write_variants(portraits / name, folder / student, 5, detector)
    write_variants(portraits / "grace_hopper.jpg", folder / "unknown", 6, detector)
    return folder


def run(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    parsed = parser.parse_args(["train", "faces", *map(str, arguments)])
    command: Callable[[argparse.Namespace], int] = parsed.run
    return command(parsed)


@pytest.fixture(scope="module", params=["ours", "seed"])
def trained(request: pytest.FixtureRequest, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp(request.param) / "faces.keras"
    short = ("--variants", "3", "--epochs", "60", "--checkpoint", output.with_name("run.npz"))
    assert run(pictures, "-o", output, "--architecture", request.param, *short) == 0
    return output


def test_what_the_edge_needs_lies_beside_the_model(trained: Path) -> None:
    described = json.loads(trained.with_suffix(".json").read_text())
    assert described["labels"] == [*STUDENTS, UNKNOWN]
    assert (described["role"], described["embedder"], described["embedding"]) == ("identify", "mobilefacenet", 192)
    assert 0.5 <= described["threshold"] < 1
    assert described["figures"]["accuracy"] == 1
    assert described["figures"]["fpir"] == 0
    assert described["figures"]["stranger_pictures"] == 2
    assert len(described["history"]["val_loss"]) >= 1


def test_learning_curves_are_a_picture(trained: Path) -> None:
    assert read_picture(trained.with_suffix(".png")).shape[1] == 1000


def test_embeddings_do_not_outlive_the_training(trained: Path) -> None:
    assert sorted(path.name for path in trained.parent.iterdir()) == ["faces.json", "faces.keras", "faces.png"]


def test_the_converted_classifier_knows_students_from_a_stranger(
    trained: Path, tmp_path: Path, portraits: Path, detector: MtcnnDetector, embedder: Embedder
) -> None:
    from converter.keras_models import load_keras
    from converter.quantization import convert

    described = json.loads(trained.with_suffix(".json").read_text())
    entry = ModelEntry(
        name="faces", role="identify", file="faces.tflite", sha256="", input=(192,), recipe="float32", licence="none",
        source="a test", **{key: described[key] for key in ("embedder", "threshold", "scores", "norm")},
        labels=tuple(described["labels"]),
    )  # fmt: skip
    models = models_with(tmp_path / "models", (entry, convert(load_keras(trained), "float32")))
    classifier = FaceClassifier(Manifest(models), "faces", "mobilefacenet")
    search = classifier.among(set(STUDENTS))

    def who(name: str) -> str | None:
        image = read_picture(portraits / name)
        embedding = embedder.embed(image, detector.detect(image)[0])
        return search.identify(embedding, classifier.threshold).student_id

    # Pictures of a day and a place that it has never seen, and a stranger.
    assert {name: who(name) for name in ("obama2.jpg", "obama3.jpg", "biden.jpg", "astronaut.png")} == {
        "obama2.jpg": "s-001", "obama3.jpg": "s-001", "biden.jpg": "s-002", "astronaut.png": "s-003",
    }  # fmt: skip
    assert who("grace_hopper.jpg") is None


def test_an_unreadable_picture_is_left_out_by_name(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in pictures.iterdir():
        (tmp_path / "in" / folder.name).mkdir(parents=True)
        for picture in folder.iterdir():
            (tmp_path / "in" / folder.name / picture.name).symlink_to(picture)
    (tmp_path / "in" / "s-001" / "broken.jpg").write_bytes(b"no picture")
    cv2.imwrite(str(tmp_path / "in" / "s-002" / "wall.png"), np.full((200, 200, 3), 90, np.uint8))
    assert run(tmp_path / "in", "-o", tmp_path / "faces.keras", "--variants", "0", "--epochs", "2") == 0
    told = capsys.readouterr().err
    assert re.search(r"left out, unreadable: .*broken\.jpg", told)
    assert re.search(r"no face found: .*wall\.png", told)
    assert "2 pictures of strangers are few" in told


def test_an_existing_model_is_not_overwritten(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "faces.keras").write_text("precious")
    with pytest.raises(ModelError, match="--overwrite"):
        run(pictures, "-o", tmp_path / "faces.keras")
    assert (tmp_path / "faces.keras").read_text() == "precious"


# Resuming


class CountingDetector:
    """The real detector, counting; it can be interrupted."""

    def __init__(self, detector: MtcnnDetector, most: int = 1000) -> None:
        self.detector, self.calls, self.most = detector, 0, most

    def detect(self, image: np.ndarray) -> list[Face]:
        self.calls += 1
        if self.calls > self.most:
            raise KeyboardInterrupt
        return self.detector.detect(image)


def reader(detector: CountingDetector, embedder: Embedder, checkpoint: Path, fingerprint: str = "same") -> FaceReader:
    return FaceReader(detector, embedder, seed=1, checkpoint=checkpoint, fingerprint=fingerprint)


def test_an_interrupted_run_goes_on_where_it_stopped(
    pictures: Path, tmp_path: Path, detector: MtcnnDetector, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("converter.face_embeddings._SAVE_EVERY", 2)
    chosen = [FacePicture(path, "s-001", "") for path in sorted((pictures / "s-001").iterdir())]
    counting = CountingDetector(detector, most=8)  # two for each picture: one as it is, one variant
    with pytest.raises(KeyboardInterrupt):
        reader(counting, embedder, tmp_path / "run.npz").embed(chosen, 1, list)
    counting = CountingDetector(detector)
    resumed = reader(counting, embedder, tmp_path / "run.npz").embed(chosen, 1, list)
    assert counting.calls == 2
    whole = reader(CountingDetector(detector), embedder, tmp_path / "other.npz").embed(chosen, 1, list)
    for one, other in zip(resumed, whole, strict=True):
        np.testing.assert_array_equal(one.rows, other.rows)


def test_a_checkpoint_of_another_embedder_is_refused(
    pictures: Path, tmp_path: Path, detector: MtcnnDetector, embedder: Embedder
) -> None:
    chosen = [FacePicture(next((pictures / "s-001").iterdir()), "s-001", "")]
    reader(CountingDetector(detector), embedder, tmp_path / "run.npz").embed(chosen, 0, list)
    with pytest.raises(ModelError, match="another embedder"):
        reader(CountingDetector(detector), embedder, tmp_path / "run.npz", "different")


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04 cut off"])
def test_a_damaged_checkpoint_is_refused_with_a_remedy(
    tmp_path: Path, detector: MtcnnDetector, embedder: Embedder, content: bytes
) -> None:
    (tmp_path / "run.npz").write_bytes(content)
    with pytest.raises(ModelError, match="remove it to start afresh"):
        reader(CountingDetector(detector), embedder, tmp_path / "run.npz")


# Training on embeddings alone


def cloud(person: str, centre: np.ndarray, count: int, generator: np.random.Generator) -> list[Embedded]:
    """Embeddings around a centre, at cosines of about 0.7 to it."""
    length = len(centre)
    return [
        Embedded(
            FacePicture(Path(f"{person}-{i}"), person, ""),
            unit((centre + generator.normal(size=length) / np.sqrt(length)).astype(np.float32))[None],
        )
        for i in range(count)
    ]


def people(names: Sequence[str], count: int, seed: int) -> list[Embedded]:
    generator = np.random.default_rng(seed)
    centres = {name: unit(np.random.default_rng([7, i]).normal(size=64)) for i, name in enumerate(names)}
    return [each for name in names for each in cloud(name, centres[name], count, generator)]


@pytest.mark.parametrize("architecture", ["ours", "seed"])
def test_what_is_saved_computes_what_was_trained(architecture: str) -> None:
    from converter import face_networks
    from converter.face_training import TrainingSettings, judge, train

    names = [f"s-{i}" for i in range(6)]
    settings = TrainingSettings(architecture=architecture, epochs=60)
    classifier = train(people(names, 8, 1), (), people(names, 3, 2), (), settings)
    right, confidences = judge(classifier, people(names, 5, 3))
    assert right.mean() == 1
    assert confidences.min() > 0.5
    assert [type(layer).__name__ for layer in classifier.model.layers][-1] == "Dense"

    probe = people(names, 1, 4)[0].rows
    model = face_networks.build_ours(np.eye(3, 64, dtype=np.float32), 0.5, learn_margin=False)
    np.testing.assert_allclose(
        model.predict_on_batch(probe), face_networks.plain(model).predict_on_batch(probe), atol=1e-5
    )


def test_students_stand_in_for_strangers_where_none_are_given() -> None:
    from converter.face_training import TrainingSettings, students_as_strangers

    names = [f"s-{i}" for i in range(5)]
    parts = [people(names, count, count) for count in (8, 2, 3)]
    confidences = students_as_strangers(*parts, TrainingSettings(epochs=30))
    assert set(confidences) == set(names)
    assert all(len(values) == 13 for values in confidences.values())
    assert max(values.max() for values in confidences.values()) < 0.5  # nobody was taken for another


def test_too_few_students_cannot_stand_in_for_strangers() -> None:
    from converter.face_training import TrainingSettings, students_as_strangers

    parts = [people(["a", "b", "c"], 3, seed) for seed in range(3)]
    with pytest.raises(PictureError, match="--unknown"):
        students_as_strangers(*parts, TrainingSettings())


def test_a_student_without_a_face_is_named() -> None:
    from converter.face_training import TrainingSettings, train

    faceless = Embedded(FacePicture(Path("x"), "s-9", ""), np.zeros((0, 64), np.float32))
    with pytest.raises(PictureError, match="s-9: no face found in any picture"):
        train([*people(["a", "b"], 3, 1), faceless], (), people(["a", "b"], 1, 2), (), TrainingSettings())


def test_strangers_weigh_as_much_as_all_students_together() -> None:
    from converter.face_training import class_weights

    weights = class_weights(np.array([0] * 30 + [1] * 10 + [2] * 60), students=2)
    assert weights[0] * 30 == pytest.approx(weights[1] * 10)
    assert weights[2] * 60 == pytest.approx(weights[0] * 30 + weights[1] * 10)


@pytest.mark.data
def test_known_people_are_identified_and_others_are_not(data_dir: Path, tmp_path: Path) -> None:
    people_by_pictures = sorted(
        (data_dir / "images").iterdir(), key=lambda folder: (-len(list(folder.iterdir())), folder)
    )
    for folder in people_by_pictures[:8]:
        student = tmp_path / "in" / re.sub("[^a-z0-9]+", "-", folder.name.lower()).strip("-")
        student.mkdir(parents=True)
        for picture in sorted(folder.iterdir())[:15]:
            (student / picture.name).symlink_to(picture)
    (tmp_path / "others").mkdir()
    for folder in people_by_pictures[-240:]:
        (tmp_path / "others" / folder.name).symlink_to(folder)
    output = tmp_path / "faces.keras"
    assert run(tmp_path / "in", "--unknown", tmp_path / "others", "-o", output, "--variants", "3") == 0
    figures = json.loads(output.with_suffix(".json").read_text())["figures"]
    assert figures["tpir"] >= 0.9
    assert figures["fpir"] <= 0.03
    assert figures["misidentified"] == 0
