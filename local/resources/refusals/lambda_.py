"""Lambda's rules: what a function may be given, and what aliases and provisioned concurrency need."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from local.resources.account import EmulatedAccount
from local.resources.refusals import ecr, files, refused
from local.resources.resource_type import says_gone
from local.role_permissions import Need

ENVIRONMENT_BYTES = 4096
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

READING = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
"""What Lambda does to a queue as a function's role."""

INVALID = "InvalidParameterValueException"


def of_function(account: EmulatedAccount, operation: str, inputs: Mapping[str, Any]) -> None:
    """A function's image, role, environment, network and file system."""
    of_role(account, operation, inputs["role"])
    ecr.of_pull(account, operation, inputs["imageUri"])
    variables = inputs.get("environment", {}).get("variables", {})
    measured = json.dumps(variables, separators=(",", ":"))
    if variables and len(measured.encode()) > ENVIRONMENT_BYTES:
        message = (
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {measured}"
        )
        raise refused(operation, INVALID, message)
    network = inputs.get("vpcConfig") or {}
    subnets, groups = network.get("subnetIds") or [], network.get("securityGroupIds") or []
    _of_network(account, operation, subnets, groups)
    if mount := inputs.get("fileSystemConfig"):
        of_mount(account, operation, mount["arn"], subnets)


def of_role(account: EmulatedAccount, operation: str, arn: str) -> None:
    """A role that Lambda may assume."""
    try:
        role = account.client("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]
    except ClientError as error:
        if not says_gone(error):
            raise
        role = {"AssumeRolePolicyDocument": {}}
    if "lambda.amazonaws.com" not in json.dumps(role["AssumeRolePolicyDocument"]):
        raise refused(operation, INVALID, "The role defined for the function cannot be assumed by Lambda.")


def of_mount(account: EmulatedAccount, operation: str, access_point: str, subnets: Sequence[str]) -> None:
    """A mounted file system needs a VPC, and EFS a mount target in each zone in which the function runs."""
    if not subnets:
        message = f"Function must be configured to execute in a VPC to reference access point {access_point}"
        raise refused(operation, INVALID, message)
    if ":elasticfilesystem:" not in access_point:
        return
    efs = account.client("efs")
    [point] = efs.describe_access_points(AccessPointId=access_point.rpartition("/")[2])["AccessPoints"]
    targets = efs.describe_mount_targets(FileSystemId=point["FileSystemId"])["MountTargets"]
    served = {target["AvailabilityZoneName"] for target in targets}
    if {files.zone_of(account, subnet) for subnet in subnets} - served:
        message = (
            f"EFS file system {point['FileSystemId']} does not have mount targets created in all availability zones "
            "the function will execute in. Please create EFS mount targets for each availability zone your function "
            "will run in."
        )
        raise refused(operation, INVALID, message)


def of_invocation(account: EmulatedAccount, name: str) -> None:
    """A function that was idle for weeks is brought back by the first call, which fails. A file system can be mounted
    when the names of its mount targets resolve."""
    if name in account.inactive:
        account.inactive.discard(name)
        message = (
            "The operation cannot be performed at this time. The function is currently in the following state: Inactive"
        )
        raise refused("Invoke", "ResourceConflictException", message)
    configuration = account.client("lambda").get_function_configuration(FunctionName=name)
    for mount in configuration.get("FileSystemConfigs", ()):
        if not account.file_systems.resolves(mount["Arn"]):
            message = f"The function couldn't connect to the Amazon EFS file system with access point {mount['Arn']}."
            raise refused("Invoke", "EFSMountConnectivityException", message)


def of_alias(account: EmulatedAccount, operation: str, inputs: Mapping[str, Any]) -> None:
    """An alias stands for a version that there is, and splits no traffic where environments are kept ready for it."""
    function, version = inputs["functionName"], inputs["functionVersion"]
    _of_version(account, operation, function, version)
    weights = (inputs.get("routingConfig") or {}).get("additionalVersionWeights") or {}
    for other in weights:
        _of_version(account, operation, function, other)
    if weights and _provisioned(account, function, inputs["name"]):
        message = "Alias with weights can not be used with Provisioned Concurrency"
        raise refused(operation, INVALID, message)


def of_event_source(account: EmulatedAccount, operation: str, queue: str, function: str) -> None:
    """A function's role may read the queue, and a message stays hidden at least as long as the function may take."""
    name = function.split(":function:")[-1].partition(":")[0]
    role = account.client("lambda").get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
    needs = [Need(action=f"sqs:{action}", resource=queue) for action in READING]
    if (lacking := account.invoke_api.roles.lacking(role, needs)) is not None:
        message = (
            "The provided execution role does not have permissions to call "
            f"{lacking.action.removeprefix('sqs:')} on SQS"
        )
        raise refused(operation, INVALID, message)
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    hidden, timeout = int(found["VisibilityTimeout"]), account.invocations.function(name).timeout_seconds
    if hidden < timeout:
        message = f"Queue visibility timeout: {hidden} seconds is less than Function timeout: {timeout:.0f} seconds"
        raise refused(operation, INVALID, message)


def of_provisioned_concurrency(account: EmulatedAccount, inputs: Mapping[str, Any]) -> None:
    """Environments are kept ready for a published version, or an alias of one, within the reserved concurrency."""
    operation, function = "PutProvisionedConcurrencyConfig", inputs["functionName"]
    qualifier, wanted = inputs["qualifier"], inputs["provisionedConcurrentExecutions"]
    if qualifier == "$LATEST":
        message = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        raise refused(operation, INVALID, message)
    if not qualifier.isdigit():
        alias = account.client("lambda").get_alias(FunctionName=function, Name=qualifier)
        if alias.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
            message = "Alias with weights can not be used with Provisioned Concurrency"
            raise refused(operation, INVALID, message)
    reserved = account.invocations.function(function).reserved_concurrency
    if reserved is not None and wanted > reserved:
        message = (
            "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
        )
        raise refused(operation, INVALID, message)


def _of_network(account: EmulatedAccount, operation: str, subnets: Sequence[str], groups: Sequence[str]) -> None:
    try:
        if subnets:
            account.client("ec2").describe_subnets(SubnetIds=list(subnets))
        if groups:
            account.client("ec2").describe_security_groups(GroupIds=list(groups))
    except ClientError as error:
        reason = error.response.get("Error", {})
        message = f"{reason.get('Message')} (Service: Ec2, Status Code: 400, Error Code: {reason.get('Code')})"
        raise refused(operation, INVALID, message) from None


def _of_version(account: EmulatedAccount, operation: str, function: str, version: str) -> None:
    pages = account.client("lambda").get_paginator("list_versions_by_function").paginate(FunctionName=function)
    if version not in {each["Version"] for page in pages for each in page["Versions"]}:
        arn = f"arn:aws:lambda:{account.region}:{account.account_id}:function:{function}:{version}"
        raise refused(operation, "ResourceNotFoundException", f"Function not found: {arn}")


def _provisioned(account: EmulatedAccount, function: str, alias: str) -> bool:
    try:
        account.client("lambda").get_provisioned_concurrency_config(FunctionName=function, Qualifier=alias)
    except ClientError as error:
        if says_gone(error):
            return False
        raise
    return True
