"""The commands about students, as a technician types them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.__main__ import main
from tests.conftest import CONFIG


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return device(tmp_path / "one")


def device(folder: Path, camera: str = 'source = "/dev/video0"') -> Path:
    folder.mkdir()
    path = folder / "edge.toml"
    path.write_text(CONFIG.format(folder=folder).replace('source = "/dev/video0"', camera))
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def three(config: Path, portraits: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A device with three students enrolled."""
    for student, *names in (
        ("s-001", "obama.jpg", "obama2.jpg", "obama3.jpg"),
        ("s-002", "biden.jpg"),
        ("s-003", "astronaut.png"),
    ):
        pictures = [portraits / name for name in names]
        assert run(capsys, "enrol", student, "--consent", "C-1", "--config", config, *pictures)[0] == 0
    return config


def test_students_are_carried_to_another_device(
    three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, other = tmp_path / "class.bundle", device(tmp_path / "other")
    code, said, _ = run(capsys, "students", "export", bundle, "s-001", "s-003", "--config", three)
    assert code == 0
    assert f"{bundle}: s-001, s-003\n" in said
    passphrase = re.findall(r"passphrase: (\S{20})\n", said)
    (tmp_path / "passphrase").write_text(passphrase[0] + "\n")
    importing = ("students", "--config", other, "import", bundle, "--passphrase-file", tmp_path / "passphrase")
    assert run(capsys, *importing) == (0, "s-001: enrolled\ns-003: enrolled\n", "")
    assert run(capsys, *importing)[0] == 1
    assert run(capsys, *importing, "--replace")[1].count("replaced what was enrolled here") == 2
    listed = run(capsys, "students", "--config", other)[1]
    assert [line.split(",")[0] for line in listed.splitlines()] == ["s-001: 3 templates", "s-003: 1 template"]


def test_siblings_are_enrolled_once_it_is_said_that_they_are_two(
    three: Path, tmp_path: Path, portraits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sibling = ("enrol", "s-004", "--consent", "C-4", portraits / "obama2.jpg", "--config", three)
    code, _, error = run(capsys, *sibling)
    assert code == 1
    assert "s-004: looks like s-001" in error
    assert "add --alike s-001" in error
    assert run(capsys, *sibling, "--alike", "s-002")[0] == 1  # somebody else
    assert "--alike s-044: not enrolled here" in run(capsys, *sibling, "--alike", "s-044")[2]
    assert run(capsys, *sibling, "--alike", "s-001")[0] == 0
    said = run(capsys, "students", "calibrate", "--config", three)[1]
    assert "s-001 and s-004: as alike as one person (1.00)" in said
    assert "advised: 0.550" in said


def test_every_picture_that_cannot_be_used_is_named_at_once(
    config: Path, portraits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one.jpg", "two.jpg"):
        (tmp_path / name).write_bytes(b"no picture")
    pictures = (tmp_path / "one.jpg", portraits / "obama.jpg", tmp_path / "two.jpg")
    code, _, error = run(capsys, "enrol", "s-001", "--consent", "C-1", *pictures, "--config", config)
    assert code == 1
    assert [line.partition(": not a picture")[0] for line in error.splitlines()[:2]] == [
        f"classpulse-edge: {tmp_path / 'one.jpg'}",
        str(tmp_path / "two.jpg"),
    ]
    assert error.endswith("1 of 3 pictures can be used, and nobody was enrolled\n")
    assert "no gallery key there" in run(capsys, "students", "--config", config)[2]


def test_without_a_terminal_the_passphrase_must_be_in_a_file(
    three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "students", "export", tmp_path / "class.bundle", "--config", three)
    code, _, error = run(capsys, "students", "import", tmp_path / "class.bundle", "--config", three)
    assert code == 1
    assert "use --passphrase-file" in error


def test_calibrate_says_what_the_room_needs(three: Path, portraits: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strangers = three.parent / "strangers"
    strangers.mkdir()
    (strangers / "grace.jpg").symlink_to(portraits / "grace_hopper.jpg")
    (strangers / "nothing.jpg").write_bytes(b"no picture")
    code, said, error = run(capsys, "students", "calibrate", "--config", three, "--strangers", strangers)
    assert code == 0
    assert "in use: 0.550, which names 0 of 6 strangers" in said
    assert "advised: 0.550, for at most 1.00% of the strangers" in said
    assert "recognises 3 of 3 enrolled pictures" in said
    assert "6 strangers are too few" in said
    assert "300 would do" in said
    assert "to use it" not in said
    assert "left out: " in error
    assert "nothing.jpg" in error


def test_a_students_picture_among_the_strangers_is_found_and_no_threshold_made_of_it(
    three: Path, portraits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strangers = three.parent / "strangers"
    strangers.mkdir()
    (strangers / "who.jpg").symlink_to(portraits / "obama.jpg")
    said = run(capsys, "students", "calibrate", "--config", three, "--strangers", strangers)[1]
    assert f"{strangers / 'who.jpg'}: is taken for s-001 (1.00); make sure that it shows a stranger" in said
    assert "no threshold keeps these strangers out" in said
    assert "to use it" not in said


def test_calibrate_with_a_room_that_is_too_strict_says_what_to_write(
    three: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    three.write_text(three.read_text().replace("[recognition]\n", "[recognition]\nthreshold = 0.9\n"))
    said = run(capsys, "students", "calibrate", "--config", three)[1]
    assert "in use: 0.900, which names 0 of 5 strangers" in said
    assert "to use it, write in [recognition]: threshold = 0.55\n" in said


@pytest.mark.parametrize("share", ["0", "1", "-0.1", "nan", "x"])
def test_a_share_out_of_range_is_wrong_usage(three: Path, share: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["students", "calibrate", "--config", str(three), "--far", share])
    assert ended.value.code == 2


def test_a_student_is_enrolled_from_the_camera(
    tmp_path: Path, portraits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = device(tmp_path / "camera", f'source = "{shots(tmp_path, portraits)}"\nloop = true')
    code, said, error = run(
        capsys, "enrol", "s-001", "--consent", "C-1", "--camera", "--count", "3", "--config", config
    )
    assert (code, error) == (0, "")
    assert "2 of 3: turn your head a little" in said
    assert said.endswith("s-001: enrolled from 3 pictures; none was kept\n")


def shots(folder: Path, portraits: Path) -> Path:
    """Pictures that play the camera, again and again: three photographs of one person, each for a second."""
    target = folder / "shots"
    target.mkdir()
    for number, name in enumerate(("obama.jpg", "obama2.jpg", "obama3.jpg")):
        for repeat in range(12):
            (target / f"{number}-{repeat:02}.jpg").symlink_to(portraits / name)
    return target


def test_a_camera_that_is_not_there_is_said(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(config.read_text().replace("/dev/video0", "/dev/video77"))
    code, _, error = run(capsys, "enrol", "s-001", "--consent", "C-1", "--camera", "--config", config)
    assert code == 1
    assert "/dev/video77" in error


def test_camera_and_pictures_together_are_refused(
    config: Path, portraits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, error = run(
        capsys, "enrol", "s-001", "--consent", "C-1", "--camera", "--config", config, portraits / "obama.jpg"
    )
    assert code == 1
    assert "leave out either the option or the files" in error


def test_calibrate_gives_no_similarity_for_a_classifiers_confidence(
    three: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = '[recognition]\nmethod = "classifier"\nclassifier = "mine"\nthreshold = 0.8\n'
    three.write_text(three.read_text().replace("[recognition]\n", other))
    code, said, error = run(capsys, "students", "calibrate", "--config", three)
    assert (code, said) == (1, "")
    assert "comes from `train faces`" in error


def test_a_refused_first_student_leaves_no_key(
    config: Path, portraits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, error = run(
        capsys, "enrol", "s-001", "--config", config, "--consent", "C-1", "--alike", "s-044", portraits / "obama.jpg"
    )
    assert code == 1
    assert "not enrolled here" in error
    assert "no gallery key there" in run(capsys, "students", "--config", config)[2]
