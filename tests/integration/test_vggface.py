"""`recognition.model = "vggface"`: the real daemon on the demo's clip, faces embedded by VGG-Face's kind of network."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from itertools import islice
from pathlib import Path

import cv2
import pytest

from edge import config
from edge.camera import open_camera
from edge.demo.broker import embedded_broker
from edge.demo.cast import write_config
from edge.mtcnn import MtcnnDetector
from tests.brokers import SECONDS, Recorder
from tests.edge.toy_models import models_with

pytestmark = pytest.mark.converter

SEATS = ("stranger", "s-101", "s-102", "s-103")
"""Who sits where in the clip, from left to right."""


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory, detector: MtcnnDetector) -> Path:
    """The config of a device that recognises by a narrow VGG-Face, with three of the clip's people enrolled."""
    from converter.quantization import convert
    from tests.integration.tiny_vggface import ENTRY, tiny_vggface

    folder = tmp_path_factory.mktemp("vggface")
    models_with(folder / "models", (ENTRY, convert(tiny_vggface(), ENTRY.recipe)))
    path = write_config(folder, 1)
    text = path.read_text().replace("[recognition]\n", '[recognition]\nmodel = "vggface"\n')
    path.write_text(text + '\n[runtime]\nmodels = "models"\n')
    pictures = enrolment_pictures(path, detector)
    for student in SEATS[1:]:
        done = edge(path, "enrol", student, "--consent", "test", *pictures[student])
        assert done.returncode == 0, done.stderr
    return path


def enrolment_pictures(path: Path, detector: MtcnnDetector) -> dict[str, list[str]]:
    """Three pictures of each person, cut out of the clip."""
    pictures: dict[str, list[str]] = {name: [] for name in SEATS}
    with open_camera(config.load(path).camera, realtime=False) as camera:
        seen = ((f, detector.detect(f.image)) for f in islice(camera.frames(threading.Event()), 0, None, 30))
        for frame, found in islice((each for each in seen if len(each[1]) == len(SEATS)), 3):
            for name, face in zip(SEATS, sorted(found, key=lambda face: face.box.x1), strict=True):
                (x, y), side = face.box.centre, face.box.height
                top, left = max(0, round(y - side)), max(0, round(x - side))
                part = frame.image[top : round(y + side), left : round(x + side)]
                pictures[name].append(str(path.with_name(f"{name}-{len(pictures[name])}.png")))
                cv2.imwrite(pictures[name][-1], cv2.cvtColor(part, cv2.COLOR_RGB2BGR))
    return pictures


def reported(recorder: Recorder) -> set[str]:
    return {json.loads(message.payload)["student_id"] for message in recorder.observations()}


def edge(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge", *arguments, "--config", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


def test_enrolled_students_are_reported_and_the_stranger_is_not(device: Path) -> None:
    log = device.with_name("daemon.log")
    with embedded_broker(device.parent) as port, Recorder(port) as recorder, log.open("wb") as out:
        device.write_text(re.sub(r"(?m)^port = \d+$", f"port = {port}", device.read_text()))
        daemon = subprocess.Popen(
            [sys.executable, "-m", "edge", "run", "--config", str(device)], stdout=out, stderr=subprocess.STDOUT
        )
        try:
            recorder.wait_for(lambda _: len(recorder.observations()) >= 12 and reported(recorder) >= set(SEATS[1:]))
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(SECONDS) == 0, log.read_text()
        finally:
            daemon.kill()
            daemon.wait()
    assert reported(recorder) == set(SEATS[1:])


def test_a_gallery_of_another_model_is_refused(device: Path, tmp_path: Path) -> None:
    other = tmp_path / "edge.toml"
    other.write_text(
        device.read_text().replace('model = "vggface"\n', "").replace('"models"', f'"{device.parent}/models"')
    )
    done = edge(other, "run")
    assert done.returncode == 1
    assert "was enrolled with the model 'vggface', the config names 'mobilefacenet'" in done.stderr
