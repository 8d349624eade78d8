"""Each invariant finds its breach and names the resource."""

import json
from typing import Any

import pytest

from policy.invariants import (
    INVARIANTS,
    STACK_INVARIANTS,
    WITHOUT_RESOURCE_LEVEL,
    Resource,
    breaches,
    stack_breaches,
)
from policy.invariants.documents import is_everything

FUNCTION = "aws:lambda/function:Function"
GRANT = "aws:iam/rolePolicy:RolePolicy"
PERMISSION = "aws:lambda/permission:Permission"
QUEUE = "aws:sqs/queue:Queue"
EFS_POLICY = "aws:efs/fileSystemPolicy:FileSystemPolicy"
FILES_POLICY = "aws:s3/filesFileSystemPolicy:FilesFileSystemPolicy"
REPOSITORY = "aws:ecr/repository:Repository"
STAGE = "aws:apigatewayv2/stage:Stage"
OF_ANOTHER_VPC = {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}
RULES = "arn:aws:events:eu-west-1:123456789012:rule/*"


def document(**statement: object) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:x", **statement}]})


BREACHES: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "buckets_block_public_access",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {"blockPublicAcls": True},
        "ignorePublicAcls must be true",
    ),
    (
        "buckets_refuse_plain_http",
        "aws:s3/bucketPolicy:BucketPolicy",
        {"policy": document(Principal={"AWS": "1"})},
        "must deny requests without TLS",
    ),
    (
        "buckets_are_versioned",
        "aws:s3/bucketVersioning:BucketVersioning",
        {"versioningConfiguration": {"status": "Suspended"}},
        "versioning must be Enabled, not Suspended",
    ),
    (
        "buckets_know_no_access_lists",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"rule": {"objectOwnership": "ObjectWriter"}},
        "objectOwnership must be BucketOwnerEnforced",
    ),
    ("buckets_know_no_access_lists", "aws:s3/bucketAcl:BucketAcl", {"acl": "private"}, "set no access list"),
    (
        "buckets_know_no_access_lists",
        "aws:s3/bucketObjectv2:BucketObjectv2",
        {"acl": "public-read"},
        "set no access list",
    ),
    ("data_is_encrypted", "aws:efs/fileSystem:FileSystem", {}, "a file system must be encrypted"),
    ("data_is_encrypted", REPOSITORY, {}, "a repository must be encrypted"),
    ("data_is_encrypted", QUEUE, {}, "a queue must be encrypted"),
    ("data_is_encrypted", QUEUE, {"sqsManagedSseEnabled": False}, "sqsManagedSseEnabled is false"),
    ("data_is_encrypted", "aws:sns/topic:Topic", {}, "a topic must be encrypted"),
    (
        "data_is_encrypted",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {"rules": [{}]},
        "a bucket must encrypt",
    ),
    ("file_systems_refuse_plain_traffic", EFS_POLICY, {"policy": document()}, "must deny clients without TLS"),
    (
        "file_systems_refuse_plain_traffic",
        EFS_POLICY,
        {
            "policy": document(
                Effect="Deny", Principal={"AWS": "1"}, Condition={"Bool": {"aws:SecureTransport": "false"}}
            )
        },
        "must deny clients without TLS",
    ),
    (
        "file_systems_are_reached_through_access_points",
        FILES_POLICY,
        {"policy": document()},
        "without an access point",
    ),
    (
        "file_clients_are_not_root",
        "aws:efs/accessPoint:AccessPoint",
        {"posixUser": {"uid": 0, "gid": 0}},
        "other than 0",
    ),
    ("file_clients_are_not_root", "aws:s3/filesAccessPoint:FilesAccessPoint", {}, "other than 0"),
    ("repositories_never_move_a_tag", REPOSITORY, {"imageTagMutability": "MUTABLE"}, "must be IMMUTABLE"),
    ("repositories_never_move_a_tag", REPOSITORY, {}, "images must be scanned on push"),
    (
        "resource_policies_name_their_principals",
        "aws:s3/bucketPolicy:BucketPolicy",
        {"policy": document(Principal="*")},
        "a statement allows everyone",
    ),
    (
        "resource_policies_name_their_principals",
        "aws:iam/role:Role",
        {"assumeRolePolicy": document(Action="sts:AssumeRole", Principal={"AWS": "*"})},
        "a statement allows everyone",
    ),
    ("services_call_for_one_resource", PERMISSION, {"principal": "apigateway.amazonaws.com"}, "must name sourceArn"),
    ("services_call_for_one_resource", PERMISSION, {"principal": "*", "sourceArn": "arn:x"}, "lets everyone invoke"),
    (
        "services_call_for_one_resource",
        PERMISSION,
        {"principal": "s3.amazonaws.com", "sourceArn": "arn:aws:s3:::models"},
        "must name sourceAccount",
    ),
    ("grants_are_narrow", GRANT, {"policy": document(Action="s3:*")}, "grants the wildcard action s3:*"),
    ("grants_are_narrow", GRANT, {"policy": document(Resource="*")}, "grants s3:GetObject on every resource (*)"),
    ("grants_are_narrow", GRANT, {"policy": document(Resource="arn:aws:s3:::*")}, "on every resource"),
    (
        "grants_are_narrow",
        GRANT,
        {"policy": document(Action=["events:ListRules", "events:PutRule"], Resource=RULES)},
        f"grants events:PutRule on every resource ({RULES})",
    ),
    ("grants_are_narrow", GRANT, {"policy": document(NotAction="iam:*")}, "allows by NotAction"),
    (
        "services_assume_roles_for_one_account",
        "aws:iam/role:Role",
        {"assumeRolePolicy": document(Action="sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})},
        "assumes the role for any account; compare aws:SourceAccount",
    ),
    (
        "keys_are_used_through_services",
        GRANT,
        {"policy": document(Action=["kms:Decrypt"], Condition={"StringEquals": {"kms:CallerAccount": "1"}})},
        "grants kms:Decrypt to the role's own requests; compare kms:ViaService",
    ),
    (
        "keys_are_used_for_what_is_named",
        GRANT,
        {
            "policy": document(
                Action=["kms:Decrypt"], Condition={"StringEquals": {"kms:ViaService": "s3.x.amazonaws.com"}}
            )
        },
        "grants a key for all data of s3; compare kms:EncryptionContext:…",
    ),
    (
        "network_interfaces_are_for_lambda",
        GRANT,
        {"policy": document(Action=["ec2:CreateNetworkInterface", "ec2:DescribeSubnets"], Resource="*")},
        "grants ec2:CreateNetworkInterface to the function's code",
    ),
    (
        "network_interfaces_are_for_lambda",
        GRANT,
        {
            "policy": json.dumps(
                {
                    "Statement": [
                        {"Effect": "Allow", "Action": ["ec2:CreateNetworkInterface"], "Resource": "*"},
                        {"Effect": "Deny", "Action": ["ec2:*"], "Resource": "*", "Condition": OF_ANOTHER_VPC},
                    ]
                }
            )
        },
        "grants ec2:CreateNetworkInterface to the function's code",
    ),
    (
        "roles_have_no_policy_of_aws",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"policyArn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"},
        "attach no managed policy of AWS",
    ),
    (
        "roles_have_no_policy_of_aws",
        "aws:iam/role:Role",
        {"managedPolicyArns": ["arn:x"]},
        "attach no managed policy of AWS",
    ),
    ("nobody_has_a_lasting_key", "aws:iam/accessKey:AccessKey", {}, "create no user and no access key"),
    (
        "functions_run_an_image_by_digest",
        FUNCTION,
        {"imageUri": "handlers:latest"},
        "must be repository@sha256:digest",
    ),
    (
        "functions_run_an_image_by_digest",
        FUNCTION,
        {"imageUri": "localhost:5000/handlers:1@sha256:" + "0" * 64},
        "must be repository@sha256:digest",
    ),
    (
        "functions_write_their_own_logs",
        FUNCTION,
        {"loggingConfig": {"logFormat": "Text"}},
        "must name a log group",
    ),
    (
        "functions_set_no_reserved_name",
        FUNCTION,
        {"environment": {"variables": {"AWS_REGION": "eu-west-1"}}},
        "Lambda sets AWS_REGION itself",
    ),
    (
        "functions_mount_inside_a_network",
        FUNCTION,
        {"fileSystemConfig": {"localMountPath": "/models"}},
        "must be /mnt/ and a name",
    ),
    (
        "functions_mount_inside_a_network",
        FUNCTION,
        {"fileSystemConfig": {"localMountPath": "/mnt/models"}},
        "must have subnets and security groups",
    ),
    *(
        (
            "snapshots_hold_what_lambda_can_restore",
            FUNCTION,
            {"snapStart": {"applyOn": "PublishedVersions"}, **inputs},
            said,
        )
        for inputs, said in (
            ({"publish": True, "fileSystemConfig": {"localMountPath": "/mnt/models"}}, "a mounted file system"),
            ({"publish": True, "ephemeralStorage": {"size": 1024}}, "does not go with 1024 MiB of /tmp"),
            ({}, "needs published versions"),
        )
    ),
    (
        "function_urls_lead_to_an_alias",
        "aws:lambda/functionUrl:FunctionUrl",
        {"authorizationType": "AWS_IAM"},
        "must name an alias",
    ),
    (
        "function_urls_lead_to_an_alias",
        "aws:lambda/functionUrl:FunctionUrl",
        {"qualifier": "live"},
        "must say authorizationType AWS_IAM or NONE",
    ),
    (
        "messages_fail_alone",
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        {"batchSize": 10},
        "functionResponseTypes must have ReportBatchItemFailures",
    ),
    (
        "failures_are_kept",
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        {"maximumRetryAttempts": 2},
        "onFailure must name a destination",
    ),
    (
        "logs_are_kept_for_a_time",
        "aws:cloudwatch/logGroup:LogGroup",
        {"retentionInDays": 0},
        "must have retentionInDays",
    ),
    ("tags_are_few", QUEUE, {"tags": {f"key{number}": "" for number in range(51)}}, "has 51 tags; AWS takes 50"),
    ("tags_are_not_amazons", QUEUE, {"tags": {"AWS:owner": "us"}}, "the tag AWS:owner is AWS's own"),
    (
        "networks_let_nobody_in",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {"cidrIpv4": "0.0.0.0/0"},
        "admits the internet",
    ),
    (
        "networks_let_nobody_in",
        "aws:ec2/securityGroup:SecurityGroup",
        {"ingress": [{"ipv6CidrBlocks": ["::/0"]}]},
        "admits the internet",
    ),
    (
        "networks_let_nothing_out",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        {"cidrIpv6": "::/0"},
        "lets everything out",
    ),
    (
        "networks_have_no_gateway_to_the_internet",
        "aws:ec2/natGateway:NatGateway",
        {},
        "leads to the internet",
    ),
    (
        "networks_have_no_gateway_to_the_internet",
        "aws:ec2/subnet:Subnet",
        {"mapPublicIpOnLaunch": True},
        "gives public addresses",
    ),
    (
        "endpoints_let_named_resources_through",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {"vpcEndpointType": "Gateway"},
        "must have a policy",
    ),
    (
        "endpoints_let_named_resources_through",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {"vpcEndpointType": "Gateway", "policy": document(Resource="*")},
        "name the bucket",
    ),
    (
        "endpoints_let_named_resources_through",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {"vpcEndpointType": "Interface"},
        "must have a policy",
    ),
    (
        "endpoints_let_named_resources_through",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcEndpointType": "Interface",
            "policy": document(Resource="*", Condition={"StringEquals": {"aws:PrincipalAccount": "1"}}),
        },
        "compare aws:PrincipalAccount and aws:ResourceAccount",
    ),
    ("apis_log_and_throttle", STAGE, {}, "a stage must have an access log"),
    ("apis_log_and_throttle", STAGE, {"accessLogSettings": {"format": "x"}}, "must have throttling limits"),
    ("apis_log_and_throttle", "aws:apigateway/stage:Stage", {}, "a stage must have an access log"),
    ("apis_log_and_throttle", "aws:apigateway/methodSettings:MethodSettings", {}, "must have throttling limits"),
    (
        "domains_speak_current_tls",
        "aws:apigateway/domainName:DomainName",
        {"securityPolicy": "TLS_1_0"},
        "must be TLS_1_2 or newer, not TLS_1_0",
    ),
    ("domains_speak_current_tls", "aws:apigatewayv2/domainName:DomainName", {}, "must be TLS_1_2 or newer"),
    ("domains_speak_current_tls", "aws:lb/listener:Listener", {"protocol": "HTTP"}, "must be TLS_1_2 or newer"),
    ("load_balancers_are_internal", "aws:lb/loadBalancer:LoadBalancer", {}, "has a public address; set internal"),
    (
        "browsers_send_no_credentials_to_everyone",
        "aws:lambda/functionUrl:FunctionUrl",
        {"cors": {"allowCredentials": True, "allowOrigins": ["*"]}},
        "does not go with the origin *",
    ),
    (
        "browsers_send_no_credentials_to_everyone",
        "aws:apigatewayv2/api:Api",
        {"corsConfiguration": {"allowCredentials": True, "allowOrigins": ["*"]}},
        "does not go with the origin *",
    ),
]


