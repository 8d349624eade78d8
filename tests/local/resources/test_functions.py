"""What Lambda and its scaling refuse, and which version an alias meets while a function is updated."""

import json

from botocore.exceptions import ClientError

from tests.handlers.threads import run_at_once

FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
PERMISSION = "aws:lambda/permission:Permission"
INVOCATION = "aws:lambda/invocation:Invocation"
GREETING = {"variables": {"GREETING": "hello"}}
CALL = json.dumps({"rawPath": "/", "version": "2.0"})
READY = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
PERMIT = {"action": "lambda:InvokeFunction", "principal": "apigateway.amazonaws.com"}


def test_a_functions_name_exists_once(cloud, function, function_inputs, refused):
    with refused("ResourceConflictException", f"Function already exist: {function.id}"):
        cloud.create(FUNCTION, name=function.id, **function_inputs)


def test_a_function_needs_a_role_that_lambda_may_assume(cloud, function_inputs, refused):
    for trust in ('{"Statement": []}', '{"Statement": [{"Principal": {"Service": "ec2.amazonaws.com"}}]}'):
        other = cloud.create("aws:iam/role:Role", assumeRolePolicy=trust)
        with refused("InvalidParameterValueException", "cannot be assumed by Lambda"):
            cloud.create(FUNCTION, **{**function_inputs, "role": other.outputs["arn"]})


def test_a_functions_environment_has_a_limit(cloud, function_inputs, refused):
    with refused("InvalidParameterValueException", "exceeded the 4KB limit"):
        cloud.create(FUNCTION, **function_inputs, environment={"variables": {"MODELS": "x" * 4096}})


def test_a_function_needs_the_network_that_it_names(cloud, function_inputs, refused):
    nowhere = {"subnetIds": ["subnet-0123456789abcdef0"], "securityGroupIds": []}
    with refused("InvalidParameterValueException", "InvalidSubnetID.NotFound"):
        cloud.create(FUNCTION, **function_inputs, vpcConfig=nowhere)


def test_an_alias_stands_for_a_version_that_there_is(cloud, function, refused):
    with refused("ResourceNotFoundException", f"Function not found: .*{function.id}:9"):
        cloud.create(ALIAS, functionName=function.id, name="live", functionVersion="9")
    alias = cloud.create(ALIAS, functionName=function.id, name="live", functionVersion="1")
    with refused("ResourceNotFoundException"):
        cloud.update(ALIAS, alias, functionName=function.id, name="live", functionVersion="2")
    with refused("ResourceConflictException", "Alias already exists"):
        cloud.create(ALIAS, functionName=function.id, name="live", functionVersion="1")


def test_a_permissions_statement_exists_once_on_a_function(cloud, function, refused):
    cloud.create(PERMISSION, function=function.id, statementId="gateway", **PERMIT)
    with refused("ResourceConflictException", r"The statement id \(gateway\) provided already exists"):
        cloud.create(PERMISSION, function=function.id, statementId="gateway", **PERMIT)
    with refused("ResourceNotFoundException"):
        cloud.create(PERMISSION, function=function.id, qualifier="nowhere", **PERMIT)


def test_environments_are_kept_ready_for_a_published_version_within_what_is_reserved(cloud, function_inputs, refused):
    function = cloud.create(FUNCTION, **function_inputs, reservedConcurrentExecutions=2)
    alias = {"functionName": function.id, "name": "live", "functionVersion": "1"}
    made = cloud.create(ALIAS, **alias)
    with refused("InvalidParameterValueException", "unpublished function versions"):
        cloud.create(READY, functionName=function.id, qualifier="$LATEST", provisionedConcurrentExecutions=1)
    with refused("InvalidParameterValueException", "should not be greater than the reservedConcurrentExecution"):
        cloud.create(READY, functionName=function.id, qualifier="live", provisionedConcurrentExecutions=3)
    cloud.create(READY, functionName=function.id, qualifier="live", provisionedConcurrentExecutions=2)
    with refused("InvalidParameterValueException", "Alias with weights can not be used"):
        cloud.update(ALIAS, made, **alias, routingConfig={"additionalVersionWeights": {"1": 0.5}})


def test_scaling_needs_its_target(cloud, refused):
    target = {
        "serviceNamespace": "lambda",
        "resourceId": "function:f:live",
        "scalableDimension": "lambda:function:ProvisionedConcurrency",
    }
    with refused("ObjectNotFoundException", "No scalable target registered"):
        cloud.create("aws:appautoscaling/policy:Policy", **target, policyType="TargetTrackingScaling")
    with refused("ValidationException"):
        cloud.create("aws:appautoscaling/target:Target", **target, minCapacity=2, maxCapacity=1)
    made = cloud.create("aws:appautoscaling/target:Target", **target, minCapacity=1, maxCapacity=2)
    policy = cloud.create("aws:appautoscaling/policy:Policy", **target, policyType="TargetTrackingScaling")
    cloud.delete("aws:appautoscaling/target:Target", made)
    assert cloud.read("aws:appautoscaling/policy:Policy", policy) is None


