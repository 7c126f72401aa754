from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from edge import gallery
from edge.bundle import Imported, export_students, import_students, new_passphrase, open_gallery
from edge.config import Settings
from edge.embedder import Embedding, unit
from edge.errors import GalleryError, PictureError
from edge.gallery import Gallery, Student, create_key, read_key, save
from tests.full_disk import files_up_to

PASSPHRASE = "correct horse battery"


def embedding(seed: int) -> Embedding:
    return unit(np.random.default_rng(seed).normal(size=192).astype(np.float32))


def student(name: str, seed: int, expires: date | None = None) -> Student:
    return Student(name, f"form {seed}", date(2026, 1, 1), expires, np.stack([embedding(seed), embedding(seed + 100)]))


def with_gallery(settings: Settings, folder: Path, *students: Student) -> Settings:
    """Settings of a device with these students enrolled."""
    folder.mkdir()
    device = replace(
        settings,
        recognition=replace(settings.recognition, gallery=folder / "gallery.bin", key_file=folder / "gallery.key"),
    )
    if students:
        create_key(folder / "gallery.key")
        save(Gallery("mobilefacenet", students), folder / "gallery.bin", read_key(folder / "gallery.key"))
    return device


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Settings:
    yesterday = date.today() - timedelta(days=1)
    return with_gallery(
        settings, tmp_path / "here", student("s-001", 1), student("s-002", 2), student("s-003", 3, yesterday)
    )


@pytest.fixture
def there(settings: Settings, tmp_path: Path) -> Settings:
    return with_gallery(settings, tmp_path / "there")


def take(settings: Settings, path: Path, passphrase: str = PASSPHRASE, *, replace: bool = False) -> Imported:
    return import_students(settings, path, passphrase, length=192, threshold=0.55, replace=replace)


def test_exported_students_are_enrolled_on_another_device(here: Settings, there: Settings, tmp_path: Path) -> None:
    export_students(here, tmp_path / "class.bundle", PASSPHRASE)
    assert take(there, tmp_path / "class.bundle").added == ("s-001", "s-002")
    arrived = open_gallery(there)
    assert [(s.student_id, s.consent, s.enrolled_on) for s in arrived.students] == [
        ("s-001", "form 1", date(2026, 1, 1)),
        ("s-002", "form 2", date(2026, 1, 1)),
    ]
    assert arrived.searchable(date.today()).identify(embedding(102), 0.9).student_id == "s-002"


def test_only_those_who_are_named_leave(here: Settings, there: Settings, tmp_path: Path) -> None:
    export_students(here, tmp_path / "one.bundle", PASSPHRASE, ["s-002"])
    assert take(there, tmp_path / "one.bundle").added == ("s-002",)


def test_a_bundle_shows_nobody_who_and_what_is_in_it(here: Settings, tmp_path: Path) -> None:
    path = tmp_path / "class.bundle"
    export_students(here, path, PASSPHRASE)
    content = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    template = embedding(1).astype("<f4").tobytes()
    for secret in (b"s-001", b"form 1", template[:16], base64.b64encode(template)[:16], PASSPHRASE.encode()):
        assert secret not in content


def test_whose_consent_has_ended_does_not_leave(here: Settings, tmp_path: Path) -> None:
    assert export_students(here, tmp_path / "a.bundle", PASSPHRASE).names() == "s-001, s-002"
    nobody = with_gallery(here, tmp_path / "nobody", student("s-004", 4, date(2026, 1, 2)))
    with pytest.raises(GalleryError, match="nobody to export"):
        export_students(nobody, tmp_path / "b.bundle", PASSPHRASE)
    assert not (tmp_path / "b.bundle").exists()


def test_who_is_asked_for_by_name_is_not_left_out_in_silence(here: Settings, tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="s-003: the consent has ended"):
        export_students(here, tmp_path / "c.bundle", PASSPHRASE, ["s-001", "s-003"])
    assert not (tmp_path / "c.bundle").exists()


