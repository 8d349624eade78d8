"""Each invariant finds the breach that it is there for, and names the resource."""

import json

import pytest

from policy.invariants import breaches


def document(**statement: object) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:x", **statement}]})


@pytest.mark.parametrize(
    ("type_", "inputs", "said"),
    [
        (
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            {"blockPublicAcls": True},
            "ignorePublicAcls must be",
        ),
        (
            "aws:s3/bucketPolicy:BucketPolicy",
            {"policy": document(Principal={"AWS": "1"})},
            "must deny requests without",
        ),
        ("aws:s3/bucketPolicy:BucketPolicy", {"policy": document(Principal="*")}, "a statement allows everyone"),
        ("aws:lambda/permission:Permission", {"principal": "apigateway.amazonaws.com"}, "must name sourceArn"),
        ("aws:iam/rolePolicy:RolePolicy", {"policy": document(Action="s3:*")}, "grants the wildcard action s3:*"),
        ("aws:iam/rolePolicy:RolePolicy", {"policy": document(Resource="*")}, "grants s3:GetObject on every resource"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {}, "attach no managed policy"),
        ("aws:efs/fileSystem:FileSystem", {}, "a file system must be encrypted"),
        ("aws:ecr/repository:Repository", {"imageTagMutability": "MUTABLE"}, "imageTagMutability must be IMMUTABLE"),
        ("aws:ecr/repository:Repository", {}, "images must be scanned on push"),
        ("aws:ecr/repository:Repository", {}, "a repository must be encrypted"),
        ("aws:sqs/queue:Queue", {}, "a queue must be encrypted"),
        ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 0}, "must have retentionInDays"),
        ("aws:lambda/function:Function", {"imageUri": "handlers:latest"}, "must be repository@sha256:digest"),
        ("aws:lambda/function:Function", {"loggingConfig": {"logFormat": "Text"}}, "must name a log group"),
        ("aws:apigatewayv2/stage:Stage", {}, "a stage must have an access log"),
        ("aws:apigatewayv2/stage:Stage", {"accessLogSettings": {}}, "a stage must have throttling limits"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", {"cidrIpv4": "0.0.0.0/0"}, "admits the internet"),
        ("aws:ec2/securityGroup:SecurityGroup", {"ingress": [{"ipv6CidrBlocks": ["::/0"]}]}, "admits the internet"),
    ],
)
def test_a_breach_is_found_and_named(type_: str, inputs: dict[str, object], said: str):
    found = breaches(type_, "thing", inputs)
    assert any(said in breach and breach.startswith("thing: ") for breach in found), found


def test_what_has_no_resource_level_may_be_granted_on_every_resource():
    policy = document(Action=["ec2:DescribeNetworkInterfaces"], Resource="*")
    assert breaches("aws:iam/rolePolicy:RolePolicy", "thing", {"policy": policy}) == []


def test_a_denial_may_be_as_wide_as_it_likes():
    policy = document(Effect="Deny", Action="*", Resource="*")
    assert breaches("aws:iam/rolePolicy:RolePolicy", "thing", {"policy": policy}) == []
