"""The whole program with what keeps functions ready, shifts their traffic, watches, encrypts and tags them."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import boto3
import pytest

from components.operations.gradual_delivery import CODEDEPLOY_CONFIGURATIONS
from components.role_policies import INLINE_RESERVE, delivered_characters
from components.settings.operations_settings import Delivery
from handlers.contract import METRIC_NAMESPACE, METRICS_BY, MetricSet
from policy.invariants import breaches
from tests.packaged import package
from tests.paths import PROJECT
from tests.program.test_program import FUNCTION, run, serving_functions
from tests.recorder import Recorder, Registered

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1a"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:pager"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
SCHEDULED = "aws:appautoscaling/scheduledAction:ScheduledAction"
GROUP = "aws:codedeploy/deploymentGroup:DeploymentGroup"
WATCHED: dict[str, Any] = {"monitoring": True, "delivery": "canary10Percent5Minutes"}


@pytest.fixture
def packaged(tmp_path: Path) -> Path:
    package(tmp_path, "digits", engine="tensorflow")
    return package(tmp_path, "iris")


def broken(recorder: Recorder) -> list[str]:
    return [breach for each in recorder.registered for breach in breaches(each.type, each.name, each.inputs)]


@pytest.mark.parametrize(
    "values",
    [
        {**WATCHED, "mode": "single", "storage": "efs", "kmsKeyArn": KEY, "tags": {"team": "vision"}},
        {**WATCHED, "storage": "image", "snapStart": True, "alarmsTopicArn": TOPIC},
        {"provisionedConcurrency": 1, "provisionedConcurrencyMaximum": 3, "storage": "s3files", "kmsKeyArn": KEY},
        {"mode": "single", "modelSettings": {"iris": {"storage": "efs"}, "digits": {"storage": "s3files"}}},
    ],
)
def test_every_invariant_holds_whatever_is_added(packaged: Path, values: dict[str, Any]):
    assert broken(run(packaged, **values)) == []


def test_a_model_may_have_its_own_storage_memory_and_readiness(packaged: Path):
    own = {"iris": {"storage": "image", "memoryMib": 512, "timeoutSeconds": 5, "snapStart": True}}
    recorder = run(packaged, mode="single", modelSettings=own)
    by_model = {each.inputs["environment"]["variables"]["MODEL_NAMES"]: each for each in serving_functions(recorder)}
    iris, digits = by_model["iris"].inputs, by_model["digits"].inputs
    assert (iris["memorySize"], iris["timeout"], iris["snapStart"]) == (512, 5, {"applyOn": "PublishedVersions"})
    assert iris["environment"]["variables"]["MODEL_STORE_URI"] == "file:///opt/models"
    assert (digits["memorySize"], digits["timeout"], digits.get("snapStart")) == (1769, 29, None)
    assert digits["environment"]["variables"]["MODEL_STORE_URI"].startswith("s3://")
    assert not (PROJECT / "build/images/test/digits").exists()


def test_environments_are_kept_ready_for_the_alias(packaged: Path):
    recorder = run(packaged, provisionedConcurrency=2)
    ready = recorder.one("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig")
    assert ready.inputs == {
        "functionName": "inference-1234567",
        "qualifier": "live",
        "provisionedConcurrentExecutions": 2,
    }
    assert ready.ignore_changes == ()
    assert not recorder.of("aws:appautoscaling/target:Target")


def test_their_number_follows_the_use_and_no_deployment_sets_it_back(packaged: Path):
    recorder = run(packaged, provisionedConcurrency=2, provisionedConcurrencyMaximum=9)
    target = recorder.one("aws:appautoscaling/target:Target")
    policy = recorder.one("aws:appautoscaling/policy:Policy")
    ready = recorder.one("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig")
    assert target.inputs["resourceId"] == "function:inference-1234567:live"
    assert (target.inputs["minCapacity"], target.inputs["maxCapacity"]) == (2, 9)
    assert policy.inputs["targetTrackingScalingPolicyConfiguration"]["targetValue"] == 0.7
    assert ready.ignore_changes == ("provisionedConcurrentExecutions",)
    assert ready.urn in recorder.waits_for(target)


def test_their_number_falls_when_nobody_calls(packaged: Path):
    policy = run(packaged, provisionedConcurrency=2, provisionedConcurrencyMaximum=9).one(
        "aws:appautoscaling/policy:Policy"
    )
    configuration = policy.inputs["targetTrackingScalingPolicyConfiguration"]
    used, filled = configuration["customizedMetricSpecification"]["metrics"]
    metric = used["metricStat"]["metric"]
    assert (metric["namespace"], metric["metricName"]) == ("AWS/Lambda", "ProvisionedConcurrencyUtilization")
    assert {each["name"]: each["value"] for each in metric["dimensions"]} == {
        "FunctionName": "inference-1234567",
        "Resource": "inference-1234567:live",
    }
    assert (filled["expression"], filled["returnData"], used["returnData"]) == ("FILL(used, 0)", True, False)


def test_what_scales_a_function_is_changed_one_after_the_other(packaged: Path):
    times = {
        name: {"schedule": f"cron(0 {hour} * * ? *)", "minimum": 2, "maximum": 4}
        for name, hour in (("day", 8), ("night", 20))
    }
    recorder = run(
        packaged,
        provisionedConcurrency=2,
        provisionedConcurrencyMaximum=9,
        provisionedConcurrencySchedule=times,
    )
    changes = [*recorder.of("aws:appautoscaling/policy:Policy"), *recorder.of(SCHEDULED)]
    assert len(changes) == 3
    for before, after in pairwise(changes):
        assert before.urn in after.dependencies


def test_their_number_follows_the_hour_even_from_none(packaged: Path):
    day = {"schedule": "cron(0 8 ? * MON-FRI *)", "minimum": 5, "maximum": 20, "timezone": "Europe/Berlin"}
    recorder = run(packaged, provisionedConcurrencySchedule={"day": day})
    target = recorder.one("aws:appautoscaling/target:Target")
    action = recorder.one(SCHEDULED).inputs
    assert (target.inputs["minCapacity"], target.inputs["maxCapacity"]) == (0, 0)
    assert target.ignore_changes == ("minCapacity", "maxCapacity")
    assert (action["schedule"], action["timezone"]) == (day["schedule"], "Europe/Berlin")
    assert action["scalableTargetAction"] == {"minCapacity": 5, "maxCapacity": 20}
    assert not recorder.of("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig")


def test_one_key_encrypts_everything_that_is_kept(packaged: Path):
    recorder = run(packaged, storage="efs", kmsKeyArn=KEY)
    (rule,) = recorder.one(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    ).inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}
    assert rule["bucketKeyEnabled"]
    assert {each.inputs.get("kmsKeyId") for each in recorder.of("aws:cloudwatch/logGroup:LogGroup")} == {KEY}
    assert {each.inputs.get("kmsKeyArn") for each in recorder.of(FUNCTION)} == {KEY}
    assert recorder.one("aws:efs/fileSystem:FileSystem").inputs["kmsKeyId"] == KEY
    assert recorder.one("aws:sqs/queue:Queue").inputs["kmsMasterKeyId"] == KEY
    assert recorder.one("aws:ecr/repository:Repository").inputs["encryptionConfigurations"][0]["kmsKey"] == KEY


def test_functions_may_use_the_key_that_encrypts_their_models(packaged: Path):
    policy = run(packaged, kmsKeyArn=KEY).named("inference-grants").inputs["policy"]
    used = [each for each in json.loads(policy)["Statement"] if each["Resource"] == [KEY]]
    assert {tuple(each["Action"]) for each in used} == {("kms:Decrypt",)}
    services = {each["Condition"]["StringEquals"]["kms:ViaService"] for each in used}
    assert services == {"lambda.eu-central-1.amazonaws.com", "s3.eu-central-1.amazonaws.com"}


def test_tags_reach_everything_that_takes_them_but_the_models(packaged: Path):
    recorder = run(packaged, storage="efs", tags={"team": "vision"}, **WATCHED)
    tagged = {each.type.split(":")[-1] for each in recorder.registered if "tags" in each.inputs}
    assert {each.inputs["tags"]["team"] for each in recorder.registered if "tags" in each.inputs} == {"vision"}
    assert {"Bucket", "Function", "Role", "LogGroup", "FileSystem", "Vpc", "Queue", "MetricAlarm", "Stage"} <= tagged
    assert "BucketObjectv2" not in tagged
    assert recorder.one("aws:efs/fileSystem:FileSystem").inputs["tags"]["Name"] == "inference-files"


def test_every_role_has_the_permissions_boundary_and_none_without_the_setting(packaged: Path):
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    values: dict[str, Any] = {"storage": "efs", "mode": "single", **WATCHED}
    bounded = run(packaged, permissionsBoundaryArn=boundary, **values).of("aws:iam/role:Role")
    assert [each.inputs.get("permissionsBoundary") for each in bounded] == [boundary] * len(bounded)
    assert not any("permissionsBoundary" in each.inputs for each in run(packaged, **values).of("aws:iam/role:Role"))


def test_everything_has_the_stacks_own_tag_even_without_tags(packaged: Path):
    tagged = [each.inputs["tags"] for each in run(packaged).registered if "tags" in each.inputs]
    assert len(tagged) > 5
    assert {tuple(tags.items()) for tags in tagged} == {(("tensorflow-lambda:stack", "tensorflow-lambda/test"),)}


def test_nothing_watches_unless_it_is_asked_to(packaged: Path):
    recorder = run(packaged)
    assert not [each for each in recorder.registered if each.type.startswith(("aws:cloudwatch/m", "aws:cloudwatch/d"))]


def test_every_function_has_its_alarms_and_the_topic_is_told(packaged: Path):
    recorder = run(packaged, mode="single", monitoring=True, alarmsTopicArn=TOPIC)
    names = {each.name for each in recorder.of(ALARM)}
    kinds = ("errors", "latency", "throttles", "cold-starts", "load-failures")
    of_functions = {f"inference-{model}-{kind}" for model in ("digits", "iris") for kind in kinds}
    assert names == {*of_functions, "inference-api-errors"}
    assert {tuple(each.inputs["alarmActions"]) for each in recorder.of(ALARM)} == {(TOPIC,)}


@pytest.mark.parametrize(
    ("api", "failed", "dimensions"),
    [
        ("http", "5xx", {"ApiId": "inference-api-id", "Stage": "$default"}),
        ("rest", "5XXError", {"ApiName": "inference-api-1234567", "Stage": "live"}),
    ],
)
def test_an_alarm_watches_what_the_gateway_answers_itself(packaged: Path, api: str, failed: str, dimensions: Any):
    recorder = run(packaged, monitoring=True, api=api)
    read = {each["metric"]["metricName"]: each["metric"] for each in metrics_of(recorder.named("inference-api-errors"))}
    assert set(read) == {failed, "Count"}
    assert {each["namespace"] for each in read.values()} == {"AWS/ApiGateway"}
    assert [each["dimensions"] for each in read.values()] == [dimensions] * 2


def test_no_metric_of_a_route_is_billed_that_nothing_reads(packaged: Path):
    stage = run(packaged).one("aws:apigatewayv2/stage:Stage").inputs
    assert not stage["defaultRouteSettings"].get("detailedMetricsEnabled")
    limits = run(packaged, api="rest").one("aws:apigateway/methodSettings:MethodSettings").inputs
    assert limits["settings"]["metricsEnabled"] is False


def test_a_file_system_that_bursts_is_watched_for_its_credits_and_its_failures(packaged: Path):
    def watched(**values: Any) -> set[str]:
        alarms = run(packaged, storage="efs", monitoring=True, **values).of(ALARM)
        return {each.name.removeprefix("inference-files-") for each in alarms if "files" in each.name}

    assert watched() == {"io-limit", "dead-letters"}
    assert watched(efsThroughput="bursting") == {"io-limit", "dead-letters", "burst-credits"}


def sets_of(recorder: Recorder) -> set[str]:
    """The sets of metrics that the functions write."""
    written = [each.inputs["environment"]["variables"].get("METRICS", "") for each in serving_functions(recorder)]
    return {name for each in written for name in each.split(",") if name}


def read_from(recorder: Recorder) -> set[tuple[str, frozenset[str]]]:
    """The handlers' metrics that alarms and the dashboard read, each with the names of its dimensions."""
    queries = [metric["metric"] for alarm in recorder.of(ALARM) for metric in metrics_of(alarm)]
    found = {
        (each["metricName"], frozenset(each["dimensions"])) for each in queries if each["namespace"] == METRIC_NAMESPACE
    }
    body = recorder.one("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardBody"]
    for widget in json.loads(body)["widgets"]:
        for line in widget["properties"].get("metrics", []):
            if line[0] == METRIC_NAMESPACE:
                found.add((line[1], frozenset(line[2:-1:2])))
            elif isinstance(line[0], dict):
                search = re.search(r"{TensorFlowLambda,([^}]*)} MetricName=\"(\w+)\"", line[0]["expression"])
                assert search is not None
                found.add((search[2], frozenset(search[1].split(","))))
    return found


