"""Training learns, can be interrupted, and writes what the converter and a reader need."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from converter.emotion_settings import TrainingSettings
from edge.alignment import expression_crop
from edge.errors import ModelError, PictureError
from edge.manifest import Manifest, ModelEntry
from edge.records import LABELS, Box
from tests.converter.cartoons import train_emotion
from tests.edge.toy_models import models_with

pytestmark = pytest.mark.converter


def test_a_short_training_learns_to_tell_the_labels_apart(trained: Path) -> None:
    described = json.loads(trained.with_suffix(".json").read_text())
    assert described["figures"]["macro_f1"] > 0.8
    assert described["figures"]["count"] == 40


def test_what_a_converter_needs_lies_beside_the_model(trained: Path) -> None:
    described = json.loads(trained.with_suffix(".json").read_text())
    assert described["labels"] == list(LABELS)
    assert (described["size"], described["subtract"], described["divide"]) == (32, 127.5, 127.5)
    assert described["temperature"] > 0
    assert set(described["figures"]["recall"]) == set(LABELS)
    assert "train emotion" in described["command"]


def test_the_written_file_gives_the_figures_it_was_written_with(trained: Path, cartoons: Path) -> None:
    import keras

    from converter.emotion_data import find_split, load_pictures
    from converter.emotion_network import normalize
    from converter.emotion_prediction import predict_logits

    described = json.loads(trained.with_suffix(".json").read_text())
    validation = load_pictures(find_split(cartoons, 0.2, seed=1)[1])
    model = keras.models.load_model(trained)
    predicted = predict_logits(model, normalize(validation.crops(32))).argmax(axis=1)
    assert (predicted == validation.labels).mean() == pytest.approx(described["figures"]["accuracy"])


def test_an_interrupted_training_goes_on_where_it_stopped(cartoons: Path, tmp_path: Path) -> None:
    from converter.emotion_data import find_split, load_pictures
    from converter.emotion_training import Progress, train

    training, validation = (load_pictures(part) for part in find_split(cartoons, 0.2, seed=1))
    settings = TrainingSettings(size=32, epochs=3, seed=5)

    def interrupt(progress: Progress) -> None:
        if progress.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(training, validation, settings, None, (), tmp_path / "run.npz", interrupt)
    epochs: list[int] = []
    resumed = train(training, validation, settings, None, (), tmp_path / "run.npz", lambda p: epochs.append(p.epoch))
    assert epochs == [3]
    assert [progress.epoch for progress in resumed.history] == [1, 2, 3]
    whole = train(training, validation, settings)
    # Threads add up in any order, which is all that may differ.
    assert resumed.history[-1].loss == pytest.approx(whole.history[-1].loss, rel=1e-3)

    with pytest.raises(ModelError, match="other settings"):
        train(training, validation, replace(settings, seed=6), None, (), tmp_path / "run.npz")
    fewer = replace(training, samples=training.samples[1:], images=training.images[1:])
    with pytest.raises(ModelError, match="other settings, pictures or teachers"):
        train(fewer, validation, settings, None, (), tmp_path / "run.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "run.npz").read_bytes()[:5000])
    with pytest.raises(ModelError, match="is no checkpoint"):
        train(training, validation, settings, None, (), tmp_path / "cut.npz")


def test_without_an_epoch_the_mean_of_networks_is_calibrated_and_written(
    trained: Path, cartoons: Path, tmp_path: Path
) -> None:
    import keras

    output, other = tmp_path / "mean.keras", tmp_path / "other.keras"
    model = keras.models.load_model(trained, compile=False)
    model.set_weights([weights * np.float32(1.02) for weights in model.get_weights()])
    model.save(other)
    arguments = ["--epochs", "0", "--size", "32", "--held-out", "0.2"]
    assert (
        train_emotion([str(cartoons), "-o", str(output), *arguments, "--from", str(trained), "--from", str(other)]) == 0
    )
    described, before = (json.loads(path.with_suffix(".json").read_text()) for path in (output, trained))
    assert described["history"] == []
    assert len(set(described["started_from"])) == 2
    assert described["figures"]["macro_f1"] == pytest.approx(before["figures"]["macro_f1"], abs=0.05)
    mean, given = (keras.models.load_model(path, compile=False).get_weights() for path in (output, trained))
    for weights, one in zip(mean[:-1], given[:-1], strict=True):  # the last are the labels' shifts
        np.testing.assert_allclose(weights, one * 1.01, rtol=1e-5, atol=1e-6)
    assert not output.with_suffix(".png").exists()


def test_without_an_epoch_and_a_network_there_is_nothing_to_do(cartoons: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="0 epochs train nothing"):
        train_emotion([str(cartoons), "-o", str(tmp_path / "m.keras"), "--epochs", "0", "--size", "32"])


@pytest.mark.parametrize("steps", [2, 4, 5])
def test_the_mean_of_the_weights_misses_no_step(steps: int) -> None:
    from converter.emotion_training import _learn

    class Counting:
        """Its only weight is the number of steps it took."""

        taken = 0.0

        def train_on_batch(self, images: NDArray[np.float32], targets: NDArray[np.float32]) -> float:
            self.taken += 1
            return self.taken

        def get_weights(self) -> list[NDArray[np.float32]]:
            return [np.array([self.taken], np.float32)]

    average = [np.zeros(1, np.float32)]
    nothing = (np.zeros(1, np.float32), np.zeros(1, np.float32))
    loss = _learn(Counting(), average, [(nothing, 0.5)] * steps)
    assert loss == np.mean(range(1, steps + 1))
    # Fetched every fourth step and at the end, the weights of a fetch stand for the steps since the one before.
    expected = {2: 2 * (1 - 0.5**2), 4: 4 * (1 - 0.5**4), 5: 4 * (1 - 0.5**4) / 2 + 5 / 2}[steps]
    np.testing.assert_allclose(average[0], expected, rtol=1e-6)


def test_batches_are_drawn_with_the_settings_augmentation(cartoons: Path) -> None:
    from converter.emotion_data import find_samples, load_pictures
    from converter.emotion_training import _batches

    pictures = load_pictures(find_samples(cartoons)[::40])
    usual = TrainingSettings(size=32, batch=8, mixup=0.0)
    other = replace(usual, augmentation=replace(usual.augmentation, surroundings_share=1.0))
    draws = [next(_batches(pictures, np.eye(5, dtype=np.float32), np.full(5, 0.2), 1, 0, s))[0] for s in (usual, other)]
    assert draws[0].shape == (8, 32, 32, 1)
    np.testing.assert_array_equal(draws[0][:, 16, 16], draws[1][:, 16, 16])  # the faces themselves
    assert (draws[0][:, 0, 0] != draws[1][:, 0, 0]).any()


def test_pictures_left_out_are_measured_apart(cartoons: Path, tmp_path: Path) -> None:
    rows = [f"{label},{number},{'film' if number < 10 else 'web'}" for label in LABELS for number in range(40)]
    folder = tmp_path / "described"
    shutil.copytree(cartoons, folder)
    (folder / "manifest.csv").write_text("label,name,source\n" + "\n".join(rows) + "\n")
    output = tmp_path / "without.keras"
    arguments = ["--epochs", "1", "--size", "32", "--leave-out", "film:tired", "--leave-out", "film:sad"]
    assert train_emotion([str(folder), "-o", str(output), *arguments]) == 0
    described = json.loads(output.with_suffix(".json").read_text())
    assert described["left_out"]["count"] == 20
    assert set(described["left_out"]["recall_by_source"]["film"]) == {"sad", "tired"}
    assert described["figures"]["count"] < 0.2 * 200


def test_a_source_that_is_not_there_cannot_be_left_out(cartoons: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="--leave-out film: no picture"):
        train_emotion([str(cartoons), "-o", str(tmp_path / "m.keras"), "--leave-out", "film"])


def test_a_damaged_checkpoint_is_refused_with_a_remedy(cartoons: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.npz"
    checkpoint.write_bytes(b"nothing")
    with pytest.raises(ModelError, match="remove it"):
        train_emotion([str(cartoons), "-o", str(tmp_path / "m.keras"), "--size", "32", "--checkpoint", str(checkpoint)])


@pytest.fixture(scope="module")
def seed_style(cartoons: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("seed") / "emotion_arch.keras"
    arguments = ["--architecture", "seed", "--epochs", "30", "--size", "32", "--held-out", "0.2"]
    assert train_emotion([str(cartoons), "-o", str(output), *arguments]) == 0
    return output


def test_the_original_kind_of_network_learns_too_and_says_what_it_gives(seed_style: Path) -> None:
    described = json.loads(seed_style.with_suffix(".json").read_text())
    assert described["figures"]["macro_f1"] > 0.8
    assert (described["scores"], described["subtract"], described["divide"]) == ("probabilities", 0.0, 255.0)


def test_on_the_edge_its_softmax_is_not_taken_for_logits(seed_style: Path, cartoons: Path, tmp_path: Path) -> None:
    from converter.keras_models import load_keras
    from converter.quantization import convert
    from edge.emotion import EmotionClassifier

    described = json.loads(seed_style.with_suffix(".json").read_text())
    model = load_keras(seed_style)
    entry = ModelEntry(
        name="seed", role="emotion", file="seed.tflite", sha256="", input=(32, 32, 1), colour="GREY", recipe="float32",
        licence="none", source="a test", labels=LABELS,
        **{key: described[key] for key in ("subtract", "divide", "scores", "temperature")},
    )  # fmt: skip
    plain = replace(entry, name="plain", temperature=1.0)
    manifest = Manifest(models_with(tmp_path / "models", *((e, convert(model, "float32")) for e in (entry, plain))))
    crop = expression_crop(cv2.imread(str(cartoons / "sad" / "0.png")), Box(0, 0, 48, 48), 32)
    shares = model.predict_on_batch(crop[None, :, :, None].astype(np.float32) / 255)[0]
    np.testing.assert_allclose(
        EmotionClassifier(manifest, "plain").classify_crop(crop).probabilities, shares, atol=1e-4
    )
    calibrated = EmotionClassifier(manifest, "seed").classify_crop(crop)
    assert calibrated.label == LABELS[shares.argmax()] == "sad"
    sharper = np.maximum(shares, 1e-6).astype(np.float64) ** (1 / described["temperature"])
    np.testing.assert_allclose(calibrated.probabilities, sharper / sharper.sum(), atol=1e-3)


@pytest.mark.parametrize("output", ["trained", "seed_style"])
def test_learning_curves_are_a_picture(output: str, request: pytest.FixtureRequest) -> None:
    curves = request.getfixturevalue(output).with_suffix(".png")
    assert cv2.imread(str(curves)).shape == (360, 1000, 3)


def test_training_that_gets_no_better_stops(cartoons: Path) -> None:
    from converter.emotion_data import find_split, load_pictures
    from converter.emotion_training import train

    training, validation = (load_pictures(part) for part in find_split(cartoons, 0.2, seed=1))
    settings = TrainingSettings(architecture="seed", size=32, epochs=9, patience=2, learning_rate=0.0)
    assert len(train(training, validation, settings).history) == 3


def test_an_existing_model_is_not_overwritten(cartoons: Path, tmp_path: Path) -> None:
    output = tmp_path / "mine.keras"
    output.write_text("precious")
    with pytest.raises(ModelError, match="--overwrite"):
        train_emotion([str(cartoons), "-o", str(output)])
    assert output.read_text() == "precious"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "model.h5"], "must end in .keras"),
        (["-o", "model.keras", "--size", "50"], "multiple of 16"),
        (["-o", "model.keras", "--size", "48", "--architecture", "seed"], "multiple of 32"),
    ],
)
def test_options_that_cannot_work_are_refused_before_training(
    cartoons: Path, arguments: list[str], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        train_emotion([str(cartoons), *arguments])


def test_pictures_of_one_label_alone_are_refused(cartoons: Path, tmp_path: Path) -> None:
    shutil.copytree(cartoons / "happy", tmp_path / "one" / "happy")
    with pytest.raises(PictureError, match=r"all pictures are called 'happy'; add folders of others: angry, neutral"):
        train_emotion([str(tmp_path / "one"), "-o", str(tmp_path / "e.keras")])


def test_a_label_without_pictures_is_told(cartoons: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for label in ("happy", "tired"):
        shutil.copytree(cartoons / label, tmp_path / "two" / label)
    options = ["--epochs", "1", "--size", "16"]
    train_emotion([str(tmp_path / "two"), "-o", str(tmp_path / "e.keras"), *options])
    assert "no pictures of angry, neutral, sad: the model will hardly ever say so" in capsys.readouterr().err
