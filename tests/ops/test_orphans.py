"""`python -m ops orphans`: the commands that remove what a stack lost."""

import inspect
import io
import json
import re
from collections.abc import Mapping, Sequence

import pulumi_aws
import pytest
from botocore.exceptions import ClientError

from components.stack import tags
from ops import __main__ as command
from ops import orphans
from ops.orphan_parts import PARTS, lost_parts
from tests.made_types import made_types

OF = "eu-west-1:123456789012"
APP = "app/inference/0a1b/2c3d"
BALANCER = f"arn:aws:elasticloadbalancing:{OF}:loadbalancer/app/inference/0a1b"

REMOVED: Mapping[str, tuple[str, str]] = {
    "aws:s3/bucket:Bucket": ("arn:aws:s3:::models-1a", "aws s3 rb s3://models-1a"),
    "aws:lambda/function:Function": (
        f"arn:aws:lambda:{OF}:function:inference",
        "aws lambda delete-function --function-name inference",
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": (
        f"arn:aws:lambda:{OF}:event-source-mapping:0a-1b",
        "aws lambda delete-event-source-mapping --uuid 0a-1b",
    ),
    "aws:lb/loadBalancer:LoadBalancer": (
        BALANCER,
        f"aws elbv2 delete-load-balancer --load-balancer-arn {BALANCER}",
    ),
    "aws:lb/listener:Listener": (
        f"arn:aws:elasticloadbalancing:{OF}:listener/{APP}",
        f"aws elbv2 delete-listener --listener-arn arn:aws:elasticloadbalancing:{OF}:listener/{APP}",
    ),
    "aws:lb/listenerRule:ListenerRule": (
        f"arn:aws:elasticloadbalancing:{OF}:listener-rule/{APP}/4e5f",
        f"aws elbv2 delete-rule --rule-arn arn:aws:elasticloadbalancing:{OF}:listener-rule/{APP}/4e5f",
    ),
    "aws:lb/targetGroup:TargetGroup": (
        f"arn:aws:elasticloadbalancing:{OF}:targetgroup/model-1a/0a1b",
        f"aws elbv2 delete-target-group --target-group-arn arn:aws:elasticloadbalancing:{OF}:targetgroup/model-1a/0a1b",
    ),
    "aws:sqs/queue:Queue": (
        f"arn:aws:sqs:{OF}:dead",
        "aws sqs delete-queue --queue-url https://sqs.eu-west-1.amazonaws.com/123456789012/dead",
    ),
    "aws:ecr/repository:Repository": (
        f"arn:aws:ecr:{OF}:repository/handlers",
        "aws ecr delete-repository --force --repository-name handlers",
    ),
    "aws:efs/fileSystem:FileSystem": (
        f"arn:aws:elasticfilesystem:{OF}:file-system/fs-0a",
        "aws efs delete-file-system --file-system-id fs-0a",
    ),
    "aws:efs/accessPoint:AccessPoint": (
        f"arn:aws:elasticfilesystem:{OF}:access-point/fsap-0a",
        "aws efs delete-access-point --access-point-id fsap-0a",
    ),
    "aws:s3/filesFileSystem:FilesFileSystem": (
        f"arn:aws:s3files:{OF}:file-system/fs-0b",
        "aws s3files delete-file-system --file-system-id fs-0b",
    ),
    "aws:s3/filesAccessPoint:FilesAccessPoint": (
        f"arn:aws:s3files:{OF}:file-system/fs-0b/access-point/fsap-0b",
        "aws s3files delete-access-point --access-point-id fsap-0b",
    ),
    "aws:ec2/vpc:Vpc": (f"arn:aws:ec2:{OF}:vpc/vpc-0a", "aws ec2 delete-vpc --vpc-id vpc-0a"),
    "aws:ec2/subnet:Subnet": (f"arn:aws:ec2:{OF}:subnet/subnet-0a", "aws ec2 delete-subnet --subnet-id subnet-0a"),
    "aws:ec2/routeTable:RouteTable": (
        f"arn:aws:ec2:{OF}:route-table/rtb-0a",
        "aws ec2 delete-route-table --route-table-id rtb-0a",
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        f"arn:aws:ec2:{OF}:vpc-endpoint/vpce-0a",
        "aws ec2 delete-vpc-endpoints --vpc-endpoint-ids vpce-0a",
    ),
    "aws:ec2/securityGroup:SecurityGroup": (
        f"arn:aws:ec2:{OF}:security-group/sg-0a",
        "aws ec2 delete-security-group --group-id sg-0a",
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (
        f"arn:aws:ec2:{OF}:security-group-rule/sgr-in",
        "aws ec2 revoke-security-group-ingress --group-id sg-0a --security-group-rule-ids sgr-in",
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": (
        f"arn:aws:ec2:{OF}:security-group-rule/sgr-out",
        "aws ec2 revoke-security-group-egress --group-id sg-0a --security-group-rule-ids sgr-out",
    ),
    "aws:cloudwatch/logGroup:LogGroup": (
        f"arn:aws:logs:{OF}:log-group:/aws/lambda/inference-1a",
        "aws logs delete-log-group --log-group-name /aws/lambda/inference-1a",
    ),
    "aws:cloudwatch/eventRule:EventRule": (f"arn:aws:events:{OF}:rule/hourly", "aws events delete-rule --name hourly"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        f"arn:aws:cloudwatch:{OF}:alarm:errors",
        "aws cloudwatch delete-alarms --alarm-names errors",
    ),
    "aws:codedeploy/application:Application": (
        f"arn:aws:codedeploy:{OF}:application:delivery",
        "aws deploy delete-application --application-name delivery",
    ),
    "aws:codedeploy/deploymentGroup:DeploymentGroup": (
        f"arn:aws:codedeploy:{OF}:deploymentgroup:delivery/inference",
        "aws deploy delete-deployment-group --application-name delivery --deployment-group-name inference",
    ),
    "aws:apigatewayv2/api:Api": ("arn:aws:apigateway:eu-west-1::/apis/abc", "aws apigatewayv2 delete-api --api-id abc"),
    "aws:apigatewayv2/stage:Stage": (
        "arn:aws:apigateway:eu-west-1::/apis/abc/stages/$default",
        "aws apigatewayv2 delete-stage --api-id abc --stage-name '$default'",
    ),
    "aws:apigatewayv2/domainName:DomainName": (
        "arn:aws:apigateway:eu-west-1::/domainnames/models.example.com",
        "aws apigatewayv2 delete-domain-name --domain-name models.example.com",
    ),
    "aws:apigateway/restApi:RestApi": (
        "arn:aws:apigateway:eu-west-1::/restapis/def",
        "aws apigateway delete-rest-api --rest-api-id def",
    ),
    "aws:apigateway/stage:Stage": (
        "arn:aws:apigateway:eu-west-1::/restapis/def/stages/live",
        "aws apigateway delete-stage --rest-api-id def --stage-name live",
    ),
    "aws:apigateway/apiKey:ApiKey": (
        "arn:aws:apigateway:eu-west-1::/apikeys/0a",
        "aws apigateway delete-api-key --api-key 0a",
    ),
    "aws:apigateway/usagePlan:UsagePlan": (
        "arn:aws:apigateway:eu-west-1::/usageplans/0b",
        "aws apigateway delete-usage-plan --usage-plan-id 0b",
    ),
    "aws:iam/policy:Policy": (
        "arn:aws:iam::123456789012:policy/grants",
        "aws iam delete-policy --policy-arn arn:aws:iam::123456789012:policy/grants",
    ),
}
"""By a type that takes tags: an ARN, and the command that removes what it names."""

ARNS = dict(REMOVED.values())

UNLISTED: Mapping[str, str] = {
    "aws:iam/role:Role": "the tagging API does not find roles, which are asked for by themselves",
    "aws:appautoscaling/target:Target": "goes with its function",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "goes with its VPC",
    "aws:s3/bucketObjectv2:BucketObjectv2": "has no tags",
}
"""Types that take tags and need no command here, each with the reason."""


class Page:
    def __init__(self, answer: dict[str, object]) -> None:
        self.answer = answer

    def paginate(self, **_: object) -> list[dict[str, object]]:
        return [self.answer]


class Aws:
    """An account in which these things have the tag of the stack, and no roles are."""

    mount_targets: Sequence[Mapping[str, str]] = ()

    def get_paginator(self, operation: str) -> Page:
        listed = [{"ResourceARN": arn} for arn in ARNS]
        return Page({"ResourceTagMappingList": listed} if operation == "get_resources" else {"Roles": []})

    def can_paginate(self, operation: str) -> bool:
        return operation in ("get_resources", "list_roles")

    def describe_security_group_rules(self, **asked: list[dict[str, list[str]]]) -> dict[str, object]:
        [rule] = asked["Filters"][0]["Values"]
        return {"SecurityGroupRules": [{"GroupId": "sg-0a", "IsEgress": rule == "sgr-out"}]}

    def describe_mount_targets(self, **asked: str) -> dict[str, object]:
        return {"MountTargets": self.mount_targets}

    def list_mount_targets(self, **asked: str) -> dict[str, object]:
        return {"mountTargets": []}

    def describe_route_tables(self, **asked: list[str]) -> dict[str, object]:
        return {"RouteTables": [{"Associations": [{"Main": True, "RouteTableAssociationId": "rtbassoc-0a"}]}]}


def state(*resources: Mapping[str, object]) -> dict[str, object]:
    root = {"urn": "urn:pulumi:dev::tensorflow-lambda::pulumi:pulumi:Stack::tensorflow-lambda-dev"}
    return {"version": 3, "deployment": {"resources": [root, *resources]}}


def test_the_program_tags_what_the_command_looks_for():
    assert orphans.STACK_TAG == tags.STACK_TAG


def test_every_type_that_takes_tags_has_a_command():
    taking = {type_ for type_ in made_types() if _takes_tags(type_)}
    assert taking == REMOVED.keys() | UNLISTED.keys()


WRITTEN_OVER = frozenset(
    {
        *("aws:apigateway/deployment:Deployment", "aws:apigateway/methodSettings:MethodSettings"),
        *("aws:appautoscaling/policy:Policy", "aws:appautoscaling/scheduledAction:ScheduledAction"),
        *("aws:cloudwatch/dashboard:Dashboard", "aws:cloudwatch/eventTarget:EventTarget"),
        *("aws:ecr/lifecyclePolicy:LifecyclePolicy", "aws:ecr/repositoryPolicy:RepositoryPolicy"),
        *("aws:efs/fileSystemPolicy:FileSystemPolicy", "aws:s3/filesFileSystemPolicy:FilesFileSystemPolicy"),
        *("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:wafv2/webAclAssociation:WebAclAssociation"),
        *("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", "aws:lambda/invocation:Invocation"),
        *("aws:lambda/permission:Permission", "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"),
        *("aws:lb/targetGroupAttachment:TargetGroupAttachment", "aws:s3/bucketNotification:BucketNotification"),
        *("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "aws:s3/bucketPolicy:BucketPolicy"),
        *("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "aws:s3/bucketVersioning:BucketVersioning"),
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    }
)
"""Types without tags of which AWS takes a second one for the first, or keeps both, which goes with the whole."""

EXPLAINED = frozenset({"aws:route53/record:Record"})
"""Types without tags in what is not the stack's. A refusal says what to do."""


def test_a_type_that_takes_no_tags_is_listed_as_a_part_or_written_over_or_explained():
    taking = {type_ for type_ in made_types() if _takes_tags(type_)}
    parts = {part for listed in PARTS.values() for part in listed}
    aws = {type_ for type_ in made_types() if type_.startswith("aws:")}
    assert aws - taking == parts | WRITTEN_OVER | EXPLAINED


def _takes_tags(type_: str) -> bool:
    provider, module, _, name = re.split(r"[:/]", type_)
    if provider != "aws":
        return False
    made = getattr(getattr(pulumi_aws, {"lambda": "lambda_"}.get(module, module)), name)
    return "tags" in inspect.signature(made._internal_init).parameters


def test_everything_that_is_in_no_state_is_listed_with_its_command():
    found = orphans.orphans(state(), lambda service: Aws())
    assert {orphan.arn: [*orphan.commands] for orphan in found} == {arn: [text] for arn, text in ARNS.items()}
    assert "\n  aws ec2 delete-subnet --subnet-id subnet-0a\n" in orphans.as_text(found)


def test_the_mount_targets_of_a_file_system_go_before_it():
    class Mounted(Aws):
        mount_targets = ({"MountTargetId": "fsmt-0a"},)

    found = {orphan.arn: orphan.commands for orphan in orphans.orphans(state(), lambda service: Mounted())}
    assert found[f"arn:aws:elasticfilesystem:{OF}:file-system/fs-0a"] == [
        "aws efs delete-mount-target --mount-target-id fsmt-0a",
        "aws efs delete-file-system --file-system-id fs-0a",
    ]


def test_what_the_state_has_by_its_arn_or_its_id_is_owned():
    owned = [{"id": arn.rpartition("/")[2], "outputs": {"arn": arn}} for arn in ARNS]
    by_id = [{"id": "subnet-0a"}, {"id": "abc"}]
    assert orphans.orphans(state(*owned), lambda service: Aws()) == []
    found = {orphan.arn for orphan in orphans.orphans(state(*by_id), lambda service: Aws())}
    assert (
        not {"arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-0a", "arn:aws:apigateway:eu-west-1::/apis/abc"} & found
    )


class Refusing:
    """A client whose every call is refused."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __getattr__(self, operation: str) -> object:
        raise ClientError({"Error": {"Code": self._code, "Message": "no"}}, operation)


ROLE = {"type": "aws:iam/role:Role", "id": "reader", "custom": True}


@pytest.mark.parametrize("code", ["NoSuchEntity", "FileSystemNotFound", "InvalidRouteTableID.NotFound"])
def test_what_was_deleted_by_hand_has_no_parts(code: str):
    assert list(lost_parts(state(ROLE), lambda service: Refusing(code))) == []


def test_parts_that_may_not_be_listed_are_no_empty_list():
    with pytest.raises(ClientError, match="AccessDenied"):
        list(lost_parts(state(ROLE), lambda service: Refusing("AccessDenied")))


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"deployment": {"resources": []}})])
def test_what_is_no_state_is_refused_with_what_to_do(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert command.main(["orphans", "--region", "eu-west-1"]) == 2
    assert "pipe in what `pulumi stack export` prints" in capsys.readouterr().err
