"""A version appears complete and never changes, even if its writer is killed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from handlers.manifest import Artifact, Manifest, Signature, TensorSpec
from models.packaging import repository as repository_module
from models.packaging.errors import PackagingError
from models.packaging.repository import INCOMING, ModelRepository, list_files

KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from models.packaging import repository
from tests.models.test_repository import publish
repository.sync_directory = lambda directory: os.kill(os.getpid(), signal.SIGKILL)
publish(repository.ModelRepository(Path(sys.argv[1])), Path(sys.argv[2]), "second")
"""


def publish(repository: ModelRepository, source: Path, content: str, version: int | None = None) -> Manifest:
    """Publish a version of one file."""
    source.mkdir(exist_ok=True)
    (source / "file").write_text(content)
    spec = TensorSpec(dtype="float32", shape=(-1,), tensor="x:0")
    artifact = Artifact("litert", "tflite", ("serving_default",), ("file",), memory_bytes=0, reason="the only one")
    files = list_files(source, ["file"])

    def manifest_for(number: int) -> Manifest:
        return Manifest(
            model="m",
            version=number,
            signatures={"serving_default": Signature(inputs={"x": spec}, outputs={"x": spec})},
            artifacts=(artifact,),
            files=files,
            fingerprint=content,
        )

    return repository.publish(manifest_for, source, version)


def snapshot(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_versions_count_up(tmp_path, empty):
    assert [publish(empty, tmp_path / "s", content).version for content in ("first", "second")] == [1, 2]
    assert empty.find("m", "first").version == 1
    assert empty.faults("m") == [f"{empty.root / 'm' / 'current.json'} names no complete version"]


def test_a_version_never_changes(tmp_path, empty):
    publish(empty, tmp_path / "s", "first", version=7)
    before = snapshot(empty.root)
    with pytest.raises(PackagingError, match="version 7 of m exists"):
        publish(empty, tmp_path / "s", "second", version=7)
    assert snapshot(empty.root) == before


def test_a_pointer_stays_where_it_is_unless_told(tmp_path, empty):
    publish(empty, tmp_path / "s", "first")
    publish(empty, tmp_path / "s", "second")
    assert empty.point("m", 1, replace=False).version == 1
    assert empty.point("m", 2, replace=False).version == 1
    assert empty.point("m", 2, replace=True).version == 2


def test_a_writer_that_is_killed_leaves_the_repository_unchanged(tmp_path, empty):
    publish(empty, tmp_path / "s", "first")
    before = snapshot(empty.root)
    arguments = [sys.executable, "-c", KILLED_WHILE_WRITING, str(empty.root), str(tmp_path / "s")]
    assert subprocess.run(arguments, cwd=Path(__file__).parents[2]).returncode == -9
    left = {path: content for path, content in snapshot(empty.root).items() if not path.startswith(INCOMING)}
    assert left == before
    assert publish(empty, tmp_path / "s", "second").version == 2
    assert list(empty.root.glob(f"{INCOMING}*")) == []


def test_a_process_does_not_remove_what_another_is_writing(tmp_path, empty, monkeypatch):
    first = repository_module.copy_durably

    def publish_in_between(*arguments):
        monkeypatch.setattr(repository_module, "copy_durably", first)
        first(*arguments)
        monkeypatch.setattr("os.getpid", lambda: 4194305)  # as in a container or on a host of its own
        publish(ModelRepository(empty.root), tmp_path / "other", "other")

    monkeypatch.setattr(repository_module, "copy_durably", publish_in_between)
    assert publish(empty, tmp_path / "s", "first").version == 2
    assert [(empty.root / "m" / version / "file").read_text() for version in "12"] == ["other", "first"]
    assert list(empty.root.glob(f"{INCOMING}*")) == []


@pytest.mark.parametrize("what", ["directory", "file"])
def test_a_version_that_lost_a_file_while_it_was_written_is_not_published(tmp_path, empty, monkeypatch, what):
    copy = repository_module.copy_durably

    def lose(source, directory, path):
        copy(source, directory, path)
        shutil.rmtree(directory) if what == "directory" else (directory / path).unlink()

    monkeypatch.setattr(repository_module, "copy_durably", lose)
    with pytest.raises(PackagingError, match="removed or changed"):
        publish(empty, tmp_path / "s", "first")
    assert snapshot(empty.root) == {}


def test_a_copy_does_not_bring_back_a_directory_that_was_removed(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileNotFoundError):
        repository_module.copy_durably(tmp_path / "file", tmp_path / "removed", "a/b/file")
    (tmp_path / "there").mkdir()
    repository_module.copy_durably(tmp_path / "file", tmp_path / "there", "a/b/file")
    assert (tmp_path / "there" / "a" / "b" / "file").is_file()


def test_a_changed_file_is_found(tmp_path, empty):
    publish(empty, tmp_path / "s", "first")
    empty.point("m", 1, replace=False)
    (empty.root / "m" / "1" / "file").write_text("other")
    assert empty.faults("m") == [f"{empty.root / 'm' / '1' / 'file'} has changed since it was packaged"]
