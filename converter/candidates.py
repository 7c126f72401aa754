"""TFLite contents that are not shipped (yet), as the manifest that the edge's own classes load models from."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from converter.manifest_writer import manifest_text
from edge.errors import ModelError
from edge.manifest import Manifest, ModelEntry


@contextmanager
def as_manifest(entry: ModelEntry, contents: Mapping[str, bytes]) -> Iterator[Manifest]:
    """A manifest in a temporary folder that lists contents by name.

    entry: what all of them are: role, input, normalization, labels. Raises ModelError when entry is wrong, or the
    folder cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="classpulse-") as name:
        folder = Path(name)
        entries = [
            replace(entry, name=key, file=f"{key}.tflite", sha256=hashlib.sha256(content).hexdigest())
            for key, content in contents.items()
        ]
        try:
            for listed in entries:
                (folder / listed.file).write_bytes(contents[listed.name])
            (folder / "manifest.toml").write_text(manifest_text(entries), encoding="utf-8")
        except OSError as error:
            raise ModelError(f"{folder}: cannot be written ({error.strerror})") from error
        yield Manifest(folder)
