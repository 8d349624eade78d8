"""Small programs deployed into the emulated AWS: order, outputs, and what a user reads when something is wrong."""

import json
import textwrap
import threading
import urllib.error
import urllib.request

import pytest

from local.deployment import DeploymentError, deploy
from local.invoke_api import InvokeApi
from local.resources import file_of
from local.resources.account import EmulatedAccount
from local.stack_config import StackConfigError

FUNCTION = """
import pulumi
import pulumi_aws as aws

trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
role = aws.iam.Role("role", assume_role_policy={"Version": "2012-10-17", "Statement": [trust]})
function = aws.lambda_.Function(
    "works", package_type="Image", image_uri="repository@sha256:" + "0" * 64, role=role.arn, publish=True, timeout=2,
    image_config={"commands": ["tests.local.functions.HANDLER.handler"]}, memory_size=256,
    environment={"variables": {"GREETING": "hello"}},
)
api = aws.apigatewayv2.Api("api", protocol_type="HTTP")
integration = aws.apigatewayv2.Integration(
    "all", api_id=api.id, integration_type="AWS_PROXY", integration_uri=function.invoke_arn,
    payload_format_version="2.0",
)
target = pulumi.Output.concat("integrations/", integration.id)
aws.apigatewayv2.Route("all", api_id=api.id, route_key="$default", target=target)
aws.apigatewayv2.Stage("all", api_id=api.id, name="$default", auto_deploy=True)
aws.lambda_.Permission(
    "all", function=function.name, action="lambda:InvokeFunction", principal="apigateway.amazonaws.com",
    source_arn=api.execution_arn.apply(lambda arn: f"{arn}/*"),
)
pulumi.export("url", api.api_endpoint)
pulumi.export("function", function.name)
pulumi.export("version", function.version)
"""


def get(url: str) -> tuple[int, dict]:
    try:
        with urllib.request.urlopen(url) as answer:  # noqa: S310 ours
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_a_program_sees_its_configuration_and_its_outputs_come_back(deploy_program):
    deployment = deploy_program(
        """
        import pulumi
        config = pulumi.Config()
        pulumi.export("colour", config.require("colour"))
        pulumi.export("floors", config.require_int("floors"))
        pulumi.export("secret", pulumi.Output.secret({"key": "value"}))
        pulumi.export("stack", f"{pulumi.get_project()}/{pulumi.get_stack()}")
        pulumi.warn("the paint is wet")
        """,
        floors="3",
    )
    assert deployment.outputs == {
        "colour": "white",
        "floors": 3,
        "secret": {"key": "value"},
        "stack": "house/dev",
    }
    assert deployment.warnings == ("the paint is wet",)
    assert deployment.resources == ()


def test_a_resource_is_created_after_what_it_waits_for(deploy_program, emulator):
    deployment = deploy_program(
        """
        import pulumi
        import pulumi_aws as aws
        bucket = aws.s3.Bucket("store")
        last = None
        for name in "abc":
            last = aws.s3.BucketObjectv2(
                name, bucket=bucket.bucket, key=name, content=name,
                opts=pulumi.ResourceOptions(depends_on=[last] if last else []))
        pulumi.export("bucket", bucket.bucket)
        """
    )
    assert [each.name for each in deployment.resources] == ["store", "a", "b", "c"]
    listed = emulator.client("s3").list_objects_v2(Bucket=deployment.outputs["bucket"])
    assert [each["Key"] for each in listed["Contents"]] == ["a", "b", "c"]


def test_objects_have_the_content_of_their_files(deploy_program, emulator, tmp_path):
    (tmp_path / "weights").write_bytes(bytes(range(256)))
    deployment = deploy_program(
        f"""
        import pulumi
        import pulumi_aws as aws
        bucket = aws.s3.Bucket("store")
        aws.s3.BucketObjectv2(
            "weights", bucket=bucket.bucket, key="w", source=pulumi.FileAsset({str(tmp_path / "weights")!r}))
        pulumi.export("bucket", bucket.bucket)
        """
    )
    stored = emulator.client("s3").get_object(Bucket=deployment.outputs["bucket"], Key="w")
    assert stored["Body"].read() == bytes(range(256))


def test_a_type_that_is_not_known_is_named_with_the_file_to_add_it_to(deploy_program):
    with pytest.raises(DeploymentError, match=r"aws:dynamodb/table:Table.*local/resources/dynamodb.py"):
        deploy_program("import pulumi_aws as aws\naws.dynamodb.Table('letters', hash_key='k', attributes=[])")


