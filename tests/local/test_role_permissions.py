"""What roles may do by their policies, and what a function that is called needs of its role."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.role_permissions import Need, RolePermissions
from tests.local.test_invoke_api import FROM_GATEWAY, api, post  # noqa: F401 the fixture

OBJECT = Need(action="s3:GetObject", resource="arn:aws:s3:::shelf/models/iris/current.json")
LIST = Need(action="s3:ListBucket", resource="arn:aws:s3:::shelf", context={"s3:prefix": "models/"})
MOUNT = Need(
    action="elasticfilesystem:ClientMount",
    resource="arn:aws:elasticfilesystem:eu-central-1:000000000000:file-system/fs-1",
    context={"elasticfilesystem:AccessPointArn": "arn:one"},
)


def document(action: str, resource: str, **conditions: Any) -> str:
    statement = {"Effect": "Allow", "Action": [action], "Resource": resource, "Condition": conditions}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def roles() -> RolePermissions:
    roles = RolePermissions()
    roles.give("reader", "policy")
    return roles


def test_a_role_without_a_policy_lacks_everything(roles):
    assert roles.lacking("nobody", [OBJECT]) == OBJECT
    assert roles.lacking("nobody", []) is None


def test_a_grant_holds_for_its_action_and_its_resources_only(roles):
    roles.write("policy", document("s3:GetObject", "arn:aws:s3:::shelf/models/iris/*"))
    other = Need(action="s3:GetObject", resource="arn:aws:s3:::shelf/models/wine/current.json")
    version = Need(action="s3:GetObjectVersion", resource=OBJECT.resource)
    assert roles.lacking("reader", [OBJECT]) is None
    assert roles.lacking("reader", [OBJECT, other]) == other
    assert roles.lacking("reader", [version]) == version


def test_a_listing_is_granted_by_its_prefix(roles):
    roles.write("policy", document("s3:ListBucket", LIST.resource, StringLike={"s3:prefix": ["models/*"]}))
    assert roles.lacking("reader", [LIST]) is None
    roles.write("policy", document("s3:ListBucket", LIST.resource, StringLike={"s3:prefix": ["models/iris/*"]}))
    assert roles.lacking("reader", [LIST]) == LIST


def test_a_mount_is_granted_through_its_access_point(roles):
    condition = {"elasticfilesystem:AccessPointArn": "arn:one"}
    roles.write("policy", document(MOUNT.action, MOUNT.resource, StringEquals=condition))
    assert roles.lacking("reader", [MOUNT]) is None
    condition = {"elasticfilesystem:AccessPointArn": "arn:two"}
    roles.write("policy", document(MOUNT.action, MOUNT.resource, StringEquals=condition))
    assert roles.lacking("reader", [MOUNT]) == MOUNT


def test_a_condition_that_is_not_understood_grants_nothing(roles):
    roles.write("policy", document("*", "*", DateLessThan={"aws:CurrentTime": "2100-01-01T00:00:00Z"}))
    assert roles.lacking("reader", [OBJECT]) == OBJECT


def test_a_policy_that_is_taken_grants_nothing_more(roles):
    roles.write("policy", document("s3:*", "*"))
    assert roles.lacking("reader", [OBJECT]) is None
    roles.take("reader", "policy")
    assert roles.lacking("reader", [OBJECT]) == OBJECT


def test_callers_get_an_error_while_a_role_lacks_what_its_function_needs(api, invocations, register):  # noqa: F811
    function = register("echo", role="reader", needs=(OBJECT,))
    api.permissions.add("echo", "this", "arn:aws:execute-api:*:abc/*")
    path = urlsplit(api.gateway_url("echo")).path
    assert json.loads(post(api, path, FROM_GATEWAY)[2])["statusCode"] == 500
    log = invocations.logs(function.name).tail()
    assert log == f"The role reader is not authorized to perform: {OBJECT}, which version $LATEST needs"
    api.roles.give("reader", "policy")
    api.roles.write("policy", document(OBJECT.action, OBJECT.resource))
    assert json.loads(post(api, path, FROM_GATEWAY)[2])["event"] == FROM_GATEWAY
