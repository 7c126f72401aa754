"""The classifier path: who is named, who is masked, what stays unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from edge import gallery
from edge.classifier import FaceClassifier, trained_on
from edge.config import Settings
from edge.embedder import Embedder, Embedding
from edge.enrolment import enrol
from edge.errors import ModelError, PictureError
from edge.loading import EnrolledStudents, load_parts
from edge.manifest import Manifest, ModelEntry
from edge.mtcnn import MtcnnDetector
from edge.portraits import Portrayer
from tests.edge.toy_models import dense, models_with

LABELS = ("s-001", "s-002", "s-003", "(unknown)")
STEEP = 6.0
"""Logit of a class whose direction the probe has."""
ENTRY = ModelEntry(
    name="face-classifier",
    role="identify",
    file="face_classifier.tflite",
    sha256="",
    input=(192,),
    recipe="float32",
    licence="none",
    source="a test",
    labels=LABELS,
    embedder="mobilefacenet",
    threshold=0.7,
    scores="probabilities",
)
KERNEL = np.eye(192, len(LABELS), dtype=np.float32) * STEEP


def probe(**shares: float) -> Embedding:
    """An embedding with so much of each class's direction: s_001=1 is purely the first student's."""
    vector = np.zeros(192, np.float32)
    for label, share in shares.items():
        vector[LABELS.index(label.replace("_", "-"))] = share
    return vector


def folder_with(tmp_path: Path, entry: ModelEntry = ENTRY, *, softmax: bool = True) -> Path:
    return models_with(tmp_path / "models", (entry, dense(KERNEL, np.zeros(len(LABELS)), softmax=softmax)))


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return folder_with(tmp_path)


@pytest.fixture
def classifier(models: Path) -> FaceClassifier:
    return FaceClassifier(Manifest(models), "face-classifier", "mobilefacenet")


def test_an_enrolled_student_is_named(classifier: FaceClassifier) -> None:
    match = classifier.among({"s-001", "s-002"}).identify(probe(s_002=1), 0.7)
    assert match.student_id == "s-002"
    assert match.similarity == pytest.approx(np.exp(STEEP) / (np.exp(STEEP) + 3), abs=1e-5)


def test_a_face_unlike_every_class_is_unknown(classifier: FaceClassifier) -> None:
    match = classifier.among({"s-001", "s-002", "s-003"}).identify(probe(s_001=0.1), 0.7)
    assert match.student_id is None
    assert 0.25 < match.similarity < 0.4


def test_a_class_that_is_no_student_is_never_reported(classifier: FaceClassifier) -> None:
    vector = np.zeros(192, np.float32)
    vector[LABELS.index("(unknown)")] = 1
    assert classifier.among(set(LABELS[:3])).identify(vector, 0.1).student_id is None


def test_with_nobody_enrolled_everybody_is_unknown(classifier: FaceClassifier) -> None:
    assert classifier.among(()).identify(probe(s_001=1), 0.1).student_id is None


def test_what_a_masked_class_takes_is_given_to_nobody(classifier: FaceClassifier) -> None:
    mostly_the_first = probe(s_001=0.8, s_002=0.6)
    assert classifier.among({"s-001", "s-002"}).identify(mostly_the_first, 0.3).student_id == "s-001"
    masked = classifier.among({"s-002"}).identify(mostly_the_first, 0.01)
    assert masked.student_id is None
    assert masked.similarity < 0.25  # as it was, not of what is left when the first is taken out


@pytest.mark.parametrize("temperature", [1.0, 0.5, 3.0])
def test_logits_and_probabilities_of_one_model_mean_the_same(tmp_path: Path, temperature: float) -> None:
    found = []
    for kind, softmax in (("logits", False), ("probabilities", True)):
        entry = replace(ENTRY, scores=kind, temperature=temperature)
        (tmp_path / kind).mkdir()
        models = folder_with(tmp_path / kind, entry, softmax=softmax)
        classifier = FaceClassifier(Manifest(models), "face-classifier", "mobilefacenet")
        found.append(classifier.probabilities(probe(s_001=0.5, s_003=0.25)))
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)
    logits = np.array([0.5, 0, 0.25, 0]) * STEEP / temperature
    np.testing.assert_allclose(found[0], np.exp(logits) / np.exp(logits).sum(), atol=1e-5)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"embedder": "vggface"}, "was trained on embeddings of 'vggface', recognition.model is 'mobilefacenet'"),
        ({"input": (128,)}, "takes embeddings of 128 numbers, 'mobilefacenet' gives 192"),
        ({"labels": LABELS[:3]}, "not one score for each of 3 labels"),
    ],
)
def test_a_classifier_that_does_not_fit_is_refused(tmp_path: Path, change: dict, complaint: str) -> None:
    models = folder_with(tmp_path, replace(ENTRY, **change))
    with pytest.raises(ModelError, match=complaint):
        FaceClassifier(Manifest(models), "face-classifier", "mobilefacenet")


# With the gallery file


@pytest.fixture
def settings(settings: Settings, models: Path) -> Settings:
    return replace(
        settings,
        recognition=replace(settings.recognition, method="classifier"),
        runtime=replace(settings.runtime, models=models),
    )


class School:
    """The real gallery file, and the search that a daemon would use."""

    def __init__(self, settings: Settings, detector: MtcnnDetector, embedder: Embedder) -> None:
        self.settings, self.detector, self.embedder = settings, detector, embedder
        self.parts = load_parts(settings)
        self.students = EnrolledStudents(settings, self.parts.faces)

    def enrol(self, student_id: str, *pictures: Path, expires: date | None = None) -> None:
        portrayer = Portrayer(self.detector, self.embedder)
        portraits = [portrayer.from_file(path) for path in pictures]
        enrol(self.settings, self.embedder, student_id, "C-1", portraits, expires)

    def forget(self, student_id: str) -> None:
        path, key = self.settings.recognition.gallery, gallery.read_key(self.settings.recognition.key_file)
        gallery.save(gallery.load(path, key, "mobilefacenet").without(student_id), path, key)

    def who(self, vector: Embedding) -> str | None:
        search = self.students.changed()
        assert search is not None
        return search.identify(vector, self.parts.threshold).student_id


@pytest.fixture
def school(settings: Settings, detector: MtcnnDetector, embedder: Embedder) -> School:
    return School(settings, detector, embedder)


def test_consent_alone_lifts_the_mask_and_forgetting_masks_again(school: School) -> None:
    assert school.who(probe(s_001=1)) is None
    school.enrol("s-001")
    assert school.who(probe(s_001=1)) == "s-001"
    school.enrol("s-002")
    assert school.who(probe(s_002=1)) == "s-002"
    school.forget("s-001")
    assert school.who(probe(s_001=1)) is None


def test_a_consent_that_has_ended_masks_the_class(school: School) -> None:
    school.enrol("s-001", expires=date.today() + timedelta(days=1))
    recognition = school.settings.recognition
    key = gallery.read_key(recognition.key_file)
    (student,) = gallery.load(recognition.gallery, key, recognition.model).students
    ended = replace(student, consent_expires=date.today() - timedelta(days=1))
    gallery.save(gallery.Gallery(recognition.model, (ended,)), recognition.gallery, key)
    assert school.who(probe(s_001=1)) is None


def test_a_student_enrolled_with_pictures_keeps_the_template_for_the_gallery(school: School, portraits: Path) -> None:
    school.enrol("s-001", portraits / "obama.jpg")
    school.enrol("s-002")
    assert school.who(probe(s_001=1)) == "s-001"
    by_templates = EnrolledStudents(school.settings).changed()
    assert by_templates is not None
    template = gallery.load(
        school.settings.recognition.gallery, gallery.read_key(school.settings.recognition.key_file), "mobilefacenet"
    ).students[0]
    assert by_templates.identify(template.embeddings[0], 0.55).student_id == "s-001"


def test_the_model_brings_its_threshold_and_the_config_may_replace_it(settings: Settings) -> None:
    assert load_parts(settings).threshold == 0.7
    stricter = replace(settings, recognition=replace(settings.recognition, threshold=0.9))
    assert load_parts(stricter).threshold == 0.9
    assert "face-classifier" in load_parts(settings).models


def test_students_without_a_class_are_counted_in_the_log(school: School, caplog: pytest.LogCaptureFixture) -> None:
    school.enrol("s-009")
    school.students.changed()
    assert "1 enrolled students have no class in the classifier" in caplog.text
    assert "s-009" not in caplog.text


def test_for_the_gallery_a_consent_alone_is_not_enough(settings: Settings, embedder: Embedder) -> None:
    settings = replace(settings, recognition=replace(settings.recognition, method="gallery"))
    with pytest.raises(PictureError, match="no picture given"):
        enrol(settings, embedder, "s-001", "C-1", [])


def test_consents_without_templates_do_not_tie_the_gallery_to_one_embedder(school: School) -> None:
    school.enrol("s-001")
    recognition = school.settings.recognition
    key = gallery.read_key(recognition.key_file)
    assert gallery.load(recognition.gallery, key, "vggface").model == "vggface"


def test_the_classifiers_that_hold_a_student_are_known_by_name(models: Path, tmp_path: Path) -> None:
    assert trained_on("s-001", models) == ["face-classifier"]
    assert trained_on("s-009", models) == []
    assert trained_on("s-001", tmp_path / "nowhere") == []