def made(type_: str, name: str, waits_for: tuple[str, ...] = (), **inputs: Any) -> Resource:
    """A resource of a made-up stack."""
    return Resource(type=type_, name=name, urn=name, inputs=inputs, dependencies=frozenset(waits_for))


MOUNTING: dict[str, Any] = {"fileSystemConfig": {"localMountPath": "/mnt/models"}}
STACK_BREACHES: dict[str, tuple[list[Resource], str]] = {
    "buckets_are_guarded": ([made("aws:s3/bucket:Bucket", "models")], "models: the bucket lacks versioning"),
    "file_systems_have_a_policy": (
        [made("aws:efs/fileSystem:FileSystem", "files")],
        "files: the file system lacks a policy",
    ),
    "functions_wait_for_their_mounts": (
        [
            made("aws:efs/fileSystem:FileSystem", "files"),
            made("aws:efs/accessPoint:AccessPoint", "point", waits_for=("files",)),
            made("aws:efs/mountTarget:MountTarget", "zone-a", waits_for=("files",)),
            made("aws:efs/mountTarget:MountTarget", "zone-b", waits_for=("files",)),
            made(FUNCTION, "digits", waits_for=("point", "zone-a"), **MOUNTING),
        ],
        "digits: the function must wait for the mount target zone-b",
    ),
    "functions_of_one_model_see_no_other": (
        [
            made("aws:efs/accessPoint:AccessPoint", "point"),
            made(FUNCTION, "sync", waits_for=("point",), imageConfig={"commands": ["handlers.model_sync.handler"]}),
            made(FUNCTION, "digits", waits_for=("point",), imageConfig={"commands": ["handlers.single_model.handler"]}),
        ],
        "digits: the function serves one model, but shares an access point with sync",
    ),
    "functions_wait_for_their_grants": (
        [
            made("aws:iam/role:Role", "role"),
            made(GRANT, "grants", waits_for=("role",)),
            made(FUNCTION, "digits", waits_for=("role",)),
        ],
        "digits: the function must wait for the grant grants",
    ),
    "queues_of_functions_keep_what_fails": (
        [
            made(QUEUE, "requests"),
            made("aws:lambda/eventSourceMapping:EventSourceMapping", "mapping", waits_for=("requests",)),
        ],
        "requests: the queue leads to a function, and must have a redrivePolicy",
    ),
    "preflights_run_no_function": (
        [
            made("aws:apigatewayv2/api:Api", "api", corsConfiguration={"allowOrigins": ["*"]}),
            made("aws:apigatewayv2/route:Route", "get", waits_for=("api",), routeKey="GET /v2"),
            made("aws:apigatewayv2/route:Route", "any", waits_for=("api",), routeKey="ANY /v2"),
        ],
        "any: takes preflight requests",
    ),
    "rest_apis_answer_preflights_themselves": (
        [
            made(
                "aws:apigateway/restApi:RestApi",
                "rest",
                body=json.dumps(
                    {
                        "paths": {
                            "/v1": {"options": {"x-amazon-apigateway-integration": {"type": "mock"}}},
                            "/v2": {"x-amazon-apigateway-any-method": {}},
                        }
                    }
                ),
            )
        ],
        "rest: /v2 leads preflight requests",
    ),
}