def test_a_provider_function_that_is_not_known_is_named_with_the_file_to_add_it_to(deploy_program):
    with pytest.raises(DeploymentError, match=r"aws:ec2/getEips:getEips.*local/resources/ec2/__init__.py"):
        deploy_program("import pulumi, pulumi_aws as aws\npulumi.export('x', aws.ec2.get_eips_output().id)")


def test_the_file_of_lambda_is_no_python_keyword():
    assert file_of("aws:lambda/function:Function") == "local/resources/lambda_/__init__.py"


def test_a_resource_that_cannot_be_created_is_named(deploy_program):
    with pytest.raises(
        DeploymentError, match=r"Creating aws:s3/bucketObjectv2:BucketObjectv2 'lost' failed: .*NoSuchBucket"
    ):
        deploy_program(
            "import pulumi_aws as aws\naws.s3.BucketObjectv2('lost', bucket='nowhere', key='k', content='c')"
        )


def test_what_the_program_raises_is_raised(deploy_program):
    with pytest.raises(ZeroDivisionError):
        deploy_program("1 / 0")


def test_what_an_apply_raises_is_raised(deploy_program):
    with pytest.raises(ZeroDivisionError):
        deploy_program("import pulumi\npulumi.export('x', pulumi.Output.from_input(0).apply(lambda zero: 1 / zero))")


def test_a_deployment_after_a_failed_one_starts_clean(deploy_program):
    with pytest.raises(ZeroDivisionError):
        deploy_program("1 / 0")
    assert deploy_program("import pulumi\npulumi.export('x', 1)").outputs == {"x": 1}


def test_a_stack_without_a_file_is_refused(deploy_program, guard, emulator, invocations, tmp_path):
    deploy_program("pass")
    with pytest.raises(StackConfigError, match=r"Pulumi\.prod\.yaml"):
        deploy(EmulatedAccount(guard, emulator, invocations, InvokeApi(invocations), tmp_path), "prod", {})


def test_a_request_goes_through_the_gateway_to_the_handler(deploy_program, emulator):
    deployment = deploy_program(FUNCTION.replace("HANDLER", "gateway"))
    status, answer = get(deployment.outputs["url"] + "/some/path?a=1&a=2")
    assert status == 200
    assert (answer["rawPath"], answer["version"], answer["greeting"]) == ("/some/path", "2.0", "hello")
    assert deployment.outputs["version"] == "1"


def test_a_direct_invocation_goes_through_the_emulator_to_the_handler(deploy_program, emulator):
    deployment = deploy_program(FUNCTION.replace("HANDLER", "misbehaving"))
    client = emulator.client("lambda")
    answer = client.invoke(FunctionName=deployment.outputs["function"], Payload=b"{}")
    assert json.load(answer["Payload"])["pid"]
    failed = client.invoke(FunctionName=deployment.outputs["function"], Payload=b'{"raise": "no"}')
    assert failed["FunctionError"]


@pytest.mark.parametrize("path", ["/raise", "/die", "/hang"])
def test_after_a_request_that_went_wrong_the_next_one_is_answered(deploy_program, path):
    deployment = deploy_program(FUNCTION.replace("HANDLER", "gateway"))
    assert get(deployment.outputs["url"] + path) == (500, {"message": "Internal Server Error"})
    assert get(deployment.outputs["url"] + "/fine")[0] == 200


def test_what_a_deployment_accepts_and_does_not_emulate_is_said(deploy_program):
    deployment = deploy_program(
        """
        import pulumi_aws as aws
        application = aws.codedeploy.Application("shift", compute_platform="Lambda")
        aws.codedeploy.DeploymentGroup(
            "shift", app_name=application.name, deployment_group_name="group", service_role_arn="arn:aws:iam::0:role/r")
        target = aws.appautoscaling.Target(
            "target", min_capacity=1, max_capacity=2, resource_id="function:f:live", service_namespace="lambda",
            scalable_dimension="lambda:function:ProvisionedConcurrency")
        aws.sqs.Queue("letters")
        """
    )
    assert len(deployment.resources) == 4
    assert [line.split(":")[0] for line in deployment.not_emulated] == [
        "Application Auto Scaling is not emulated",
        "CodeDeploy does not wait here",
    ]


