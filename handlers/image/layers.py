"""Prepares the files of each layer of the image. The build of the image runs this; the image does not hold it.

    python layers.py dependencies DIRECTORY        installed packages: trim, strip, compile, seal
    python layers.py libraries WHEEL DIRECTORY     TensorFlow's two libraries, from its wheel: strip, seal
    python layers.py sources DIRECTORY             our own code: compile, seal
    python layers.py seal DIRECTORY                anything else: seal

DIRECTORY becomes the root of the layer. Sealed files with the same content make the same layer. Standard library only,
and no command of the base image: some base images have none.
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
"""1980-01-01, the modification time of every file: the oldest that all archive formats can hold."""

LIBRARIES = ("libtensorflow_cc.so.2", "libtensorflow_framework.so.2")
LIBRARIES_DIRECTORY = "opt/tensorflow"
"""`handlers.contract.TENSORFLOW_DIRECTORY`, below the layer's root."""

AWS_SERVICES = frozenset({"cloudwatch", "codedeploy", "lambda", "s3", "sqs", "sts"})
"""The services that the handlers call, and `sts`, which credentials may come from. The data of all other services is
removed from botocore: two thirds of its size, and a megabyte of JSON that the first client would parse."""

UNUSED = (
    # Commands of packages: they start the Python of the build.
    "bin",
    # Sources, stubs and headers for compiling against a package.
    "**/*.pyi",
    "**/*.pxd",
    "**/*.pyx",
    "**/*.h",
    "**/*.a",
    # Tests of packages, and the modules written for them.
    "**/tests",
    "numpy/_core/_*_tests.*.so",
    "numpy/_core/_simd.*.so",
    # Tools to build extensions for numpy.
    "numpy/distutils",
    "numpy/f2py",
    # All of LiteRT except its interpreter on the processor: accelerators, their compilers, converters, tools.
    "ai_edge_litert/aot",
    "ai_edge_litert/libLiteRt.so",
    "ai_edge_litert/libLiteRt*Accelerator.so",
    "ai_edge_litert/*_pb2.py",
    "ai_edge_litert/schema_py_generated.py",
    "ai_edge_litert/tflite",
    "ai_edge_litert/tools",
    "ai_edge_litert/vendors",
    "boto3/examples",
    # All of ONNX Runtime except the module that holds it whole: its library for C, tools.
    "onnxruntime/backend",
    "onnxruntime/capi/libonnxruntime.so*",
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    # Docker writes this directory now before and now behind `onnxruntime/`, which would be another layer each time.
    "onnxruntime-*.dist-info",
)
"""Files that no handler reads, as patterns below the directory of the packages."""


def trim(packages: Path) -> None:
    """Remove the files that no handler reads."""
    for pattern in UNUSED:
        for path in sorted(packages.glob(pattern)):
            _remove(path)
    if (services := packages / "botocore" / "data").is_dir():
        trim_services(services)


def trim_services(data: Path) -> None:
    """Remove the services that the handlers do not call from botocore's data."""
    for path in sorted(data.iterdir()):
        if path.is_dir() and path.name not in AWS_SERVICES:
            _remove(path)
    endpoints = json.loads((data / "endpoints.json").read_bytes())
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in services if name in AWS_SERVICES}
    (data / "endpoints.json").write_text(json.dumps(endpoints, separators=(",", ":")))


def strip(library: Path) -> int:
    """Remove what the dynamic loader never reads: section headers, and the symbols that only debuggers use.

    All of it comes after the last byte that a program header covers. The bytes before that do not change.

    Returns:
        How many bytes were removed.
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
            file.write(bytes(8))  # the offset of the section headers
            file.seek(58)
            file.write(struct.pack("<HHH", 64, 0, 0))  # their size, their number, the index of the one with the names
    return gone


def compile_sources(directory: Path, root: Path) -> None:
    """Compile every module, so that no cold start has to. The compiled file names the final path of its source. Python
    does not compare the two at run time: in an image neither can change."""
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
    """Give all files and directories one modification time, and modes that let every user read them."""
    for path in sorted(root.rglob("*"), reverse=True):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (MODIFIED_SECONDS, MODIFIED_SECONDS))
    root.chmod(0o755)
    os.utime(root, (MODIFIED_SECONDS, MODIFIED_SECONDS))


def extract_libraries(wheel: Path, root: Path) -> None:
    """Put TensorFlow's two libraries into the directory that the handlers read them from."""
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
    """Run one of the commands in the module's docstring."""
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
