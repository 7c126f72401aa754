from __future__ import annotations

import multiprocessing
import resource
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from edge.embedder import unit
from edge.errors import GalleryError
from edge.gallery import Gallery, changing, create_key, load, new_student, read_key, save
from tests.full_disk import files_up_to

MODEL = "mobilefacenet"


def embedding(seed: int) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=192).astype(np.float32))


def near(vector: np.ndarray, similarity: float, seed: int = 99) -> np.ndarray:
    """A unit vector of exactly that cosine to vector."""
    other = embedding(seed)
    other = unit(other - (other @ vector) * vector)
    return unit(similarity * vector + np.sqrt(1 - similarity**2) * other)


@pytest.fixture
def gallery() -> Gallery:
    return (
        Gallery(MODEL)
        .with_student(new_student("s-001", "C-1", [embedding(1), embedding(2)]))
        .with_student(new_student("s-002", "C-2", [embedding(3)], expires=date(2026, 6, 30)))
    )


@pytest.fixture
def key(tmp_path: Path) -> bytes:
    create_key(tmp_path / "gallery.key")
    return read_key(tmp_path / "gallery.key")


def test_a_probe_is_the_nearest_student(gallery: Gallery) -> None:
    match = gallery.searchable(date(2026, 1, 1)).identify(near(embedding(2), 0.8), 0.5)
    assert match.student_id == "s-001"
    assert match.similarity == pytest.approx(0.8, abs=1e-5)


def test_a_probe_below_the_threshold_is_unknown(gallery: Gallery) -> None:
    match = gallery.searchable(date(2026, 1, 1)).identify(near(embedding(2), 0.49), 0.5)
    assert match.student_id is None
    assert match.similarity == pytest.approx(0.49, abs=1e-5)


def test_a_probe_at_the_threshold_is_a_match(gallery: Gallery) -> None:
    assert gallery.searchable(date(2026, 1, 1)).identify(embedding(3), 0.999).student_id == "s-002"


@pytest.mark.parametrize(("second", "who"), [(0.74, "s-001"), (0.76, None)])
def test_a_probe_nearly_as_near_to_another_student_is_unknown(second: float, who: str | None) -> None:
    probe = embedding(1)
    siblings = Gallery(MODEL)
    siblings = siblings.with_student(new_student("s-001", "C-1", [near(probe, 0.8, 11), near(probe, 0.3, 12)]))
    siblings = siblings.with_student(new_student("s-002", "C-2", [near(probe, second, 13)]))
    match = siblings.searchable(date(2026, 1, 1)).identify(probe, 0.5)
    assert match.student_id == who
    assert match.similarity == pytest.approx(0.8, abs=1e-5)


def test_the_naming_threshold_is_the_highest_at_which_a_probe_is_named(gallery: Gallery) -> None:
    search, probe = gallery.searchable(date(2026, 1, 1)), near(embedding(2), 0.8)
    highest = search.naming_threshold(probe)
    assert search.identify(probe, highest).student_id == "s-001"
    assert search.identify(probe, float(np.nextafter(highest, 1))).student_id is None


def test_a_probe_between_two_students_has_no_naming_threshold() -> None:
    probe = embedding(1)
    siblings = Gallery(MODEL).with_student(new_student("s-001", "C-1", [near(probe, 0.8, 11)]))
    siblings = siblings.with_student(new_student("s-002", "C-2", [near(probe, 0.76, 13)]))
    assert siblings.searchable(date(2026, 1, 1)).naming_threshold(probe) == -1


def test_two_templates_of_one_student_need_no_margin_between_them() -> None:
    probe = embedding(1)
    alone = Gallery(MODEL).with_student(new_student("s-001", "C-1", [near(probe, 0.8, 11), near(probe, 0.79, 12)]))
    assert alone.searchable(date(2026, 1, 1)).identify(probe, 0.5).student_id == "s-001"


def test_everybody_is_unknown_to_an_empty_gallery() -> None:
    assert Gallery(MODEL).searchable(date(2026, 1, 1)).identify(embedding(1), 0.1).student_id is None


@pytest.mark.parametrize(("today", "who"), [(date(2026, 6, 30), "s-002"), (date(2026, 7, 1), None)])
def test_a_student_is_identified_on_the_last_day_of_consent_and_not_after(
    gallery: Gallery, today: date, who: str | None
) -> None:
    assert gallery.searchable(today).identify(embedding(3), 0.5).student_id == who


def test_a_saved_gallery_is_read_back(gallery: Gallery, key: bytes, tmp_path: Path) -> None:
    save(gallery, tmp_path / "gallery.bin", key)
    again = load(tmp_path / "gallery.bin", key, MODEL)
    assert [(s.student_id, s.consent, s.consent_expires) for s in again.students] == [
        ("s-001", "C-1", None),
        ("s-002", "C-2", date(2026, 6, 30)),
    ]
    np.testing.assert_array_equal(again.students[0].embeddings, gallery.students[0].embeddings)


def test_the_file_shows_neither_names_nor_embeddings(gallery: Gallery, key: bytes, tmp_path: Path) -> None:
    path = tmp_path / "gallery.bin"
    save(gallery, path, key)
    content = path.read_bytes()
    assert b"s-001" not in content
    assert b"C-1" not in content
    assert embedding(1).tobytes()[:16] not in content
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_same_gallery_is_never_encrypted_to_the_same_bytes(gallery: Gallery, key: bytes, tmp_path: Path) -> None:
    save(gallery, tmp_path / "a", key)
    save(gallery, tmp_path / "b", key)
    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()