@pytest.mark.parametrize(("invariant", "type_", "inputs", "said"), BREACHES)
def test_a_breach_is_found_and_named(invariant: str, type_: str, inputs: dict[str, Any], said: str):
    (check,) = [each for each in INVARIANTS if each.__name__ == invariant]
    found = list(check(type_, "thing", inputs))
    assert any(said in breach and breach.startswith("thing: ") for breach in found), found
    assert set(found) <= set(breaches(type_, "thing", inputs))


@pytest.mark.parametrize("invariant", STACK_BREACHES)
def test_a_breach_between_resources_is_found_and_named(invariant: str):
    resources, said = STACK_BREACHES[invariant]
    (check,) = [each for each in STACK_INVARIANTS if each.__name__ == invariant]
    assert any(f"{resource.name}: {sentence}".startswith(said) for resource, sentence in check(resources))
    assert any(breach.startswith(said) for breach in stack_breaches(resources))


def test_every_invariant_has_a_breach_that_it_finds():
    assert {each.__name__ for each in INVARIANTS} == {invariant for invariant, *_ in BREACHES}
    assert {each.__name__ for each in STACK_INVARIANTS} == set(STACK_BREACHES)


@pytest.mark.parametrize("action", WITHOUT_RESOURCE_LEVEL)
def test_what_has_no_resource_level_may_be_granted_on_every_resource_for_a_reason(action: str):
    breached = breaches(GRANT, "thing", {"policy": document(Action=[action], Resource="*")})
    assert [each for each in breached if "on every resource" in each] == []
    assert len(WITHOUT_RESOURCE_LEVEL[action]) > 20