@pytest.mark.parametrize(
    ("values", "sets"),
    [
        ({"monitoring": True}, {"function"}),
        ({"monitoring": True, "modelMetrics": True}, {"function", "model"}),
        ({"monitoring": True, "modelMetrics": True, "models": ["digits", "iris"]}, {"function", "model"}),
        ({**WATCHED, "mode": "single"}, {"function", "version"}),
    ],
)
def test_every_metric_that_is_written_is_read_and_the_other_way_round(
    packaged: Path, values: dict[str, Any], sets: set[MetricSet]
):
    recorder = run(packaged, **values)
    assert sets_of(recorder) == sets
    written = {(metric, frozenset(METRICS_BY[name][0])) for name in sets for metric in METRICS_BY[name][1]}
    assert read_from(recorder) == written


def test_a_stack_that_nothing_watches_writes_no_metric(packaged: Path):
    assert sets_of(run(packaged)) == set()


def test_the_dashboard_finds_the_models_of_a_function_that_serves_whatever_is_published(packaged: Path):
    def rows(**values: Any) -> list[str]:
        recorder = run(packaged, monitoring=True, modelMetrics=True, **values)
        body = recorder.one("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardBody"]
        widgets = json.loads(body)["widgets"]
        return [each["properties"]["markdown"] for each in widgets if each["type"] == "text"]

    assert rows() == ["## inference", "## inference: requests", "## inference: all models"]
    assert rows(models=["iris"]) == ["## inference", "## inference: requests", "## inference: iris"]


