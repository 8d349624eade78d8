"""Every place keeps what was written, whole, and lets one of several writers win."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from handlers.manifest import FileEntry
from models.publishing import s3_upload
from models.publishing.errors import PublishingError


def entry_of(content: bytes, path: str = "f") -> FileEntry:
    return FileEntry(path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest())


def test_a_document_is_created_once(objects):
    assert objects.read("m/d") is None
    assert objects.create("m/d", b"one")
    assert not objects.create("m/d", b"two")
    assert objects.read("m/d").content == b"one"


def test_a_document_is_replaced_only_by_who_has_read_it(objects):
    objects.create("m/d", b"one")
    tag = objects.read("m/d").tag
    assert objects.replace("m/d", b"two", tag)
    assert not objects.replace("m/d", b"three", tag)
    assert not objects.replace("m/absent", b"x", tag)
    assert objects.read("m/d").content == b"two"


def test_one_of_several_writers_wins(objects):
    with ThreadPoolExecutor(8) as writers:
        won = list(writers.map(lambda number: objects.create("m/d", b"%d" % number), range(8)))
    assert won.count(True) == 1
    assert objects.read("m/d").content == b"%d" % won.index(True)


def test_a_file_is_uploaded_once(objects, tmp_path):
    (tmp_path / "f").write_bytes(b"bytes")
    entry = entry_of(b"bytes")
    assert objects.upload("m/1/f", tmp_path / "f", entry)
    assert not objects.upload("m/1/f", tmp_path / "f", entry)
    [listed] = objects.under("m/")
    assert (listed.path, listed.size) == ("m/1/f", 5)


def test_a_large_file_is_uploaded_in_parts_that_are_each_verified(objects, tmp_path, monkeypatch):
    monkeypatch.setattr(s3_upload, "PART_BYTES", 5 << 20)
    content = bytes(range(256)) * (12 << 12)
    (tmp_path / "f").write_bytes(content)
    assert objects.upload("m/1/f", tmp_path / "f", entry_of(content))
    assert not objects.upload("m/1/f", tmp_path / "f", entry_of(content))
    assert objects.read("m/1/f").content == content


def test_a_file_that_differs_from_its_manifest_does_not_arrive(objects, tmp_path):
    (tmp_path / "f").write_bytes(b"bytez")
    with pytest.raises(PublishingError, match=r"SHA-?256"):
        objects.upload("m/1/f", tmp_path / "f", entry_of(b"bytes"))
    assert objects.under("m/") == []


def test_a_file_is_not_written_over(objects, tmp_path):
    objects.create("m/1/f", b"other")
    (tmp_path / "f").write_bytes(b"bytes")
    with pytest.raises(PublishingError, match="holds something else"):
        objects.upload("m/1/f", tmp_path / "f", entry_of(b"bytes"))
    assert objects.read("m/1/f").content == b"other"


def test_what_is_deleted_is_gone_and_the_rest_stays(objects):
    for path in ("m/1/a/b", "m/1/c", "n/d"):
        objects.create(path, b"x")
    objects.delete(["m/1/a/b", "m/1/c", "m/absent"])
    assert [each.path for each in objects.under("m/")] == []
    assert objects.names() == ["n"]
