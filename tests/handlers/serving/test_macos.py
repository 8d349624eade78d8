"""What handlers do where the system is macOS: its own names, and no Linux behind them."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from handlers.manifest import FileEntry
from handlers.serving import footprint, macos_memory
from handlers.serving.engines import c_api, heap
from handlers.serving.engines.heap import trim_heap
from handlers.serving.macos_memory import footprint_bytes
from handlers.serving.stores import StoreError
from handlers.serving.stores.disk_tier import DiskTier
from tests.paths import PROJECT

GONE = 999_999_999
USAGE_BYTES = 16 + 10 * 8
"""Of `rusage_info_v0`: the UUID of the program, and ten counters."""

Usage = Callable[[int, int, int], int]


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
def proc_pid_rusage(process: int, flavour: int, answer: int) -> int:
    """As macOS answers: the footprint is the eighth counter."""
    if process == GONE or flavour != 0:
        return -1
    counters = [9, 9, 9, 9, 9, 9, 10**9, process * 2**20, 9, 9]
    ctypes.memmove(answer, b"u" * 16 + b"".join(each.to_bytes(8, "little") for each in counters), USAGE_BYTES)
    return 0


@pytest.fixture
def macos_library(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The C library, with the functions that macOS has and without those of Linux."""
    library = SimpleNamespace(proc_pid_rusage=proc_pid_rusage)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    return library


@pytest.fixture
def no_proc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(path: str, *arguments: int) -> int:
        raise FileNotFoundError(2, "No such file or directory", path)

    footprint._statm.cache_clear()
    monkeypatch.setattr(footprint.os, "open", refuse)
    yield
    footprint._statm.cache_clear()


@pytest.mark.usefixtures("macos_library")
def test_a_footprint_is_what_the_system_says_and_nothing_for_a_process_that_is_gone() -> None:
    assert ctypes.sizeof(macos_memory._Usage) == USAGE_BYTES
    assert footprint_bytes(7) == 7 * 2**20
    assert footprint_bytes(GONE) == 0


@pytest.mark.usefixtures("macos_library", "no_proc")
def test_what_the_process_holds_is_its_footprint_where_there_is_no_proc() -> None:
    assert footprint.resident_bytes() == os.getpid() * 2**20


@pytest.mark.usefixtures("no_proc")
def test_a_system_that_counts_neither_way_says_nothing() -> None:
    assert footprint.resident_bytes() == 0


def test_linux_measures_without_the_module_for_macos() -> None:
    program = """
import sys
from handlers.serving.footprint import resident_bytes
print(resident_bytes() > 0, "handlers.serving.macos_memory" in sys.modules)
"""
    environment = {"PYTHONPATH": str(PROJECT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"


def test_free_heap_is_given_back_by_the_function_that_the_system_has(macos_library, monkeypatch) -> None:
    asked: list[tuple[object, int]] = []
    trim_heap()  # there may be no function at all
    macos_library.malloc_zone_pressure_relief = lambda zone, goal: asked.append((zone, goal.value))
    trim_heap()
    assert asked == [(None, 0)]
    monkeypatch.undo()
    assert hasattr(heap.ctypes.CDLL(None), "malloc_trim")
    trim_heap()


@pytest.fixture
def no_allocation(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how many bytes a disk has left, which is all that macOS tells."""
    monkeypatch.delattr(os, "posix_fallocate")

    def left(size: int) -> None:
        monkeypatch.setattr(os, "fstatvfs", lambda descriptor: SimpleNamespace(f_bavail=size, f_frsize=1))

    return left


def test_a_file_is_kept_on_a_disk_on_which_no_space_can_be_set_aside(tmp_path, no_allocation) -> None:
    def download(file: FileEntry, descriptor: int) -> None:
        assert os.fstat(descriptor).st_size == 4
        os.pwrite(descriptor, b"cd", 2)
        os.pwrite(descriptor, b"ab", 0)

    tier = DiskTier(tmp_path, limit=1000)
    file = FileEntry(path="f", size=4, sha256="")
    assert (tier.fetch("a/1", [file], download) / "f").read_bytes() == b"abcd"


def test_a_disk_with_too_little_left_evicts_and_then_says_what_to_do(tmp_path, no_allocation) -> None:
    def download(file: FileEntry, descriptor: int) -> None:
        os.pwrite(descriptor, b"abcd", 0)

    tier = DiskTier(tmp_path, limit=1000)
    file = FileEntry(path="f", size=4, sha256="")
    no_allocation(4)
    tier.fetch("a/1", [file], download)
    no_allocation(3)
    with pytest.raises(StoreError, match="more ephemeral storage"):
        tier.fetch("b/1", [file], download)
    assert not (tmp_path / "a" / "1").exists()


@pytest.mark.parametrize("owner", [GONE, 10**30])
def test_a_part_of_a_process_that_cannot_be_running_is_removed(tmp_path: Path, owner: int) -> None:
    part = tmp_path / "m" / "1" / f"f.{owner}.{'0' * 32}.part"
    part.parent.mkdir(parents=True)
    part.touch()
    DiskTier(tmp_path, limit=100)
    assert not part.exists()


def test_a_part_of_another_users_process_is_kept(tmp_path, monkeypatch) -> None:
    def refuse(process: int, number: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "kill", refuse)
    part = tmp_path / "m" / "1" / f"f.1.{'0' * 32}.part"
    part.parent.mkdir(parents=True)
    part.touch()
    DiskTier(tmp_path, limit=100)
    assert part.exists()


TENSORFLOW_VERSION = """
import sys
sys.platform = "darwin"
from handlers.serving.engines import EngineError, c_api
try:
    print(c_api.LIBRARY, c_api.library().TF_Version().decode())
except EngineError as error:
    print(error)
"""


def test_tensorflows_libraries_are_opened_under_the_names_that_they_have_there(tmp_path: Path) -> None:
    def version() -> str:
        environment = {"TENSORFLOW_LIBRARY_PATH": str(tmp_path), "PYTHONPATH": str(PROJECT)}
        command = [sys.executable, "-c", TENSORFLOW_VERSION]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert f"TensorFlow's library {tmp_path / 'libtensorflow_cc.2.dylib'} cannot be loaded" in version()
    installed = c_api._directory()
    (tmp_path / "libtensorflow_cc.2.dylib").symlink_to(installed / c_api.LIBRARY)
    companion = "libtensorflow_framework.so.2"  # this machine's library asks for it by this name
    (tmp_path / companion).symlink_to(installed / companion)
    assert version() == f"libtensorflow_cc.2.dylib {c_api.library().TF_Version().decode()}\n"
