"""What the image's build does to files, without Docker."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from handlers.contract import TENSORFLOW_DIRECTORY
from handlers.image import fetch, layers
from tests.paths import PROJECT

REQUIREMENTS = PROJECT / "handlers" / "requirements"


def loaded_parts(library: Path) -> list[bytes]:
    """The bytes that the dynamic loader maps, a piece for each segment."""
    content = library.read_bytes()
    table = int.from_bytes(content[32:40], "little")
    size, count = int.from_bytes(content[54:56], "little"), int.from_bytes(content[56:58], "little")
    headers = [content[table + size * n : table + size * (n + 1)] for n in range(count)]
    spans = [(int.from_bytes(each[8:16], "little"), int.from_bytes(each[32:40], "little")) for each in headers]
    first = 64  # the header itself is what stripping changes
    return [content[max(first, start) : start + length] for start, length in spans]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A copy of a library that carries symbols for debuggers."""
    spec = importlib.util.find_spec("ai_edge_litert")
    assert spec is not None
    assert spec.origin is not None
    return Path(shutil.copy(Path(spec.origin).parent / "libpywrap_litert_common.so", tmp_path))


def test_stripping_keeps_every_byte_that_is_loaded(library: Path):
    before, size = loaded_parts(library), library.stat().st_size
    gone = layers.strip(library)
    assert gone > 1_000_000
    assert library.stat().st_size == size - gone
    assert loaded_parts(library) == before


def test_a_stripped_library_loads(library: Path):
    layers.strip(library)
    code = f"import ctypes; ctypes.CDLL({str(library)!r}); print('loaded')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "loaded\n"


def test_stripping_twice_changes_nothing_more(library: Path):
    layers.strip(library)
    content = library.read_bytes()
    assert layers.strip(library) == 0
    assert library.read_bytes() == content


def test_what_is_no_library_is_not_stripped(tmp_path: Path):
    script = tmp_path / "libm.so"
    script.write_text("GROUP ( /lib64/libm.so.6 )")
    with pytest.raises(ValueError, match="is not a 64-bit little-endian ELF file"):
        layers.strip(script)


def test_sealing_gives_every_file_one_time_and_one_mode(tmp_path: Path):
    (tmp_path / "a").mkdir(mode=0o700)
    (tmp_path / "a" / "run.sh").touch(mode=0o777)
    layers.seal(tmp_path)
    for path, mode in ((tmp_path, 0o40755), (tmp_path / "a", 0o40755), (tmp_path / "a" / "run.sh", 0o100644)):
        assert (path.stat().st_mode, path.stat().st_mtime) == (mode, layers.MODIFIED_SECONDS)


def test_the_libraries_go_where_the_handlers_look():
    assert f"/{layers.LIBRARIES_DIRECTORY}" == TENSORFLOW_DIRECTORY


def test_only_wheels_with_a_locked_hash_are_fetched():
    command = fetch.pip_command("install", "arm64", "litert.txt", "/layer")
    assert {"--require-hashes", "--only-binary=:all:", "--no-deps"} <= set(command)
    assert "--platform=manylinux_2_28_aarch64" in command
    assert not [part for part in command if "x86_64" in part]


def test_of_a_lock_only_the_named_packages_are_fetched():
    text = (REQUIREMENTS / "litert.txt").read_text()
    chosen = fetch.only(text, ["numpy"])
    assert {line.split("==")[0] for line in chosen.splitlines() if "==" in line} == {"numpy"}
    assert chosen.count("--hash=") > 1
    assert fetch.only(text, ["numpy", "orjson"]).count("--hash=") > chosen.count("--hash=")


def test_a_package_that_no_lock_has_is_refused():
    with pytest.raises(ValueError, match="the requirements do not lock nump"):
        fetch.only((REQUIREMENTS / "litert.txt").read_text(), ["nump"])


@pytest.mark.parametrize("name", ["litert.txt", "onnxruntime.txt", "tensorflow-amd64.txt", "tensorflow-arm64.txt"])
def test_every_locked_version_is_the_one_that_is_tested_here(name: str):
    def pins(text: str) -> set[str]:
        return {line.split(" \\")[0] for line in text.splitlines() if "==" in line}

    everything = {pin.split(" ;")[0] for pin in pins((PROJECT / "requirements-dev.txt").read_text())}
    assert {pin.split(" ;")[0] for pin in pins((REQUIREMENTS / name).read_text())} <= everything
