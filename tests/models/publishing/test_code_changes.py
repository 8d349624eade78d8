"""Versions that bring code: callers are protected from a change of it, and a stack that runs none is not given any."""

import json

import pytest

from handlers.manifest import Code
from models.cli import main
from models.publishing.errors import PublishingError
from models.publishing.publisher import _source
from models.publishing.signature_changes import signature_changes
from models.publishing.stacks import find_stack
from tests.models.publishing.conftest import packed_in

OUTPUTS = {
    **{"bucketName": "bucket", "functionNames": {"m": "function"}, "storages": {"m": "s3"}, "mode": "multi"},
    "engines": ["litert"],
}


def test_code_that_comes_or_goes_changes_what_callers_send_and_get(tmp_path):
    before, _ = _source(packed_in(tmp_path, "one"))
    code = Code(hooks=("input_handler", "output_handler"), files=("code/inference.py",), samples=1)
    after = before._replace(code=code)
    assert signature_changes(before, after) == ["its input_handler is new", "its output_handler is new"]
    assert signature_changes(after, before) == ["its input_handler is gone", "its output_handler is gone"]
    assert signature_changes(after, after) == []


def test_a_stack_is_known_by_a_file_of_its_outputs(tmp_path):
    file = tmp_path / "stack.json"
    file.write_text(json.dumps(OUTPUTS))
    stack = find_stack(tmp_path, str(file))
    assert (stack.bucket, stack.function_of("m"), stack.allows_code) == ("bucket", "function", False)
    file.write_text(json.dumps(OUTPUTS | {"allowModelCode": True}))
    assert find_stack(tmp_path, str(file)).allows_code


@pytest.mark.parametrize("content", [None, "no JSON", "[]", "{}"])
def test_a_file_that_holds_no_outputs_is_named(tmp_path, content):
    file = tmp_path / "stack.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(PublishingError, match=r"stack\.json"):
        find_stack(tmp_path, str(file))


def test_a_stack_that_runs_no_code_is_given_none(tmp_path, aws, monkeypatch, capsys):
    from local.emulator import REGION
    from models.publishing.aws import client

    for name, value in aws.items():
        monkeypatch.setenv(name, value)
    publication = packed_in(tmp_path, "one")
    directory = publication.source.root / "m" / "1"
    document = json.loads((directory / "manifest.json").read_text())
    document["files"].append({"path": "code/inference.py", "size": 0, "sha256": EMPTY})
    document["code"] = {"hooks": ["input_handler"], "files": ["code/inference.py"], "samples": 1}
    (directory / "manifest.json").write_text(json.dumps(document))
    (directory / "code").mkdir()
    (directory / "code" / "inference.py").touch()
    client("s3", aws).create_bucket(Bucket="runs-no-code", CreateBucketConfiguration={"LocationConstraint": REGION})
    (tmp_path / "stack.json").write_text(json.dumps(OUTPUTS | {"bucketName": "runs-no-code"}))
    arguments = ["publish", "m", "--repository", str(publication.source.root), "--stack", str(tmp_path / "stack.json")]
    assert main(arguments) == 1
    assert "serves no version that does. Set allowModelCode to true and deploy" in capsys.readouterr().err
    assert client("s3", aws).list_objects_v2(Bucket="runs-no-code")["KeyCount"] == 0
    (tmp_path / "stack.json").write_text(json.dumps(OUTPUTS | {"bucketName": "runs-no-code", "allowModelCode": True}))
    assert main(arguments) == 0


EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The SHA-256 of nothing."""
