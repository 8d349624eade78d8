"""What goes into each layer of the image, and in what state. The image's build runs this; the image does not hold it.

    python layers.py dependencies DIRECTORY        an installed set of packages: trimmed, stripped, compiled, sealed
    python layers.py libraries WHEEL DIRECTORY     TensorFlow's two libraries out of its wheel: stripped, sealed
    python layers.py sources DIRECTORY             our own code: compiled, sealed
    python layers.py seal DIRECTORY                anything else: the same bytes are the same layer

DIRECTORY becomes the layer's root. Standard library only, and no command of the base image: not every base has any.
"""

import compileall
import json
import os
import shutil
import struct
import sys
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode

MODIFIED_SECONDS = 315_532_800
"""1980-01-01, the modification time of everything: the oldest that every archive format can tell."""

LIBRARIES = ("libtensorflow_cc.so.2", "libtensorflow_framework.so.2")
LIBRARIES_DIRECTORY = "opt/tensorflow"
"""`handlers.contract.TENSORFLOW_DIRECTORY`, below the layer's root."""

AWS_SERVICES = frozenset({"codedeploy", "lambda", "s3", "sts"})
"""The services that the handlers call, and the one that credentials may come through. What botocore knows of the
others is left out: two thirds of its size, and a megabyte of JSON less to parse for the first client."""

UNUSED = (
    # Commands of packages, which name the build's own Python.
    "bin",
    # Sources, stubs and headers for compiling against a package.
    "**/*.pyi",
    "**/*.pxd",
    "**/*.pyx",
    "**/*.h",
    "**/*.a",
    # Tests that packages carry, and the modules written for them.
    "**/tests",
    "numpy/_core/_*_tests.*.so",
    "numpy/_core/_simd.*.so",
    # Building extensions for numpy.
    "numpy/distutils",
    "numpy/f2py",
    # LiteRT beyond its interpreter on the processor: accelerators, compilers for them, converters, tools.
    "ai_edge_litert/aot",
    "ai_edge_litert/libLiteRt.so",
    "ai_edge_litert/libLiteRt*Accelerator.so",
    "ai_edge_litert/*_pb2.py",
    "ai_edge_litert/schema_py_generated.py",
    "ai_edge_litert/tflite",
    "ai_edge_litert/tools",
    "ai_edge_litert/vendors",
    "boto3/examples",
)
"""What no handler reads, as patterns below the directory of the packages."""


def trim(packages: Path) -> None:
    """Remove what no handler reads."""
    for pattern in UNUSED:
        for path in sorted(packages.glob(pattern)):
            _remove(path)
    trim_services(packages / "botocore" / "data")


def trim_services(data: Path) -> None:
    """Leave the services that the handlers do not call out of botocore's data."""
    for path in sorted(data.iterdir()):
        if path.is_dir() and path.name not in AWS_SERVICES:
            _remove(path)
    endpoints = json.loads((data / "endpoints.json").read_bytes())
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in services if name in AWS_SERVICES}
    (data / "endpoints.json").write_text(json.dumps(endpoints, separators=(",", ":")))


def strip(library: Path) -> int:
    """Cut off what the dynamic loader never reads: section headers, and the symbols that only debuggers look up.

    It all lies behind the last byte that a program header covers, and what the program headers cover stays as it is,
    byte for byte.

    Returns:
        How many bytes are gone; 0 if nothing lies behind.
    """
    with library.open("r+b") as file:
        header = file.read(64)
        if header[:6] != b"\x7fELF\x02\x01":  # 64 bits, little endian: both of Lambda's architectures
            raise ValueError(f"{library} is not a 64-bit little-endian ELF file")
        (table,) = struct.unpack_from("<Q", header, 32)
        entry_size, entries = struct.unpack_from("<HH", header, 54)
        file.seek(table)
        programs = file.read(entry_size * entries)
        end = table + len(programs)
        for start in range(0, len(programs), entry_size):
            offset, _, _, size = struct.unpack_from("<QQQQ", programs, start + 8)
            end = max(end, offset + size)
        gone = library.stat().st_size - end
        if gone:
            file.truncate(end)
            file.seek(40)
            file.write(bytes(8))  # where the section headers were
            file.seek(58)
            file.write(struct.pack("<HHH", 64, 0, 0))  # the size of one, how many, which of them names the others
    return gone


def compile_sources(directory: Path, root: Path) -> None:
    """Compile every module, so that no start does. The result says where a source will be, and is not compared with it
    at run time: neither can change in an image."""
    compiled = compileall.compile_dir(
        directory,
        maxlevels=50,
        quiet=1,
        force=True,
        stripdir=str(root),
        prependdir="/",
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        raise ValueError(f"not every module in {directory} compiles")


def seal(root: Path) -> None:
    """Give everything one modification time, and modes that let every user read and none write."""
    for path in sorted(root.rglob("*"), reverse=True):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (MODIFIED_SECONDS, MODIFIED_SECONDS))
    root.chmod(0o755)
    os.utime(root, (MODIFIED_SECONDS, MODIFIED_SECONDS))


def extract_libraries(wheel: Path, root: Path) -> None:
    """Put TensorFlow's two libraries where the handlers look for them."""
    target = root / LIBRARIES_DIRECTORY
    target.mkdir(parents=True)
    with zipfile.ZipFile(wheel) as archive:
        for name in LIBRARIES:
            with archive.open(f"tensorflow/{name}") as source, (target / name).open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
            strip(target / name)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def main(arguments: list[str]) -> None:
    """Run one of the commands in the module's description."""
    match arguments:
        case ["dependencies", directory]:
            root = Path(directory)
            packages = root / "var" / "task"
            trim(packages)
            for library in sorted(packages.rglob("*.so*")):
                strip(library)
            compile_sources(packages, root)
        case ["libraries", wheel, directory]:
            root = Path(directory)
            extract_libraries(Path(wheel), root)
        case ["sources", directory]:
            root = Path(directory)
            compile_sources(root, root)
        case ["seal", directory]:
            root = Path(directory)
        case _:
            sys.exit(__doc__)
    seal(root)


if __name__ == "__main__":
    main(sys.argv[1:])
