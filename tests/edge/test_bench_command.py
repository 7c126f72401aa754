"""`classpulse-edge bench` as a technician types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edge.__main__ import main
from tests.conftest import CONFIG


def test_it_says_how_fast_this_device_is_with_its_own_config(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, figures = tmp_path / "edge.toml", tmp_path / "figures.json"
    text = CONFIG.format(folder=tmp_path).replace("[camera]\n", "[camera]\nwidth = 640\nheight = 480\n")
    config.write_text(text + "[detector]\nmin_face = 110\n")
    options = ["--config", str(config), "--faces", "1,0", "--seconds", "3", "--json", str(figures)]
    code = main(["bench", *options])
    told = capsys.readouterr().out.splitlines()
    document = json.loads(figures.read_text())
    assert [room["room"] for room in document["rooms"]] == ["clip", "0 faces", "1 face"]
    assert [line.split("  ")[0] for line in told[2:5]] == ["clip", "0 faces", "1 face"]
    assert document["settings"]["detector"]["min_face"] == 110
    assert document["rooms"][0]["found"] > 2
    assert set(document["models"]) >= {"mtcnn-pnet", "mobilefacenet", "emotion"}
    # A face of 48 px is not looked for with this config, and figures without faces flatter.
    assert code == 1
    assert document["keeps_up"] is False
    assert any("only 0.0 of 1 faces were found, which are 48 px high here" in line for line in told)
    assert not list(tmp_path.glob("gallery*"))


@pytest.mark.parametrize(
    "options", [["--faces", "four"], ["--faces", "101"], ["--faces", ""], ["--seconds", "1"], ["--seconds", "x"]]
)
def test_wrong_usage_is_told_before_anything_is_measured(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bench", *options])
    assert ended.value.code == 2
    assert "is not a" in capsys.readouterr().err


def test_a_config_that_is_wrong_is_an_error_of_the_config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "edge.toml"
    config.write_text("classroom = 7\n")
    assert main(["bench", "--config", str(config)]) == 78
    assert "classroom" in capsys.readouterr().err


def test_it_needs_neither_tensorflow_nor_the_demos_extra() -> None:
    program = (
        "import sys\n"
        "for name in ('tensorflow', 'rich', 'iotcore'): sys.modules[name] = None\n"
        "import edge.bench.command\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