def test_whose_consent_ended_on_the_way_is_left_out_and_told(
    here: Settings, there: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = date.today() + timedelta(days=1)
    later = with_gallery(here, tmp_path / "later", student("s-001", 1), student("s-004", 4, tomorrow))
    export_students(later, tmp_path / "later.bundle", PASSPHRASE)

    class Later(date):
        @classmethod
        def today(cls) -> date:
            return date(2999, 1, 1)

    monkeypatch.setattr("edge.bundle.date", Later)
    done = take(there, tmp_path / "later.bundle")
    assert (done.added, done.expired) == (("s-001",), ("s-004",))


def test_students_enrolled_by_consent_alone_arrive_whatever_the_model(
    here: Settings, there: Settings, tmp_path: Path
) -> None:
    alone = Student("s-004", "form 4", date(2026, 1, 1), None, np.zeros((0, 1), np.float32))
    export_students(with_gallery(here, tmp_path / "classified", alone), tmp_path / "class.bundle", PASSPHRASE)
    other = replace(there, recognition=replace(there.recognition, model="vggface"))
    assert take(other, tmp_path / "class.bundle").added == ("s-004",)


@pytest.mark.parametrize("passphrase", ["correct horse batter", "", "x" * 20])
def test_another_passphrase_opens_nothing(here: Settings, there: Settings, tmp_path: Path, passphrase: str) -> None:
    export_students(here, tmp_path / "class.bundle", PASSPHRASE)
    with pytest.raises(GalleryError, match="another passphrase"):
        take(there, tmp_path / "class.bundle", passphrase)
    assert not there.recognition.gallery.exists()


@pytest.mark.parametrize("position", [5, 22, 60])
def test_a_damaged_bundle_is_refused(here: Settings, there: Settings, tmp_path: Path, position: int) -> None:
    path = tmp_path / "class.bundle"
    export_students(here, path, PASSPHRASE)
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(GalleryError, match=r"class\.bundle: "):
        take(there, path)


@pytest.mark.parametrize("content", [b"", b"classpulse-bundle-1\n", b"classpulse-bundle-1\n" + bytes(20)])
def test_a_file_that_is_no_bundle_is_refused(there: Settings, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "no.bundle").write_bytes(content)
    with pytest.raises(GalleryError, match=r"no\.bundle: "):
        take(there, tmp_path / "no.bundle")


def test_a_missing_bundle_is_named(there: Settings, tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match=r"none\.bundle: cannot read"):
        take(there, tmp_path / "none.bundle")


def test_a_student_enrolled_already_is_replaced_only_when_told(here: Settings, tmp_path: Path) -> None:
    export_students(here, tmp_path / "class.bundle", PASSPHRASE)
    other = with_gallery(here, tmp_path / "other", student("s-002", 2))
    before = other.recognition.gallery.read_bytes()
    with pytest.raises(GalleryError, match="s-002: enrolled here already"):
        take(other, tmp_path / "class.bundle")
    assert other.recognition.gallery.read_bytes() == before
    done = take(other, tmp_path / "class.bundle", replace=True)
    assert (done.added, done.replaced) == (("s-001",), ("s-002",))


def test_a_student_who_looks_like_another_one_here_is_refused(here: Settings, tmp_path: Path) -> None:
    export_students(here, tmp_path / "class.bundle", PASSPHRASE)
    other = with_gallery(here, tmp_path / "other", student("s-099", 1))
    with pytest.raises(PictureError, match="s-001: looks like s-099"):
        take(other, tmp_path / "class.bundle")
    assert open_gallery(other).names() == "s-099"


def test_students_who_were_told_apart_where_they_come_from_arrive_together(
    here: Settings, there: Settings, tmp_path: Path
) -> None:
    siblings = with_gallery(here, tmp_path / "siblings", student("s-001", 1), student("s-004", 1))
    export_students(siblings, tmp_path / "class.bundle", PASSPHRASE)
    assert take(there, tmp_path / "class.bundle").added == ("s-001", "s-004")
    again = take(there, tmp_path / "class.bundle", replace=True)
    assert again.replaced == ("s-001", "s-004")


def test_a_student_who_only_looks_like_another_one_here_arrives_when_told(here: Settings, tmp_path: Path) -> None:
    export_students(here, tmp_path / "class.bundle", PASSPHRASE)
    other = with_gallery(here, tmp_path / "other", student("s-099", 1))
    path = tmp_path / "class.bundle"
    import_students(other, path, PASSPHRASE, length=192, threshold=0.55, alike=["s-099"])
    assert open_gallery(other).names() == "s-001, s-002, s-099"


def test_templates_of_another_model_are_refused(here: Settings, there: Settings, tmp_path: Path) -> None:
    export_students(here, tmp_path / "class.bundle", PASSPHRASE)
    other = replace(there, recognition=replace(there.recognition, model="vggface"))
    with pytest.raises(GalleryError, match="the config names 'vggface'"):
        take(other, tmp_path / "class.bundle")
    with pytest.raises(GalleryError, match="192 numbers"):
        import_students(there, tmp_path / "class.bundle", PASSPHRASE, length=128, threshold=0.55)


def test_nothing_is_overwritten(here: Settings, tmp_path: Path) -> None:
    (tmp_path / "class.bundle").write_text("mine")
    with pytest.raises(GalleryError, match="exists already"):
        export_students(here, tmp_path / "class.bundle", PASSPHRASE)
    assert (tmp_path / "class.bundle").read_text() == "mine"


def test_a_full_disk_leaves_no_half_bundle(here: Settings, tmp_path: Path) -> None:
    with files_up_to(100), pytest.raises(GalleryError, match="nothing was left there"):
        export_students(here, tmp_path / "class.bundle", PASSPHRASE)
    assert not (tmp_path / "class.bundle").exists()


def test_a_short_passphrase_is_refused(here: Settings, tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="12 or more"):
        export_students(here, tmp_path / "class.bundle", "tiny")


def test_an_unknown_student_cannot_be_exported(here: Settings, tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="s-777: not enrolled here"):
        export_students(here, tmp_path / "class.bundle", PASSPHRASE, ["s-777", "s-001"])


def test_passphrases_made_here_differ_and_are_long_enough() -> None:
    made = {new_passphrase() for _ in range(100)}
    assert len(made) == 100
    assert all(len(passphrase) == 20 for passphrase in made)


def test_a_gallery_is_not_taken_for_a_bundle(here: Settings, there: Settings) -> None:
    with pytest.raises(GalleryError, match="not a bundle"):
        take(there, here.recognition.gallery)
    assert gallery.MAGIC in here.recognition.gallery.read_bytes()


def test_a_refused_import_leaves_no_key(here: Settings, there: Settings, tmp_path: Path) -> None:
    export_students(here, tmp_path / "class.bundle", PASSPHRASE)
    with pytest.raises(GalleryError, match="not enrolled here"):
        import_students(there, tmp_path / "class.bundle", PASSPHRASE, length=192, threshold=0.55, alike=["s-044"])
    assert not there.recognition.key_file.exists()
