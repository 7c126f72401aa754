"""What a changed config comes to in a running daemon."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.config import Settings, parse
from edge.errors import ClassPulseError, ConfigError
from edge.reload import merge, read_again, reloadable
from tests.certificates import Authority
from tests.conftest import CONFIG


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(CONFIG.format(folder=tmp_path))
    return path


def test_what_needs_no_restart_is_applied_and_the_rest_is_named(settings: Settings, config: Path) -> None:
    text = config.read_text().replace("/dev/video0", "/dev/video1")
    config.write_text(text + '[report]\nlabels = ["tired"]\n[detector]\nmin_face = 60\n')
    reloaded = read_again(config, settings)
    assert reloaded.applied == ("report.labels",)
    assert reloaded.needs_restart == ("camera.source", "detector.min_face")
    assert reloaded.settings.report.labels == ("tired",)
    assert (reloaded.settings.camera, reloaded.settings.detector) == (settings.camera, settings.detector)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param("[report]\ninterval = 5\n", r"edge\.toml:\d+: report\.interval is an unknown key", id="key"),
        pytest.param("[report]\nconfidence = 2\n", r"edge\.toml:\d+: report\.confidence", id="value"),
        pytest.param("[report\n", r"edge\.toml:\d+", id="syntax"),
    ],
)
def test_a_wrong_config_is_refused_with_its_line(settings: Settings, config: Path, change: str, complaint: str) -> None:
    config.write_text(config.read_text() + change)
    with pytest.raises(ConfigError, match=complaint):
        read_again(config, settings)


def test_a_certificate_that_cannot_be_read_is_refused(settings: Settings, config: Path, tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue("room-101")
    text = config.read_text().replace(
        "tls = false", f'certificate_file = "{pair.certificate}"\nkey_file = "{pair.key}"'
    )
    config.write_text(text)
    assert "mqtt.certificate_file" in read_again(config, settings).applied
    pair.certificate.write_text("half a certi")
    with pytest.raises(ClassPulseError, match=r"room-101\.crt"):
        read_again(config, settings)


def test_a_gallery_that_cannot_be_read_is_refused(settings: Settings, config: Path) -> None:
    settings.recognition.gallery.write_bytes(b"garbage")
    with pytest.raises(ClassPulseError, match="gallery"):
        read_again(config, settings)


def test_what_contradicts_a_setting_that_waits_for_a_restart_is_refused(settings: Settings) -> None:
    slow = replace(settings, camera=replace(settings.camera, frames_per_second=1.0))
    many = replace(settings, report=replace(settings.report, interval_seconds=5.0, minimum_readings=9))
    assert merge(settings, many).applied == ("report.minimum_readings",)
    with pytest.raises(ConfigError, match="nothing would ever be published"):
        merge(slow, many)  # the camera would still give one frame a second


def test_an_unchanged_config_changes_nothing(settings: Settings, config: Path) -> None:
    reloaded = read_again(config, settings)
    assert (reloaded.settings, reloaded.applied, reloaded.needs_restart) == (settings, (), ())
    assert parse(config.read_text(), config) == settings


def test_a_camera_a_model_and_the_name_of_the_room_take_a_restart() -> None:
    assert not any(map(reloadable, ("classroom", "camera.source", "emotion.model", "runtime.threads", "spool.path")))
