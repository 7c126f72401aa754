"""The commands and the daemon where a classifier recognises the students."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from edge import gallery
from edge.config import Settings, load
from edge.demo.broker import embedded_broker
from edge.demo.cast import STUDENTS, write_config
from tests.brokers import SECONDS, Received, Recorder, wait_until
from tests.edge.test_classifier import ENTRY, folder_with
from tests.edge.toy_models import dense, models_with
from tests.integration.test_daemon import after, last_handed_over


@dataclass
class Pi:
    config: Path

    def edge(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "edge", *arguments, "--config", str(self.config)]
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    """A device whose classifier knows s-001 to s-003."""
    folder_with(tmp_path)
    config = write_config(tmp_path, 1)
    text = config.read_text().replace("[recognition]\n", '[recognition]\nmethod = "classifier"\n')
    config.write_text(text + '\n[runtime]\nmodels = "models"\n')
    return Pi(config)


def test_a_consent_is_enough_and_forgetting_says_what_the_weights_keep(pi: Pi) -> None:
    added = pi.edge("enrol", "s-001", "--consent", "form 1")
    assert (added.returncode, added.stdout) == (0, "s-001: enrolled by consent only\n"), added.stderr
    assert "s-001: no template, enrolled" in pi.edge("students").stdout
    forgotten = pi.edge("forget", "s-001")
    assert forgotten.returncode == 0
    assert "the class in the classifier 'face-classifier' is masked from now on" in forgotten.stdout
    assert "until it is trained again without the student's pictures" in forgotten.stdout
    assert "s-001" not in pi.edge("students").stdout


def test_a_student_the_classifier_was_not_trained_on_is_told_at_enrolment(pi: Pi) -> None:
    added = pi.edge("enrol", "s-009", "--consent", "form 9")
    assert added.returncode == 0
    assert "s-009: has no class in 'face-classifier', and stays unknown" in added.stdout
    assert "weights" not in pi.edge("forget", "s-009").stdout


def test_pictures_may_stand_before_and_after_the_consent(pi: Pi, portraits: Path) -> None:
    before, after = str(portraits / "obama.jpg"), str(portraits / "obama2.jpg")
    added = pi.edge("enrol", "s-001", before, "--consent", "form 1", after)
    assert (added.returncode, added.stdout) == (0, "s-001: enrolled from 2 pictures; none was kept\n"), added.stderr
    assert pi.edge("enrol", "s-001", "--consent", "form 1", "--consnet-expires", after).returncode == 2
    assert pi.edge("students", "s-001").returncode == 2


def test_without_a_consent_nobody_is_enrolled(pi: Pi) -> None:
    assert pi.edge("enrol", "s-001").returncode == 2
    refused = pi.edge("enrol", "s-001", "--consent", " ")
    assert refused.returncode == 1
    assert "consent" in refused.stderr


def classifier_of_templates(folder: Path, settings: Settings, labels: tuple[str, ...]) -> None:
    """A classifier in folder/models whose directions are the templates of the gallery, beside one for nobody."""
    recognition = settings.recognition
    students = gallery.load(recognition.gallery, gallery.read_key(recognition.key_file), recognition.model).students
    assert tuple(student.student_id for student in students) == labels[:-1]
    kernel = np.zeros((192, len(labels)), np.float32)
    kernel[:, :-1] = 20 * np.stack([student.embeddings[0] for student in students], axis=1)
    bias = np.array([0.0] * len(students) + [20 * 0.45], np.float32)
    entry = replace(ENTRY, labels=labels)
    models_with(folder / "models", (entry, dense(kernel, bias, softmax=True)))


def test_the_daemon_reports_by_classifier_and_masks_whoever_is_forgotten(tmp_path: Path) -> None:
    students = tuple(student.student_id for student in STUDENTS)
    with embedded_broker(tmp_path) as port, Recorder(port) as recorder:
        config = write_config(tmp_path, port)
        pi = Pi(config)
        for student in STUDENTS:
            assert pi.edge("enrol", student.student_id, "--consent", "C", str(student.picture)).returncode == 0
        classifier_of_templates(tmp_path, load(config), (*students, "(unknown)"))
        text = config.read_text().replace("[recognition]\n", '[recognition]\nmethod = "classifier"\n')
        config.write_text(text + '\n[runtime]\nmodels = "models"\n')
        log = tmp_path / "daemon.log"
        with log.open("wb") as out:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "edge", "run", "--config", str(config)], stdout=out, stderr=subprocess.STDOUT
            )
        try:
            recorder.wait_for(lambda _: students_of(recorder.observations()) == set(students))
            assert pi.edge("forget", "s-003").returncode == 0
            wait_until(lambda: b"gallery: 2 students" in log.read_bytes())
            last = last_handed_over(config)
            recorder.wait_for(lambda _: len(after(last, recorder)) >= 4)
            assert students_of(after(last, recorder)) == {"s-001", "s-002"}
        finally:
            daemon.terminate()
            daemon.wait(SECONDS)


def students_of(observations: list[Received]) -> set[str]:
    return {json.loads(message.payload)["student_id"] for message in observations}