def test_a_denial_may_be_as_wide_as_it_likes():
    assert breaches(GRANT, "thing", {"policy": document(Effect="Deny", Action="*", Resource="*")}) == []


def test_a_function_that_waits_for_every_mount_target_passes():
    resources, _ = STACK_BREACHES["functions_wait_for_their_mounts"]
    patient = [
        *resources[:-1],
        made(FUNCTION, "digits", waits_for=("point", "zone-a", "zone-b"), **MOUNTING),
    ]
    assert not any("must wait" in breach for breach in stack_breaches(patient))


@pytest.mark.parametrize(
    ("resource", "everything"),
    [
        ("*", True),
        ("arn:aws:s3:::*", True),
        ("arn:aws:s3:::models/*", False),
        ("arn:aws:lambda:eu-west-1:123456789012:*", True),
        ("arn:aws:lambda:eu-west-1:123456789012:function:*", True),
        ("arn:aws:lambda:eu-west-1:123456789012:function:digits:*", False),
        (RULES, True),
        ("arn:aws:events:eu-west-1:123456789012:rule/DO-NOT-DELETE-S3-Files*", False),
        ("arn:aws:logs:eu-west-1:123456789012:log-group:digits:*", False),
    ],
)
def test_a_pattern_is_everything_when_it_leaves_no_name(resource: str, everything: bool):
    assert is_everything(resource) is everything
