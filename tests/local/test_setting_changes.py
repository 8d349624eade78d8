"""The walk over the settings: every setting of `Pulumi.yaml` is changed, and only what must fail may fail."""

from pathlib import Path

import pytest

from local.setting_changes import EXCUSES, defaults, setting_changes
from local.stack import SETTINGS
from local.surroundings import Surroundings

AROUND = Surroundings(
    key_arn="arn:key",
    bucket="trained",
    topic_arn="arn:topic",
    image_uri="registry/image@sha256:0a",
    vpc_id="vpc-0a",
    subnet_ids=["subnet-0a", "subnet-0b"],
    zones=["a", "b", "c"],
    authorizer_arn="arn:authorizer",
    web_acl_arn="arn:acl",
    boundary_arn="arn:boundary",
    certificate_arn="arn:certificate",
    hosted_zone_id="Z0A",
)
CHANGES = setting_changes(AROUND, Path("/elsewhere"))


def test_every_setting_is_changed():
    assert {key for change in CHANGES for key in change.to} == set(defaults())


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_change_changes_something(change):
    before = {**defaults(), **SETTINGS, **change.base}
    assert any(before[key] != value for key, value in change.to.items())


def test_a_change_is_excused_only_where_its_own_setting_makes_callers_fail():
    for change in CHANGES:
        assert bool(change.excuse.reason) == bool(EXCUSES.keys() & change.to.keys())