def test_snap_start_is_accepted_and_said_not_to_be_emulated(deploy_program):
    assert deploy_program(FUNCTION.replace("HANDLER", "gateway")).not_emulated == ()
    with_snapshots = FUNCTION.replace("HANDLER", "gateway").replace(
        "memory_size=256,", 'memory_size=256, snap_start={"apply_on": "PublishedVersions"},'
    )
    [line] = deploy_program(with_snapshots).not_emulated
    assert line.startswith("SnapStart is not emulated")


def test_a_groups_rules_are_exactly_those_of_the_program(deploy_program, emulator):
    deployment = deploy_program(
        """
        import pulumi
        import pulumi_aws as aws
        vpc = aws.ec2.Vpc("house", cidr_block="10.0.0.0/24", enable_dns_support=True)
        aws.ec2.DefaultSecurityGroup("default", vpc_id=vpc.id, ingress=[], egress=[])
        functions, targets = (
            aws.ec2.SecurityGroup(name, vpc_id=vpc.id, description=name) for name in ("functions", "targets"))
        aws.vpc.SecurityGroupEgressRule(
            "out", security_group_id=functions.id, ip_protocol="tcp", from_port=2049, to_port=2049,
            referenced_security_group_id=targets.id)
        pulumi.export("vpc", vpc.id)
        pulumi.export("targets", targets.id)
        """
    )
    vpc = {"Name": "vpc-id", "Values": [deployment.outputs["vpc"]]}
    groups = emulator.client("ec2").describe_security_groups(Filters=[vpc])["SecurityGroups"]
    assert len(groups) == 3
    rules = [rule for group in groups for rule in (*group["IpPermissions"], *group["IpPermissionsEgress"])]
    [rule] = rules
    assert (rule["FromPort"], rule["ToPort"]) == (2049, 2049)
    assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [deployment.outputs["targets"]]


def test_an_alarm_over_an_expression_is_kept(deploy_program, emulator):
    deploy_program(
        """
        import pulumi_aws as aws
        aws.cloudwatch.MetricAlarm(
            "late", name="late", comparison_operator="GreaterThanThreshold", threshold=1500, evaluation_periods=5,
            metric_queries=[
                {"id": "p99", "return_data": False, "metric": {
                    "namespace": "AWS/Lambda", "metric_name": "Duration", "stat": "p99", "period": 60,
                    "dimensions": {"FunctionName": "f"}}},
                {"id": "result", "expression": "p99 * 2", "return_data": True}])
        """
    )
    [alarm] = emulator.client("cloudwatch").describe_alarms(AlarmNames=["late"])["MetricAlarms"]
    assert alarm["Threshold"] == 1500
    assert (alarm["ComparisonOperator"], alarm["EvaluationPeriods"]) == ("GreaterThanThreshold", 5)


def test_a_buckets_events_reach_the_function_that_asked_for_them_when_s3_sees_that_it_may(
    deploy_program, emulator, invocations
):
    deployment = deploy_program(
        FUNCTION.replace("HANDLER", "misbehaving")
        + textwrap.dedent(
            """
            from components.retries import NOT_PERMITTED, until_it_holds
            bucket = aws.s3.Bucket("store")
            allowed = aws.lambda_.Permission(
                "store", function=function.name, action="lambda:InvokeFunction", principal="s3.amazonaws.com",
                source_arn=bucket.arn)
            aws.s3.BucketNotification(
                "store", bucket=bucket.bucket,
                opts=pulumi.ResourceOptions(depends_on=[allowed], hooks=until_it_holds("store", NOT_PERMITTED)),
                lambda_functions=[{"lambda_function_arn": function.arn, "events": ["s3:ObjectCreated:*"],
                                   "filter_prefix": "in/", "filter_suffix": ".json"}])
            pulumi.export("bucket", bucket.bucket)
            """
        )
    )
    reported = threading.Event()
    invocations.on_report(lambda name, report: reported.set())
    s3 = emulator.client("s3")
    s3.put_object(Bucket=deployment.outputs["bucket"], Key="out/a.json", Body=b"")
    s3.put_object(Bucket=deployment.outputs["bucket"], Key="in/a.json", Body=b"")
    assert reported.wait(30)
    assert invocations.logs(deployment.outputs["function"]).tail().count("START RequestId: ") == 1
