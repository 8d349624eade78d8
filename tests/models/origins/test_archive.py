"""What is extracted of an archive, and what is refused: whatever leads out of its directory, links, and floods."""

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from models.origins import archive
from models.origins.archive import extract, is_archive
from models.origins.errors import OriginError

Write = Callable[[tarfile.TarFile], None]


def file(name: str, content: bytes = b"x", kind: bytes = tarfile.REGTYPE, link: str = "") -> Write:
    """Adds a member to an archive."""

    def write(tar: tarfile.TarFile) -> None:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, link
        member.size = len(content) if kind == tarfile.REGTYPE else 0
        tar.addfile(member, io.BytesIO(content) if kind == tarfile.REGTYPE else None)

    return write


@pytest.fixture
def packed(tmp_path: Path) -> Callable[..., Path]:
    def pack(*members: Write) -> Path:
        path = tmp_path / "model.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            for write in members:
                write(tar)
        return path

    return pack


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "inner" / "target").mkdir(parents=True)
    return tmp_path / "inner" / "target"


def files(directory: Path) -> dict[str, bytes]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in found}


def test_files_are_extracted_at_their_paths(packed, target):
    directory = file("export/1", kind=tarfile.DIRTYPE)
    path = packed(file("./", kind=tarfile.DIRTYPE), directory, file("./export/1/saved_model.pb", b"graph" * 300_000))
    extract(path, target, "the archive")
    assert files(target) == {"export/1/saved_model.pb": b"graph" * 300_000}


@pytest.mark.parametrize("name", ["../escaped", "/escaped", "a/../../escaped", "a/./b", "a//b", "a\\b", ".."])
def test_a_path_that_leads_out_is_refused(packed, target, name):
    with pytest.raises(OriginError, match="which leads out of it"):
        extract(packed(file(name)), target, "the archive")
    assert not list(target.parent.parent.rglob("escaped"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(packed, target, kind):
    with pytest.raises(OriginError, match="'way', a link or a device; pack the file itself"):
        extract(packed(file("way", kind=kind, link=str(target.parent)), file("way/escaped")), target, "the archive")
    assert files(target.parent) == {}


def test_a_file_that_is_there_twice_is_refused(packed, target):
    with pytest.raises(OriginError, match="holds 'a' twice"):
        extract(packed(file("a", b"first"), file("a", b"second")), target, "the archive")
    with pytest.raises(OriginError, match="holds 'b/c' twice"):
        extract(packed(file("b"), file("b/c")), target, "the archive")


def test_more_bytes_than_allowed_are_refused_before_they_are_written(packed, target, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST_BYTES", 1000)
    with pytest.raises(OriginError, match="holds more than 100000 files or 1000 bytes"):
        extract(packed(file("small", bytes(600)), file("large", bytes(401))), target, "the archive")
    assert files(target) == {"small": bytes(600)}


def test_more_files_than_allowed_are_refused(packed, target, monkeypatch):
    monkeypatch.setattr(archive, "MOST_FILES", 2)
    with pytest.raises(OriginError, match="holds more than 2 files"):
        extract(packed(file("a"), file("b"), file("c")), target, "the archive")


def test_a_header_that_inflates_to_much_is_not_read(target, tmp_path):
    member = tarfile.TarInfo("././@LongLink")
    member.type, member.size = tarfile.GNUTYPE_LONGNAME, 8 << 30
    path = tmp_path / "model.tar.gz"
    path.write_bytes(gzip.compress(member.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20)))
    with pytest.raises(OriginError, match="has a header of 8589934592 bytes; at most 1048576 are allowed"):
        extract(path, target, "the archive")


@pytest.mark.parametrize("cut", [10, 40, -1])
def test_a_damaged_archive_is_named(packed, target, cut):
    path = packed(file("a", bytes(range(256)) * 50))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(OriginError, match="the archive is damaged, or no archive of tar and gzip"):
        extract(path, target, "the archive")


def test_an_archive_is_known_by_its_name():
    assert [is_archive(name) for name in ("model.tar.gz", "M.TGZ", "model.keras", "tar.gz.h5")] == [True] * 2 + [
        False
    ] * 2
