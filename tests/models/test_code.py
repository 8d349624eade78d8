"""Packaging of code: its files and pinned packages become part of the version, and it answers real requests first."""

import json
from pathlib import Path

import pytest

from handlers.manifest import CODE_PACKAGES
from handlers.manifest_reading import parse_manifest
from models.cli import main
from models.packaging.code.files import copy_code, digest_code, find_code
from models.packaging.code.packages import bring_packages
from models.packaging.errors import PackagingError
from models.packaging.options import PackageOptions

NAMES = """
import json, helper

def input_handler(data, context):
    if context.request_content_type != "text/csv":
        raise ValueError("send text/csv")
    return {"instances": [[float(each) for each in line.split(",")] for line in data.read().decode().splitlines()]}

def output_handler(data, context):
    return helper.named(data.json()["predictions"]), "text/plain"
"""
HELPER = """
def named(rows):
    return " ".join("abc"[row.index(max(row))] for row in rows)
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """Code of the model iris, with a request of two rows."""
    directory = tmp_path / "code"
    directory.mkdir()
    (directory / "inference.py").write_text(NAMES)
    (directory / "helper.py").write_text(HELPER)
    (directory / "__pycache__").mkdir()
    (directory / "__pycache__" / "helper.pyc").write_bytes(b"cache")
    return directory


@pytest.fixture
def requests(tmp_path: Path) -> Path:
    directory = tmp_path / "requests"
    directory.mkdir()
    (directory / "two.csv").write_text("5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n")
    return directory


@pytest.fixture
def source(repository: Path) -> Path:
    return repository / "iris" / "1" / "model.tflite"


@pytest.mark.timeout(600)
def test_code_is_part_of_the_version_after_it_answered(pack, source, code, requests, empty):
    manifest = pack(source, code=code, requests=requests).manifest
    assert manifest.code is not None
    assert manifest.code.hooks == ("input_handler", "output_handler")
    assert set(manifest.code.files) == {"code/inference.py", "code/helper.py"}
    assert manifest.code.samples == 1
    assert manifest.code.evidence["answers"]["two.csv"]["content_type"] == "text/plain"
    assert manifest.code.evidence["answers"]["two.csv"]["bytes"] == 3
    assert manifest.code.evidence["median_seconds"] > 0
    assert set(manifest.code.files) <= {entry.path for entry in manifest.engine_files()}
    assert parse_manifest(manifest.to_json()) == manifest
    assert empty.faults("m") == []
    assert pack(source, code=code, requests=requests).reused
    (code / "helper.py").write_text(HELPER.replace("abc", "xyz"))
    assert not pack(source, code=code, requests=requests).reused


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("written", "said"),
    [
        (NAMES.replace("json, helper", "json, helper, pytest"), "pytest is not in a function's image; pin its package"),
        (NAMES.replace("json, helper", "json, helper, tensorflow"), "tensorflow is not in a function's image"),
        (NAMES.replace("text/csv", "image/png"), "two.csv is answered with 400: .*send image/png"),
        (NAMES.replace("helper.named(", "helper.absent("), "two.csv is answered with 500: .*has no attribute 'absent'"),
        (NAMES.replace("helper.named", "str(__import__('time').time_ns()) or str"), "two.csv is answered differently"),
        ("def handler(data, context):\n    pass", "has neither input_handler nor output_handler. A `handler` that"),
        ("def input_handler(", "inference.py cannot be imported: SyntaxError"),
    ],
)
def test_code_that_would_fail_in_a_function_is_not_packaged(pack, source, code, requests, empty, written, said):
    (code / "inference.py").write_text(written)
    with pytest.raises(PackagingError, match=said):
        pack(source, code=code, requests=requests)
    assert empty.versions("m") == {}


def test_code_and_requests_go_together():
    for given in ({"code": Path("code")}, {"requests": Path("requests")}):
        with pytest.raises(PackagingError, match="give --code and --requests together"):
            PackageOptions(name="m", **given)


# Files.


@pytest.mark.parametrize(
    ("name", "said"),
    [("native.so", "is compiled for one kind of machine"), ("link.py", "is a link; put the file in its place")],
)
def test_links_and_compiled_files_are_refused(code, tmp_path, name, said):
    if name == "link.py":
        (code / name).symlink_to(code / "helper.py")
    else:
        (code / name).write_bytes(b"\x7fELF")
    with pytest.raises(PackagingError, match=said):
        copy_code(code, tmp_path / "version")


def test_too_much_code_is_refused(code, monkeypatch):
    monkeypatch.setattr("models.packaging.code.files.LARGEST_BYTES", 100)
    with pytest.raises(PackagingError, match="at most 100 are allowed"):
        digest_code(code)


def test_a_file_alone_is_code_and_what_lies_beside_it_is_not(code, tmp_path):
    copy_code(code / "inference.py", tmp_path / "version")
    assert [path.name for path in (tmp_path / "version" / "code").iterdir()] == ["inference.py"]
    with pytest.raises(PackagingError, match=r"is no code of a model; give inference.py"):
        digest_code(code / "helper.py")


def test_the_code_that_came_with_a_model_is_found(code, tmp_path):
    assert find_code(code.parent) == code
    assert find_code(code) in (code, code / "inference.py")
    with pytest.raises(PackagingError, match=r"has no code/inference.py and no inference.py; give --code the path"):
        find_code(code / "__pycache__")


def test_code_that_did_not_come_with_the_model_is_named(source, requests, tmp_path, capsys):
    arguments = ["package", str(source), "--name", "m", "--repository", str(tmp_path / "to")]
    assert main([*arguments, "--code", "--requests", str(requests)]) == 1
    assert "give --code the path of the code" in capsys.readouterr().err


# Packages.


@pytest.fixture
def version(tmp_path: Path) -> Path:
    (tmp_path / "version" / "code").mkdir(parents=True)
    return tmp_path / "version"


def require(version: Path, text: str) -> None:
    (version / "code" / "requirements.txt").write_text(text)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("six", "pin one version: six==VERSION"),
        ("six>=1.16", "pin one version"),
        ("six==1.*", "pin one version"),
        ("--index-url elsewhere", "which is no requirement"),
    ],
)
def test_a_package_without_a_pin_is_refused(version, line, said):
    require(version, f"# what it needs\n{line}\n")
    with pytest.raises(PackagingError, match=said):
        bring_packages(version)


def test_packages_are_brought_or_listed_but_not_both(version):
    require(version, "six==1.17.0")
    (version / CODE_PACKAGES).mkdir()
    with pytest.raises(PackagingError, match="leave one of them out"):
        bring_packages(version)


def test_code_without_requirements_brings_no_package(version):
    assert bring_packages(version) == {}
    require(version, "# none\n")
    assert bring_packages(version) == {}


@pytest.mark.index
@pytest.mark.timeout(300)
def test_pinned_packages_are_brought_into_the_version(version):
    require(version, "python-dateutil==2.9.0.post0  # of dates\nsix==1.17.0\n")
    assert bring_packages(version) == {"python-dateutil": "2.9.0.post0", "six": "1.17.0"}
    assert (version / CODE_PACKAGES / "six.py").is_file()
    assert (version / CODE_PACKAGES / "dateutil" / "parser" / "__init__.py").is_file()
    assert list(version.rglob("__pycache__")) == []


@pytest.mark.index
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("jinja2==3.1.6", "needs MarkupSafe, which requirements.txt does not pin"),
        ("pillow==12.0.0", "cannot be installed as pure Python for 3.13: .*pillow"),
        ("six==99.0.0", "cannot be installed as pure Python"),
    ],
)
def test_a_package_that_lacks_another_or_is_not_pure_is_refused(version, lines, said):
    require(version, lines)
    with pytest.raises(PackagingError, match=said):
        bring_packages(version)


def test_packages_are_had_for_the_python_of_the_image():
    from models.packaging.code.packages import PYTHON_VERSION
    from tests.paths import PROJECT

    assert f"python:{PYTHON_VERSION}" in (PROJECT / "handlers" / "Dockerfile").read_text()


@pytest.mark.index
@pytest.mark.timeout(600)
def test_code_runs_with_the_packages_that_it_brings(pack, source, code, requests):
    (code / "requirements.txt").write_text("six==1.17.0\n")
    (code / "inference.py").write_text(
        NAMES.replace("json, helper", "json, helper, six; assert 'code/lib' in six.__file__")
    )
    manifest = pack(source, code=code, requests=requests).manifest
    assert manifest.code is not None
    assert manifest.code.packages == {"six": "1.17.0"}
    assert "code/lib/six.py" in manifest.code.files
    assert json.loads(manifest.to_json())["code"]["packages"] == {"six": "1.17.0"}
