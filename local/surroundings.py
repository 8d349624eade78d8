"""Surroundings: what settings name and a stack does not make, in the emulated account: a key, a topic, a network."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handlers.contract import SINGLE_MODEL_HANDLER
from local.resources.account import EmulatedAccount
from local.resources.docker import MANIFEST_TYPE
from local.resources.refusals.ecr import PULL

DIGEST = f"sha256:{'0a' * 32}"
"""Of the image that was built before: no image has this digest by chance."""

ZONES = ("a", "b", "c")
DOMAIN = "example.com"
LET_LAMBDA_PULL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": list(PULL)}],
}
CIDR = "10.77.0.0/24"
BUCKET = "trained-elsewhere"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Addresses of things that exist in the account."""

    key_arn: str
    bucket: str
    """Without an object, and as AWS makes one."""
    topic_arn: str
    image_uri: str
    """An image with models in it."""
    vpc_id: str
    subnet_ids: list[str]
    """Each in another zone, with a way to S3."""
    zones: list[str]
    """More than a stack takes by itself."""
    authorizer_arn: str
    web_acl_arn: str
    boundary_arn: str
    """A policy that bounds roles."""
    certificate_arn: str
    hosted_zone_id: str


def make_surroundings(account: EmulatedAccount, models: Path) -> Surroundings:
    """Make everything. `models`: a repository of packaged models for the image."""
    vpc_id, subnet_ids = _network(account)
    web_acls = {"Name": "switched", "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}}
    visibility = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "switched"}
    acl = account.client("wafv2").create_web_acl(**web_acls, VisibilityConfig=visibility)["Summary"]["ARN"]
    zone = account.client("route53").create_hosted_zone(Name=DOMAIN, CallerReference=account.unique("switched"))
    return Surroundings(
        key_arn=make_key(account),
        bucket=_bucket(account),
        topic_arn=account.client("sns").create_topic(Name="switched")["TopicArn"],
        image_uri=_image(account, models),
        vpc_id=vpc_id,
        subnet_ids=subnet_ids,
        zones=[f"{account.region}{zone}" for zone in ZONES],
        authorizer_arn=_authorizer(account),
        web_acl_arn=acl,
        boundary_arn=_boundary(account),
        certificate_arn=account.client("acm").request_certificate(DomainName=DOMAIN)["CertificateArn"],
        hosted_zone_id=zone["HostedZone"]["Id"].rpartition("/")[2],
    )


def make_key(account: EmulatedAccount) -> str:
    """The ARN of a key that roles may be granted, and that CloudWatch Logs may use."""
    of_account = {"AWS": f"arn:aws:iam::{account.account_id}:root"}
    of_logs = {"Service": f"logs.{account.region}.amazonaws.com"}
    statements = [
        {"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"}
        for principal, actions in (
            (of_account, ["kms:*"]),
            (of_logs, ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]),
        )
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return account.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]


def _network(account: EmulatedAccount) -> tuple[str, list[str]]:
    ec2 = account.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock=CIDR)["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    ec2.create_vpc_endpoint(
        VpcId=vpc_id, ServiceName=f"com.amazonaws.{account.region}.s3", RouteTableIds=[table], VpcEndpointType="Gateway"
    )
    subnet_ids: list[str] = []
    for number, zone in enumerate(ZONES[:2]):
        block = CIDR.replace("0/24", f"{number * 64}/26")
        made = ec2.create_subnet(VpcId=vpc_id, CidrBlock=block, AvailabilityZone=f"{account.region}{zone}")
        subnet_ids.append(made["Subnet"]["SubnetId"])
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet_ids[-1])
    return vpc_id, subnet_ids


def _bucket(account: EmulatedAccount) -> str:
    location: Any = {"LocationConstraint": account.region}
    account.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
    return BUCKET


def _boundary(account: EmulatedAccount) -> str:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    return account.client("iam").create_policy(PolicyName="boundary", PolicyDocument=document)["Policy"]["Arn"]


def _image(account: EmulatedAccount, models: Path) -> str:
    ecr = account.client("ecr")
    repository = ecr.create_repository(repositoryName="built-before")["repository"]["repositoryUri"]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": {"digest": DIGEST}, "layers": []}
    ecr.put_image(
        repositoryName="built-before",
        imageManifest=json.dumps(manifest),
        imageManifestMediaType=MANIFEST_TYPE,
        imageTag="1",
        imageDigest=DIGEST,
    )
    ecr.set_repository_policy(repositoryName="built-before", policyText=json.dumps(LET_LAMBDA_PULL))
    uri = f"{repository}@{DIGEST}"
    account.baked[uri] = models
    return uri


def _authorizer(account: EmulatedAccount) -> str:
    """A function that no worker runs: as an authorizer it fails, and API Gateway admits nobody."""
    trust: dict[str, Any] = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = account.client("iam").create_role(RoleName="admit", AssumeRolePolicyDocument=json.dumps(trust))
    made = account.client("lambda").create_function(
        FunctionName="admit",
        PackageType="Image",
        Code={"ImageUri": f"registry@{DIGEST}"},
        ImageConfig={"Command": [SINGLE_MODEL_HANDLER]},
        Role=role["Role"]["Arn"],
    )
    return made["FunctionArn"]
