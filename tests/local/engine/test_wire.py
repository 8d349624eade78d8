"""Property values on the wire, and settings in the files that the engine reads."""

import pytest
import yaml
from google.protobuf import struct_pb2

from local.engine.settings import copy_settings, set_settings
from local.engine.wire import OUTPUT, SECRET, SIGNATURE, UNKNOWN_TEXT, decode, encode
from local.resources.values import UNKNOWN, Asset
from local.stack_config import StackConfigError


def struct(**properties) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(properties)
    return made


def test_what_is_encoded_is_decoded_as_it_was():
    properties = {
        "text": "t",
        "whole": 3,
        "fraction": 0.5,
        "flag": False,
        "list": ["a", UNKNOWN, {"b": 1}],
        "object": {"unknown": UNKNOWN},
        "source": Asset(path="/models/m", hash="0" * 64),
        "content": Asset(text="t").hashed(),
    }
    assert decode(encode(properties)) == properties


def test_what_is_not_known_is_pulumis_own_text_on_the_wire():
    assert encode({"a": UNKNOWN}).fields["a"].string_value == UNKNOWN_TEXT


def test_a_secret_is_its_value_and_an_output_without_one_is_not_known():
    secret = {SIGNATURE: SECRET, "value": {"password": "p"}}
    assert decode(struct(a=secret, b={SIGNATURE: OUTPUT, "dependencies": []})) == {"a": {"password": "p"}, "b": UNKNOWN}


def test_null_says_nothing():
    assert decode(struct(a=None, b=1)) == {"b": 1}


def test_an_archive_is_refused():
    with pytest.raises(ValueError, match="no archive"):
        decode(struct(code={SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7", "path": "/p"}))


@pytest.fixture
def project(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text(
        "name: house\nruntime: python\nconfig:\n"
        "  rooms: {type: integer, default: 1}\n  doors: {type: array, items: {type: string}, default: []}\n"
        '  colour: {type: string, default: "white"}\n'
    )
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  house:colour: red\n")
    (tmp_path / "stack").mkdir()
    return tmp_path


def test_settings_have_the_types_of_the_schema_and_go_over_the_stack_files(project):
    copy_settings(project, "dev", project / "stack")
    file = project / "stack" / "Pulumi.dev.yaml"
    file.write_text(file.read_text() + "encryptionsalt: v1:abc\n")
    set_settings(project, file, {"rooms": "3", "doors": '["front"]', "house:colour": "1", "aws:region": "r"})
    assert yaml.safe_load(file.read_text()) == {
        "encryptionsalt": "v1:abc",
        "config": {"house:colour": "1", "house:rooms": 3, "house:doors": ["front"], "aws:region": "r"},
    }
    assert "red" in (project / "Pulumi.dev.yaml").read_text()


def test_settings_that_were_edited_stay_when_another_process_attaches(project):
    copy_settings(project, "dev", project / "stack")
    file = project / "stack" / "Pulumi.dev.yaml"
    set_settings(project, file, {"colour": "blue"})
    copy_settings(project, "dev", project / "stack")
    assert yaml.safe_load(file.read_text())["config"] == {"house:colour": "blue"}


def test_a_setting_that_is_not_of_its_type_is_refused(project):
    copy_settings(project, "dev", project / "stack")
    with pytest.raises(StackConfigError, match=r"house:rooms is 'many', and Pulumi\.yaml wants integer"):
        set_settings(project, project / "stack" / "Pulumi.dev.yaml", {"rooms": "many"})