def test_thresholds_are_settings(packaged: Path):
    recorder = run(packaged, monitoring=True, latencyAlarmMs=250, errorAlarmPercent=5, coldStartAlarmPercent=50)
    thresholds = {each.name.removeprefix("inference-"): each.inputs["threshold"] for each in recorder.of(ALARM)}
    assert (thresholds["latency"], thresholds["errors"], thresholds["cold-starts"]) == (250, 5, 50)


def test_the_dashboard_is_called_after_the_stack_and_no_two_widgets_overlap(packaged: Path):
    dashboard = run(packaged, mode="single", monitoring=True).one("aws:cloudwatch/dashboard:Dashboard").inputs
    assert dashboard["dashboardName"] == "tensorflow-lambda-test"
    widgets = json.loads(dashboard["dashboardBody"])["widgets"]
    cells = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_old_snapshots_are_removed_after_each_new_version_and_no_function_can_be(packaged: Path):
    recorder = run(packaged, mode="single", snapStart=True, keptVersions=5, **WATCHED)
    for model in ("digits", "iris"):
        pruning = recorder.named(f"inference-versions-inference-{model}")
        assert json.loads(pruning.inputs["input"]) == {"function": f"inference-{model}-1234567", "keep": 5}
        assert pruning.inputs["triggers"] == {"version": "1"}
        aliases = {each.name for each in recorder.of("aws:lambda/alias:Alias") if each.urn in pruning.dependencies}
        assert aliases == {f"inference-{model}-live"}
    policy = json.loads(recorder.named("inference-versions-policy").inputs["policy"])
    [deleting] = [each["Resource"] for each in policy["Statement"] if each["Action"] == ["lambda:DeleteFunction"]]
    assert len(deleting) == 2
    assert all(arn.endswith("-1234567:*") for arn in deleting)


