"""What a change of inputs does, and what a preview can tell of it."""

import pytest

from local.resources.facts import facts_of
from local.resources.naming import DEFAULTS, NameTooLong, with_name
from local.resources.planning import foreseen, plan, wanted
from local.resources.provider import Named
from local.resources.values import UNKNOWN, Asset, same

FUNCTION = "aws:lambda/function:Function"
BUCKET = "aws:s3/bucket:Bucket"


def test_equal_inputs_are_no_change():
    inputs = {"name": "f", "memorySize": 128, DEFAULTS: []}
    assert not plan(facts_of(FUNCTION), inputs, {**inputs, DEFAULTS: ["name"]})


@pytest.mark.parametrize(
    ("pulumi_type", "key", "replaced"),
    [
        (FUNCTION, "memorySize", False),
        (FUNCTION, "packageType", True),
        ("aws:efs/fileSystem:FileSystem", "kmsKeyId", True),
        ("aws:efs/fileSystem:FileSystem", "throughputMode", False),
        ("aws:ecr/repository:Repository", "encryptionConfigurations", True),
        ("aws:wafv2/webAclAssociation:WebAclAssociation", "webAclArn", True),
        ("aws:apigatewayv2/route:Route", "routeKey", False),
        ("aws:s3/filesMountTarget:FilesMountTarget", "subnetId", True),
    ],
)
def test_a_changed_property_replaces_where_the_provider_says_so(pulumi_type, key, replaced):
    planned = plan(facts_of(pulumi_type), {key: "old"}, {key: "new"})
    assert planned.changes == {key: {key: "update"}}
    assert planned.replaces == (frozenset({key}) if replaced else frozenset())


def test_a_value_that_is_not_known_yet_counts_as_changed():
    assert plan(facts_of(BUCKET), {"bucket": "b"}, {"bucket": UNKNOWN}).replaces == {"bucket"}


def test_a_nested_change_is_named_by_its_path():
    old = {"environment": {"variables": {"A": "1", "B": "2", "C.D": "3"}}}
    new = {"environment": {"variables": {"A": "1", "B": "3", "C.D": "4", "E": "5"}}}
    [changes] = plan(facts_of(FUNCTION), old, new).changes.values()
    assert changes == {
        "environment.variables.B": "update",
        'environment.variables["C.D"]': "update",
        "environment.variables.E": "add",
    }


def test_removing_what_aws_keeps_is_no_change_and_the_update_keeps_it():
    facts = facts_of(FUNCTION)
    old = {"ephemeralStorage": {"size": 1024}, "memorySize": 128}
    assert not plan(facts, old, {"memorySize": 128})
    assert wanted(facts, old, {"memorySize": 256}) == {"ephemeralStorage": {"size": 1024}, "memorySize": 256}
    assert plan(facts, old, {"ephemeralStorage": {"size": 1024}}).changes.keys() == {"memorySize"}


def test_a_preview_does_not_know_the_version_that_an_update_publishes():
    facts = facts_of(FUNCTION)
    old = {"version": "1", "arn": "a", "memorySize": 128}
    changed = frozenset({"memorySize"})
    assert foreseen(facts, old, {"memorySize": 256, "publish": True}, changed)["version"] is UNKNOWN
    assert foreseen(facts, old, {"memorySize": 256}, changed)["version"] == "1"
    assert foreseen(facts, old, {"memorySize": 256, "publish": True}, changed)["arn"] == "a"


def test_a_chosen_name_is_deleted_before_a_replacement_takes_it_and_a_made_one_after():
    facts = facts_of("aws:cloudwatch/logGroup:LogGroup")
    old, new = {"name": "n", "logGroupClass": "STANDARD"}, {"name": "n", "logGroupClass": "INFREQUENT_ACCESS"}
    assert plan(facts, old, {**new, DEFAULTS: []}).deleted_first
    assert not plan(facts, old, {**new, DEFAULTS: ["name"]}).deleted_first
    assert not plan(facts, old, {**old, DEFAULTS: []}).deleted_first


def test_the_provider_deletes_a_lifecycle_policy_before_it_makes_another():
    facts = facts_of("aws:ecr/lifecyclePolicy:LifecyclePolicy")
    assert plan(facts, {"policy": "old"}, {"policy": "new"}).deleted_first