def test_one_change_of_a_scaled_target_at_a_time(cloud):
    target = {"serviceNamespace": "lambda", "resourceId": "function:f:live", "scalableDimension": "lambda:d"}
    cloud.create("aws:appautoscaling/target:Target", **target, minCapacity=1, maxCapacity=2)
    failures: list[Exception] = []

    def schedule() -> None:
        try:
            cloud.create("aws:appautoscaling/scheduledAction:ScheduledAction", **target, schedule="rate(1 day)")
        except ClientError as error:
            failures.append(error)

    run_at_once([schedule, schedule])
    assert ["ConcurrentUpdateException" in str(each) for each in failures] == [True]


def test_the_first_call_of_a_function_that_was_idle_for_weeks_fails(cloud, account, function_inputs, refused):
    function = cloud.create(FUNCTION, **function_inputs, environment=GREETING)
    account.inactive.add(function.id)
    with refused("ResourceConflictException", "in the following state: Inactive"):
        cloud.create(INVOCATION, functionName=function.id, input=CALL)
    cloud.create(INVOCATION, functionName=function.id, input=CALL)


def test_a_file_system_is_not_mounted_before_the_name_of_its_mount_target_resolves(
    cloud, account, subnet, group, function_inputs, refused
):
    account.file_systems.name_seconds = 3600
    file_system = cloud.create("aws:efs/fileSystem:FileSystem")
    cloud.create(
        "aws:efs/mountTarget:MountTarget",
        fileSystemId=file_system.id,
        subnetId=subnet.id,
        securityGroups=[group.id],
    )
    point = cloud.create("aws:efs/accessPoint:AccessPoint", fileSystemId=file_system.id)
    function = cloud.create(
        FUNCTION,
        **function_inputs,
        environment=GREETING,
        vpcConfig={"subnetIds": [subnet.id], "securityGroupIds": [group.id]},
        fileSystemConfig={"arn": point.outputs["arn"], "localMountPath": "/mnt/models"},
    )
    with refused("EFSMountConnectivityException"):
        cloud.create(INVOCATION, functionName=function.id, input=CALL)
    account.file_systems.name_seconds = 0
    account.file_systems.name(file_system.id)
    cloud.create(INVOCATION, functionName=function.id, input=CALL)


def test_a_delivery_needs_its_application(cloud, refused):
    group = {"appName": "shift", "deploymentGroupName": "f", "serviceRoleArn": "arn:aws:iam::0:role/r"}
    with refused("ApplicationDoesNotExistException"):
        cloud.create("aws:codedeploy/deploymentGroup:DeploymentGroup", **group)
    cloud.create("aws:codedeploy/application:Application", name="shift")
    with refused("ApplicationAlreadyExistsException"):
        cloud.create("aws:codedeploy/application:Application", name="shift")
    cloud.create("aws:codedeploy/deploymentGroup:DeploymentGroup", **group)
    with refused("DeploymentGroupAlreadyExistsException"):
        cloud.create("aws:codedeploy/deploymentGroup:DeploymentGroup", **group)


def greeting(account, function: str, qualifier: str) -> str:
    answer = account.client("lambda").invoke(
        FunctionName=function, Qualifier=qualifier, Payload=json.dumps({"rawPath": "/", "version": "2.0"})
    )
    return json.loads(json.load(answer["Payload"])["body"])["greeting"]


def test_an_alias_meets_its_version_until_it_moves_on(cloud, account, function_inputs):
    environment = {"variables": {"GREETING": "one"}}
    function = cloud.create(FUNCTION, **function_inputs, environment=environment)
    alias = {"functionName": function.id, "name": "live"}
    live = cloud.create(ALIAS, **alias, functionVersion=function.outputs["version"])
    updated = cloud.update(FUNCTION, function, **function_inputs, environment={"variables": {"GREETING": "two"}})
    assert updated.outputs["version"] == "2"
    assert greeting(account, function.id, "live") == "one"
    assert greeting(account, function.id, "$LATEST") == "two"
    cloud.update(ALIAS, live, **alias, functionVersion="2")
    assert greeting(account, function.id, "live") == "two"


def test_an_update_that_changes_no_code_and_no_configuration_publishes_no_version(cloud, function, function_inputs):
    tagged = cloud.update(FUNCTION, function, **function_inputs, tags={"team": "models"})
    assert tagged.outputs["version"] == "1"
    assert tagged.outputs["tags"] == {"team": "models"}