def test_versions_without_a_snapshot_are_left_alone(packaged: Path):
    assert not [each for each in run(packaged).registered if "versions" in each.name]


def test_a_deployment_waits_until_a_snapshot_is_taken(packaged: Path):
    functions = serving_functions(run(packaged, snapStart=True))
    assert {each.update_timeout for each in functions} == {"30m"}
    assert {each.update_timeout for each in serving_functions(run(packaged))} == {""}


def test_a_gradual_delivery_leaves_the_alias_to_codedeploy(packaged: Path):
    recorder = run(packaged, mode="single", **WATCHED)
    aliases = recorder.of("aws:lambda/alias:Alias")
    assert {alias.ignore_changes for alias in aliases} == {("functionVersion", "routingConfig")}
    assert {alias.ignore_changes for alias in run(packaged).of("aws:lambda/alias:Alias")} == {()}


def test_each_function_is_shifted_once_its_alarms_watch(packaged: Path):
    recorder = run(packaged, mode="single", **WATCHED)
    groups = {each.name: each for each in recorder.of(GROUP)}
    assert set(groups) == {"inference-delivery-inference-digits", "inference-delivery-inference-iris"}
    for model in ("digits", "iris"):
        group = groups[f"inference-delivery-inference-{model}"].inputs
        assert group["deploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
        assert {name.split("-")[1] for name in group["alarmConfiguration"]["alarms"]} == {model}
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["autoRollbackConfiguration"]["events"]
        shift = recorder.named(f"inference-delivery-inference-{model}-shift")
        assert json.loads(shift.inputs["input"]) == {
            "application": "inference-delivery-1234567",
            "deployment_group": f"inference-delivery-inference-{model}",
            "function": f"inference-{model}-1234567",
            "alias": "live",
            "version": "1",
            "alarms": group["alarmConfiguration"]["alarms"],
        }
        alarms = {each.urn for each in recorder.of(ALARM) if each.name.startswith(f"inference-{model}-new-version")}
        assert len(alarms) == 3
        assert alarms <= recorder.waits_for(shift)


def test_only_alarms_that_look_at_the_new_version_alone_stop_a_shift(packaged: Path):
    recorder = run(packaged, **WATCHED)
    [watching] = [each.inputs["alarmConfiguration"]["alarms"] for each in recorder.of(GROUP)]
    read = {
        (metric["metric"]["namespace"], *sorted(metric["metric"]["dimensions"].items()))
        for alarm in recorder.of(ALARM)
        if f"{alarm.name}-1234567" in watching
        for metric in metrics_of(alarm)
    }
    function = ("FunctionName", "inference-1234567")
    assert read == {
        ("AWS/Lambda", ("ExecutedVersion", "1"), function, ("Resource", "inference-1234567:live")),
        (METRIC_NAMESPACE, function, ("FunctionVersion", "1")),
    }


def test_no_alarm_looks_at_a_version_where_all_traffic_moves_at_once(packaged: Path):
    assert not [each.name for each in run(packaged, monitoring=True).of(ALARM) if "new-version" in each.name]


def test_what_starts_a_shift_can_start_no_other(packaged: Path):
    policy = json.loads(run(packaged, **WATCHED).named("inference-delivery-starter-policy").inputs["policy"])
    granted = {action: statement["Resource"] for statement in policy["Statement"] for action in statement["Action"]}
    codedeploy = "arn:aws:codedeploy:eu-central-1:123456789012"
    assert granted["codedeploy:CreateDeployment"] == [
        f"{codedeploy}:deploymentgroup:inference-delivery-1234567/inference-delivery-inference"
    ]
    assert granted["codedeploy:GetDeploymentConfig"] == [
        f"{codedeploy}:deploymentconfig:CodeDeployDefault.LambdaCanary10Percent5Minutes"
    ]
    assert granted["lambda:GetAlias"][0] == "arn:aws:lambda:eu-central-1:123456789012:function:inference-1234567"


def test_codedeploy_may_describe_the_regions_alarms_for_it_asks_by_their_names(packaged: Path):
    policy = json.loads(run(packaged, **WATCHED).named("inference-delivery-policy").inputs["policy"])
    granted = {tuple(statement["Action"]): statement["Resource"] for statement in policy["Statement"]}
    every = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:*"
    assert granted["cloudwatch:DescribeAlarms",] == [every]


@pytest.mark.parametrize("role", ["delivery", "delivery-starter"])
@pytest.mark.parametrize("delivery", CODEDEPLOY_CONFIGURATIONS)
def test_a_deliverys_grants_take_no_more_characters_than_the_rule_counts(packaged: Path, role: str, delivery: str):
    recorder = run(packaged, **{**WATCHED, "delivery": delivery, "mode": "single", "kmsKeyArn": KEY})
    policy = "".join(recorder.named(f"inference-{role}-policy").inputs["policy"].split())
    counted = sum(delivered_characters("inference-delivery", f"inference-{model}") for model in ("digits", "iris"))
    assert len(policy) <= counted + INLINE_RESERVE
    if role == "delivery-starter":
        assert len(policy) > counted - 2 * 3 * len("aws-us-gov:ap-southeast-1")


def test_every_delivery_in_steps_is_a_configuration_of_codedeploy():
    assert set(CODEDEPLOY_CONFIGURATIONS) == set(get_args(Delivery)) - {"allAtOnce"}
    assert CODEDEPLOY_CONFIGURATIONS["linear10PercentEvery1Minute"] == (
        "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"
    )


def test_rollback_events_and_styles_are_words_of_codedeploy(packaged: Path):
    client = boto3.client("codedeploy", region_name="eu-central-1")
    shapes = client.meta.service_model
    group = run(packaged, **WATCHED).one("aws:codedeploy/deploymentGroup:DeploymentGroup").inputs
    assert set(group["autoRollbackConfiguration"]["events"]) <= set(shapes.shape_for("AutoRollbackEvent").enum)
    assert group["deploymentStyle"]["deploymentOption"] in shapes.shape_for("DeploymentOption").enum
    assert group["deploymentStyle"]["deploymentType"] in shapes.shape_for("DeploymentType").enum


def metrics_of(alarm: Registered) -> list[dict[str, Any]]:
    return [query for query in alarm.inputs["metricQueries"] if "metric" in query]
