"""A stack's configuration, as the Pulumi CLI would hand it to the program."""

import pytest

from local.stack_config import StackConfigError, parse_override, read_stack_config


@pytest.fixture
def project(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text(
        "name: house\nruntime: python\nconfig:\n"
        "  colour: {type: string, default: white}\n  floors: {type: integer, default: 2}\n"
        "  rooms: {type: array, items: {type: string}, default: []}\n  garden: {type: boolean, default: false}\n"
        "  owner: {type: string}\n"
    )
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  house:floors: 3\n  aws:region: eu-west-1\n")
    return tmp_path


def test_defaults_come_first_then_the_stacks_file_then_what_was_said(project):
    config = read_stack_config(project, "dev", {"colour": "red", "house:rooms": '["kitchen"]'})
    assert config == {
        "house:colour": "red",
        "house:floors": "3",
        "house:rooms": '["kitchen"]',
        "house:garden": "false",
        "aws:region": "eu-west-1",
    }


def test_a_stack_without_a_file_is_refused_with_those_that_have_one(project):
    with pytest.raises(StackConfigError, match=r"There is no Pulumi.prod.yaml; there are stack files for dev"):
        read_stack_config(project, "prod", {})


@pytest.mark.parametrize("text", ["memory", "=3"])
def test_an_override_that_is_no_pair_is_refused_with_an_example(text):
    with pytest.raises(StackConfigError, match=r"write key=value, for example memoryMib=512"):
        parse_override(text)


def test_an_overrides_value_may_hold_an_equals_sign():
    assert parse_override("tag=a=b") == ("tag", "a=b")