def test_a_full_disk_leaves_no_half_key(tmp_path: Path) -> None:
    with files_up_to(10), pytest.raises(GalleryError, match="cannot write the gallery key"):
        create_key(tmp_path / "gallery.key")
    assert not (tmp_path / "gallery.key").exists()  # or the next attempt would find it "exists already"


def test_a_missing_gallery_is_an_empty_one(key: bytes, tmp_path: Path) -> None:
    assert load(tmp_path / "none.bin", key, MODEL).students == ()


@pytest.mark.parametrize("position", [0, 25, 40, -1])  # magic, nonce, ciphertext, tag
def test_a_damaged_gallery_is_refused(gallery: Gallery, key: bytes, tmp_path: Path, position: int) -> None:
    path = tmp_path / "gallery.bin"
    save(gallery, path, key)
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(GalleryError, match=r"gallery\.bin: (not a gallery|cannot be decrypted)"):
        load(path, key, MODEL)


@pytest.mark.parametrize("length", [0, 5, 21, 30, 45])
def test_a_cut_gallery_is_refused(gallery: Gallery, key: bytes, tmp_path: Path, length: int) -> None:
    path = tmp_path / "gallery.bin"
    save(gallery, path, key)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(GalleryError):
        load(path, key, MODEL)


def test_another_key_is_refused(gallery: Gallery, key: bytes, tmp_path: Path) -> None:
    save(gallery, tmp_path / "gallery.bin", key)
    with pytest.raises(GalleryError, match="the key is another one"):
        load(tmp_path / "gallery.bin", bytes(32), MODEL)


def test_embeddings_of_another_model_are_refused(gallery: Gallery, key: bytes, tmp_path: Path) -> None:
    save(gallery, tmp_path / "gallery.bin", key)
    with pytest.raises(GalleryError, match="was enrolled with the model 'mobilefacenet', the config names 'vggface'"):
        load(tmp_path / "gallery.bin", key, "vggface")


def test_templates_of_another_length_are_refused(gallery: Gallery, key: bytes, tmp_path: Path) -> None:
    save(gallery, tmp_path / "gallery.bin", key)
    assert load(tmp_path / "gallery.bin", key, MODEL, 192).students
    with pytest.raises(GalleryError, match="templates have 192 numbers, the model 'mobilefacenet' gives 128"):
        load(tmp_path / "gallery.bin", key, MODEL, 128)


def test_a_failed_write_leaves_the_old_gallery(gallery: Gallery, key: bytes, tmp_path: Path) -> None:
    path = tmp_path / "gallery.bin"
    save(gallery, path, key)
    before = path.read_bytes()
    (tmp_path / ".gallery.bin.new").mkdir()  # where the new file would be written
    with pytest.raises(GalleryError, match="nothing was changed"):
        save(gallery.without("s-001"), path, key)
    assert path.read_bytes() == before


def save_on_a_full_disk(gallery: Gallery, path: Path, key: bytes) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))  # the kernel cuts the write off, as a full disk does
    with pytest.raises(GalleryError, match="nothing was changed"):
        save(gallery, path, key)


def test_a_full_disk_leaves_the_old_gallery_and_no_half_file(gallery: Gallery, key: bytes, tmp_path: Path) -> None:
    path = tmp_path / "gallery.bin"
    save(gallery, path, key)
    before = path.read_bytes()
    child = multiprocessing.get_context("fork").Process(target=save_on_a_full_disk, args=(gallery, path, key))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["gallery.bin", "gallery.key"]


def test_forgetting_removes_only_that_student(gallery: Gallery) -> None:
    assert [s.student_id for s in gallery.without("s-001").students] == ["s-002"]
    with pytest.raises(GalleryError, match="s-009: not enrolled here; enrolled: s-001, s-002"):
        gallery.without("s-009")


def test_enrolling_again_replaces_the_template(gallery: Gallery) -> None:
    changed = gallery.with_student(new_student("s-001", "C-9", [embedding(7)]))
    assert len(changed.students) == 2
    assert changed.students[0].consent == "C-9"


@pytest.mark.parametrize("student_id", ["", "S-1", "-s", "s_1", "s 1", "s-" + "x" * 62, "../etc", "s-1\n"])
def test_a_malformed_student_id_is_refused(student_id: str) -> None:
    with pytest.raises(GalleryError, match="a student ID is"):
        new_student(student_id, "C-1", [embedding(1)])


def test_enrolment_without_a_consent_reference_is_refused() -> None:
    with pytest.raises(GalleryError, match="needs the reference of a consent"):
        new_student("s-001", "  ", [embedding(1)])


def test_a_key_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "gallery.key"
    create_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(GalleryError, match="exists already"):
        create_key(path)


@pytest.mark.parametrize("content", [b"", b"secret", b"\xff\xfe", b"AAAA\n"])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "gallery.key"
    path.write_bytes(content)
    with pytest.raises(GalleryError, match="not a gallery key"):
        read_key(path)


def add_students(folder: Path, first: int) -> None:
    key = read_key(folder / "gallery.key")
    for number in range(first, first + 5):
        with changing(folder / "gallery.bin"):
            gallery = load(folder / "gallery.bin", key, MODEL)
            save(
                gallery.with_student(new_student(f"s-{number}", "C", [embedding(number)])), folder / "gallery.bin", key
            )


def test_two_enrolments_at_once_both_count(key: bytes, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=add_students, args=(tmp_path, first)) for first in (100, 200)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    assert len(load(tmp_path / "gallery.bin", key, MODEL).students) == 10
