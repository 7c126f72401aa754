"""Settings to the working parts: every model loaded and run once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from edge import gallery
from edge.config import Settings
from edge.detector import Detector, open_detector
from edge.embedder import Embedder
from edge.emotion import EmotionClassifier
from edge.gallery import Search
from edge.manifest import Manifest
from edge.pipeline import Pipeline


@dataclass(frozen=True)
class Parts:
    """What a pipeline is made of."""

    detector: Detector
    embedder: Embedder
    classifier: EmotionClassifier
    threshold: float
    """Similarity from which a probe is an enrolled student: the config's, or the model's own."""
    models: dict[str, str]
    """Name -> sha256 of every model in use."""

    def pipeline(self, settings: Settings) -> Pipeline:
        """A pipeline with an empty gallery."""
        return Pipeline(settings, self.detector, self.embedder, self.classifier, self.threshold)


def load_recognition(settings: Settings, manifest: Manifest) -> tuple[Detector, Embedder]:
    """Detector and embedder. Raises ModelError."""
    runtime, threads = settings.runtime.interpreter, settings.runtime.threads
    embedder = Embedder(manifest, settings.recognition.model, runtime=runtime, threads=threads)
    return open_detector(settings, manifest), embedder


def load_parts(settings: Settings) -> Parts:
    """Load and run all models that settings name. Raises ModelError for the first that does not work."""
    manifest = Manifest(settings.runtime.models)
    detector, embedder = load_recognition(settings, manifest)
    runtime, threads = settings.runtime.interpreter, settings.runtime.threads
    classifier = EmotionClassifier(manifest, settings.emotion.model, runtime=runtime, threads=threads)
    used = ("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet", settings.recognition.model, settings.emotion.model)
    return Parts(
        detector,
        embedder,
        classifier,
        settings.recognition.threshold or embedder.threshold,
        {name: manifest.entries[name].sha256 for name in used},
    )


class EnrolledStudents:
    """The gallery file as a running daemon sees it: read again when it was changed."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.recognition.gallery
        self._key_file = settings.recognition.key_file
        self._model = settings.recognition.model
        self._seen: tuple[int, int, date] | None = None

    def changed(self) -> Search | None:
        """The search over today's students if file or day changed since the last call, else None.

        Raises GalleryError when there is a gallery that cannot be read.
        """
        today = date.today()  # a consent may end at midnight
        try:
            status = self._path.stat()
            seen = (status.st_ino, status.st_mtime_ns, today)
        except FileNotFoundError:
            seen = (0, 0, today)
        if seen == self._seen:
            return None
        enrolled = gallery.Gallery(self._model)
        if seen[0]:
            enrolled = gallery.load(self._path, gallery.read_key(self._key_file), self._model)
        self._seen = seen
        return enrolled.searchable(today)