def test_a_made_name_follows_from_the_seed_and_stays():
    name = facts_of(FUNCTION).name
    first = with_name(name, "models", {}, None, b"seed")
    assert first["name"].startswith("models-")
    assert len(first["name"]) == len("models-") + 7
    assert first == with_name(name, "models", {}, None, b"seed")
    assert first != with_name(name, "models", {}, None, b"another")
    assert with_name(name, "models", {}, first, b"another") == first


def test_a_made_name_does_not_take_the_place_of_a_chosen_one_and_the_other_way_round():
    name = facts_of(FUNCTION).name
    made = with_name(name, "models", {}, None, b"seed")
    assert with_name(name, "models", {"name": "chosen"}, made)["name"] == "chosen"
    chosen = with_name(name, "models", {"name": "chosen"}, None)
    assert with_name(name, "models", {}, chosen, b"seed")["name"] == made["name"]


def test_a_made_name_begins_with_the_prefix_that_the_program_chose():
    name = facts_of("aws:cloudwatch/logGroup:LogGroup").name
    made = with_name(name, "logs", {"namePrefix": "/aws/lambda/f-"}, None)["name"]
    assert made.startswith("/aws/lambda/f-")


def test_a_name_that_exceeds_the_limit_is_refused_with_the_limit():
    with pytest.raises(NameTooLong, match=r"takes 64\. Choose a shorter name"):
        with_name(facts_of(FUNCTION).name, "m" * 60, {}, None)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ('{"a": 1, "b": [2]}', '{"b":[2],"a":1}'),
        (["subnet-a", "subnet-b"], ["subnet-b", "subnet-a"]),
        (None, ""),
        ({}, None),
        ({"a": [], "b": 1}, {"b": 1}),
        (Asset(text="x"), Asset(text="x", hash="2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")),
    ],
)
def test_what_aws_takes_for_one_is_the_same(left, right):
    assert same(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [('{"a": 1}', '{"a": 2}'), (["a", "b"], ["a"]), (False, None), (0, None), (Asset(text="x"), Asset(text="y"))],
)
def test_what_aws_takes_for_two_differs(left, right):
    assert not same(left, right)


def test_the_order_of_a_command_matters():
    assert not same({"commands": ["a", "b"]}, {"commands": ["b", "a"]})


def test_every_output_that_aws_adds_is_there_as_soon_as_the_resource_is(cloud, function, api, vpc, subnet, group, role):
    types = {
        FUNCTION: function,
        "aws:apigatewayv2/api:Api": api,
        "aws:ec2/vpc:Vpc": vpc,
        "aws:ec2/subnet:Subnet": subnet,
        "aws:ec2/securityGroup:SecurityGroup": group,
        "aws:iam/role:Role": role,
        BUCKET: cloud.create(BUCKET),
        "aws:sqs/queue:Queue": cloud.create("aws:sqs/queue:Queue"),
        "aws:efs/fileSystem:FileSystem": cloud.create("aws:efs/fileSystem:FileSystem"),
        "aws:ecr/repository:Repository": cloud.create("aws:ecr/repository:Repository"),
    }
    for pulumi_type, state in types.items():
        foreseen = cloud.provider.foresee_creation(Named(pulumi_type=pulumi_type, name="n"), {})
        assert foreseen.keys() <= state.outputs.keys(), pulumi_type


def test_an_import_reads_the_inputs_that_would_make_the_resource(cloud, account):
    vpc = account.client("ec2").create_vpc(CidrBlock="10.8.0.0/24")["Vpc"]["VpcId"]
    found = cloud.provider.read(Named(pulumi_type="aws:ec2/vpc:Vpc", name="imported"), vpc, {}, {})
    assert found is not None
    state, inputs = found
    assert state.outputs["arn"].endswith(vpc)
    assert inputs["cidrBlock"] == "10.8.0.0/24"
    assert "arn" not in inputs
    imported = {**inputs, "tags": {}}
    assert not cloud.provider.diff(Named(pulumi_type="aws:ec2/vpc:Vpc", name="imported"), inputs, imported)[0]
