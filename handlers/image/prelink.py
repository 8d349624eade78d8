"""Prepares TensorFlow's libraries so that they open fast. The build of an image runs this once. Needs numpy.

    python prelink.py SOURCE_DIRECTORY DESTINATION_DIRECTORY

`libtensorflow_cc.so.2` has 280,000 references by name to its own symbols, and every process that opens it looks up
each of them. This program resolves the references once: they become offsets from the address of the library, as the
dynamic linker would resolve them. Opening the library then takes less than half as long, and touches 60 MB less. The
static symbol table, a quarter of the file, is removed: no process loads it.

The references keep their meaning if the library is opened without RTLD_GLOBAL by a program that does not define the
same symbols. The C API engine opens it so. For machines other than x86-64 the references stay as they are.
The ELF format: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html
"""

import shutil
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

LIBRARY = "libtensorflow_cc.so.2"
"""The library that the TensorFlow engine opens."""

COMPANION = "libtensorflow_framework.so.2"
"""The library that `LIBRARY` needs in the same directory."""

_X86_64 = 62
_LOAD, _DYNAMIC = 1, 2
_DT_SYMTAB, _DT_RELA, _DT_RELASZ, _DT_JMPREL, _DT_PLTRELSZ, _DT_RELACOUNT = 6, 7, 8, 23, 2, 0x6FFFFFF9
_R_64, _R_GLOB_DAT, _R_RELATIVE = 1, 6, 8
_STT_TLS, _STT_GNU_IFUNC = 6, 10
_SHN_UNDEF, _SHN_LORESERVE = 0, 0xFF00

_HEADERS = 4096
"""Bytes at the start of the file with its header and the headers of its segments."""

_SEGMENT = struct.Struct("<IIQQQQQQ")
_SECTIONS_IN_HEADER = ((40, "<Q"), (60, "<H"), (62, "<H"))
"""Where the file header describes the section headers: their offset, their number, the index of the one with names."""

_DYNAMIC_ENTRY = np.dtype([("tag", "<i8"), ("value", "<u8")])
_SYMBOL = np.dtype(
    [("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("value", "<u8"), ("size", "<u8")]
)
_RELOCATION = np.dtype([("offset", "<u8"), ("type", "<u4"), ("symbol", "<u4"), ("addend", "<i8")])


@dataclass(frozen=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int
    """Bytes in the file."""


def prepare(source: Path, destination: Path) -> None:
    """Write the libraries of `source`, prepared, into the directory `destination`."""
    destination.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / COMPANION, destination / COMPANION)
    shutil.copyfile(source / LIBRARY, destination / LIBRARY)
    for name in (COMPANION, LIBRARY):
        _remove_what_is_not_loaded(destination / name)
    resolve_own_symbols(destination / LIBRARY)


def resolve_own_symbols(library: Path) -> int:
    """Turn a library's references to its own symbols into offsets, in place. Returns how many there were."""
    content = np.memmap(library, np.uint8, "r+")
    header = content[:_HEADERS].tobytes()
    if struct.unpack_from("<H", header, 18)[0] != _X86_64:
        return 0
    segments = _segments(header)
    dynamic = next(s for s in segments if s.kind == _DYNAMIC)
    entries = content[dynamic.offset : dynamic.offset + dynamic.size].view(_DYNAMIC_ENTRY)
    tags = {int(entry["tag"]): int(entry["value"]) for entry in entries}
    relocations = _at(content, segments, tags[_DT_RELA], tags[_DT_RELASZ] // _RELOCATION.itemsize, _RELOCATION)
    count = int(relocations["symbol"].max()) + 1
    symbols = _at(content, segments, tags[_DT_SYMTAB], count, _SYMBOL)
    resolved = _resolve(relocations, symbols)
    # The linker resolves this many entries at the start of the table without reading their types.
    entries["value"][entries["tag"] == _DT_RELACOUNT] = (relocations["type"] == _R_RELATIVE).sum()
    content.flush()
    return resolved


def _resolve(relocations: np.ndarray, symbols: np.ndarray) -> int:
    kind = symbols["info"] & 0xF
    defined = (symbols["section"] != _SHN_UNDEF) & (symbols["section"] < _SHN_LORESERVE)
    own = defined & (kind != _STT_TLS) & (kind != _STT_GNU_IFUNC)
    by_name = (relocations["type"] == _R_64) | (relocations["type"] == _R_GLOB_DAT)
    chosen = by_name & own[relocations["symbol"]]
    relocations["addend"][chosen] += symbols["value"][relocations["symbol"][chosen]].astype(np.int64)
    relocations["type"][chosen] = _R_RELATIVE
    relocations["symbol"][chosen] = 0
    others = relocations["type"] != _R_RELATIVE
    relocations[:] = relocations[np.lexsort((relocations["offset"], others))]
    return int(chosen.sum())


def _remove_what_is_not_loaded(library: Path) -> None:
    with library.open("r+b") as file:
        header = file.read(_HEADERS)
        for position, form in _SECTIONS_IN_HEADER:
            file.seek(position)
            file.write(struct.pack(form, 0))
        file.truncate(max(segment.offset + segment.size for segment in _segments(header)))


def _segments(header: bytes) -> list[_Segment]:
    (start,), (count,) = struct.unpack_from("<Q", header, 32), struct.unpack_from("<H", header, 56)
    found: list[_Segment] = []
    for position in range(count):
        kind, _, offset, address, _, size, _, _ = _SEGMENT.unpack_from(header, start + position * _SEGMENT.size)
        found.append(_Segment(kind, offset, address, size))
    return found


def _at(content: np.ndarray, segments: list[_Segment], address: int, count: int, entry: np.dtype) -> np.ndarray:
    """The table of entries that is loaded at an address, as a view of the file."""
    home = next(s for s in segments if s.kind == _LOAD and s.address <= address < s.address + s.size)
    start = address - home.address + home.offset
    return content[start : start + count * entry.itemsize].view(entry)


def main(arguments: list[str]) -> None:
    source, destination = map(Path, arguments)
    prepare(source, destination)
    before, after = (
        sum((place / name).stat().st_size for name in (LIBRARY, COMPANION)) for place in map(Path, arguments)
    )
    sys.stdout.write(f"{destination}: {after >> 20} MiB, from {before >> 20} MiB\n")


if __name__ == "__main__":
    main(sys.argv[1:])
