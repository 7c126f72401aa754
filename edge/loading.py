"""Settings to the working parts: every model loaded and run once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date

from edge import gallery
from edge.classifier import FaceClassifier
from edge.config import Settings
from edge.detector import Detector, RoomDetector, open_detector
from edge.embedder import Embedder
from edge.emotion import EmotionClassifier
from edge.errors import GalleryError
from edge.manifest import Manifest
from edge.pipeline import Classifies, Embeds, Identifies, Pipeline

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parts:
    """What a pipeline is made of."""

    detector: RoomDetector
    embedder: Embeds
    classifier: Classifies
    faces: FaceClassifier | None
    """None: the gallery's templates say who a face is."""
    threshold: float
    """Similarity, or confidence of `faces`, from which a probe is an enrolled student: the config's or the model's."""
    own_threshold: float
    """The model's, as it was measured."""
    models: dict[str, str]
    """Name -> sha256 of every model in use."""

    def pipeline(self, settings: Settings) -> Pipeline:
        """A pipeline with an empty gallery."""
        return Pipeline(settings, self.detector, self.embedder, self.classifier, self.threshold)

    def threshold_of(self, settings: Settings) -> float:
        """The config's threshold, or the model's own."""
        return settings.recognition.threshold or self.own_threshold


def load_recognition(settings: Settings, manifest: Manifest) -> tuple[Detector, Embedder]:
    """Detector, and embedder for templates. Raises ModelError."""
    runtime, threads = settings.runtime.interpreter, settings.runtime.threads
    embedder = Embedder(manifest, settings.recognition.model, runtime=runtime, threads=threads)
    return open_detector(settings, manifest), embedder


def load_classifier(settings: Settings, manifest: Manifest) -> FaceClassifier | None:
    """The classifier of faces, where `recognition.method` asks for one. Raises ModelError."""
    chosen = settings.recognition
    if chosen.method == "gallery":
        return None
    runtime, threads = settings.runtime.interpreter, settings.runtime.threads
    return FaceClassifier(manifest, chosen.classifier, chosen.model, runtime=runtime, threads=threads)


def load_parts(settings: Settings) -> Parts:
    """Load and run all models that settings name. Raises ModelError for the first that does not work."""
    manifest = Manifest(settings.runtime.models)
    runtime, threads = settings.runtime.interpreter, settings.runtime.threads
    faces = load_classifier(settings, manifest)
    norm = faces.norm if faces else "unit"
    embedder = Embedder(manifest, settings.recognition.model, norm=norm, runtime=runtime, threads=threads)
    classifier = EmotionClassifier(manifest, settings.emotion.model, runtime=runtime, threads=threads)
    used = ["mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet", settings.recognition.model, settings.emotion.model]
    if faces:
        used.append(settings.recognition.classifier)
    return Parts(
        open_detector(settings, manifest),
        embedder,
        classifier,
        faces,
        settings.recognition.threshold or (faces or embedder).threshold,
        (faces or embedder).threshold,
        {name: manifest.entries[name].sha256 for name in used},
    )


class EnrolledStudents:
    """The gallery file as a running daemon sees it: read again when it was changed."""

    def __init__(self, settings: Settings, faces: FaceClassifier | None = None) -> None:
        """faces: the classifier that says who a face is, among the enrolled; None: their templates do.

        Raises ModelError when the embedding model is not listed.
        """
        self._length = Manifest(settings.runtime.models).entry(settings.recognition.model, "embed").embedding
        self._faces = faces
        self._path = settings.recognition.gallery
        self._key_file = settings.recognition.key_file
        self._model = settings.recognition.model
        self._seen: tuple[int, int, date] | None = None
        self.enrolled: frozenset[str] | None = None
        """Who is in the file, whether or not the consent still holds; None: there is no file."""

    def same_gallery(self, other: EnrolledStudents) -> bool:
        """Whether both look at one gallery, so that a student who is in one's alone was added or taken out."""
        return (self._path, self._model) == (other._path, other._model)

    def changed(self) -> Identifies | None:
        """The search over today's students if file or day changed since the last call, else None.

        Raises GalleryError when there is a gallery that cannot be read.
        """
        today = date.today()  # a consent may end at midnight
        try:
            status = self._path.stat()
            seen = (status.st_ino, status.st_mtime_ns, today)
        except FileNotFoundError:
            seen = (0, 0, today)
        except OSError as error:
            raise GalleryError(
                f"{self._path}: cannot be looked at: {error.strerror}; check recognition.gallery"
            ) from error
        if seen == self._seen:
            return None
        enrolled = gallery.Gallery(self._model)
        if seen[0]:
            enrolled = gallery.load(self._path, gallery.read_key(self._key_file), self._model, self._length)
        self._seen = seen
        self.enrolled = frozenset(student.student_id for student in enrolled.students) if seen[0] else None
        search = enrolled.searchable(today)
        if self._faces is None:
            return search
        masked = self._faces.among(search.student_ids)
        if masked.without_class:
            logger.warning(
                "%d enrolled students have no class in the classifier and stay unknown: train it with them",
                masked.without_class,
            )
        return masked
