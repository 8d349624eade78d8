"""The stacks of `make mishaps`: what they leave out cannot go wrong there."""

import runpy
from pathlib import Path

import pytest

from local.stack import SETTINGS
from local.surroundings import Surroundings
from ops.resource_types import resource_types
from tests.engine.mishaps import FAMILIES, MANY_MODELS, SHAPES
from tests.packaged import as_configuration, package
from tests.paths import PROJECT
from tests.program.settings_strategies import arn
from tests.recorder import CERTIFICATE, IMAGE, REGION, WEB_ACL, deploy

AROUND = Surroundings(
    key_arn=arn("kms", "key/0a"),
    bucket="trained",
    topic_arn=arn("sns", "alarms"),
    image_uri=IMAGE,
    vpc_id="vpc-0a",
    subnet_ids=["subnet-0a", "subnet-0b"],
    zones=[f"{REGION}a", f"{REGION}b"],
    authorizer_arn=arn("lambda", "function:admit"),
    web_acl_arn=WEB_ACL,
    boundary_arn="arn:aws:iam::123456789012:policy/boundary",
    certificate_arn=CERTIFICATE,
    hosted_zone_id="Z0123456789ABC",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The types in each stack, by its shape."""
    return {shape: _types(shape, tmp_path_factory.mktemp("models")) for shape in SHAPES}


def _types(shape: str, root: Path) -> set[str]:
    for model in MANY_MODELS if shape == "many models" else ["iris"]:
        package(root, model)
    config = as_configuration(**{**SETTINGS, "modelRepository": str(root), **SHAPES[shape](AROUND)})
    recorder = deploy(lambda: runpy.run_path(str(PROJECT / "__main__.py")), config=config)
    return {each.type for each in recorder.registered if each.type in resource_types()}


def test_every_type_is_in_one_of_the_stacks(made: dict[str, set[str]]):
    assert set().union(*made.values()) == resource_types().keys()


def test_every_type_belongs_to_a_family_that_is_deleted_together():
    prefixes = tuple(prefix for family in FAMILIES.values() for prefix in family)
    assert [each for each in resource_types() if not each.startswith((*prefixes, "docker:"))] == []
