"""An alias's traffic moves to a new version as CodeDeploy's configurations say, and back if an alarm rings."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from local import traffic_shifts
from local.resources.lambda_.aliases import move_alias
from local.traffic_shifts import Move, TrafficShifts, UnderWayError

FUNCTION = "aws:lambda/function:Function"
CALL = json.dumps({"rawPath": "/", "version": "2.0"})
ALARM = "new-version-errors"

CANARY = {
    "deploymentGroupName": "group",
    "deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
    "alarmConfiguration": {"enabled": True, "alarms": [ALARM]},
}
AT_ONCE = {**CANARY, "deploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce"}
LINEAR = {**CANARY, "deploymentConfigName": "CodeDeployDefault.LambdaLinear10PercentEvery2Minutes"}


@pytest.fixture
def name(cloud, function_inputs) -> str:
    """A function of two versions, whose alias stands for the first."""
    one, two = ({"variables": {"GREETING": greeting}} for greeting in ("one", "two"))
    function = cloud.create(FUNCTION, **function_inputs, environment=one)
    cloud.create("aws:lambda/alias:Alias", functionName=function.id, name="live", functionVersion="1")
    assert cloud.update(FUNCTION, function, **function_inputs, environment=two).outputs["version"] == "2"
    return function.id


@pytest.fixture
def moves(name) -> list[Move]:
    return [Move(function=name, alias="live", current="1", target="2")]


@pytest.fixture
def shifts(account) -> Iterator[TrafficShifts]:
    shifts = TrafficShifts(account)
    yield shifts
    shifts.stop()


@pytest.fixture
def shares(account, name) -> Callable[[], tuple[str, dict[str, float]]]:
    """The alias's version, and the share of any other."""

    def shares() -> tuple[str, dict[str, float]]:
        alias = account.client("lambda").get_alias(FunctionName=name, Name="live")
        return alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    return shares


@pytest.fixture
def ring(account) -> Callable[[str], None]:
    """Sets the state of the group's alarm."""
    cloudwatch = account.client("cloudwatch")
    metric = {"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60}
    compared = {"EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch.put_metric_alarm(AlarmName=ALARM, **metric, **compared)

    def ring(state: str) -> None:
        cloudwatch.set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="a test")

    ring("OK")  # the emulated AWS may have the alarm of another test
    return ring


def seen_until(shares, end, seconds: float = 20) -> list:
    """What the alias's shares were, one after the other, until they are so."""
    seen: list = []
    deadline = time.monotonic() + seconds
    while not seen or seen[-1] != end:
        assert time.monotonic() < deadline, seen
        now = shares()
        if not seen or now != seen[-1]:
            seen.append(now)
    return seen


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list:
    """What the alias is told, one after the other: the version, and the further shares."""
    told: list = []

    def move(account, function, alias, settings) -> None:
        told.append((settings["FunctionVersion"], settings["RoutingConfig"]["AdditionalVersionWeights"]))
        move_alias(account, function, alias, settings)

    monkeypatch.setattr(traffic_shifts, "move_alias", move)
    return told


@pytest.mark.usefixtures("ring")
def test_a_canary_gives_a_share_first_and_the_rest_after_its_minutes(account, shifts, moves, shares, shown):
    account.minute_seconds = 0.1
    began = time.monotonic()
    shifts.start("app/group", CANARY, moves)
    seen_until(shares, ("2", {}))
    assert shown == [("1", {"2": 0.1}), ("2", {})]
    assert time.monotonic() - began >= 0.5


@pytest.mark.usefixtures("ring")
def test_a_linear_shift_gives_equal_shares_more_each_time(account, shifts, moves, shares, shown):
    account.minute_seconds = 0.05
    shifts.start("app/group", LINEAR, moves)
    seen_until(shares, ("2", {}))
    assert shown == [*(("1", {"2": number / 10}) for number in range(1, 10)), ("2", {})]


@pytest.mark.usefixtures("ring")
def test_without_steps_or_minutes_all_traffic_has_moved_when_a_deployment_has_started(account, shifts, moves, shares):
    shifts.start("app/group", CANARY, moves)
    assert shares() == ("2", {})
    account.minute_seconds = 3600
    shifts.start("app/group", AT_ONCE, [Move(function=moves[0].function, alias="live", current="2", target="1")])
    assert seen_until(shares, ("1", {}))


def test_an_alarm_that_rings_before_a_shift_keeps_the_alias_as_it_is(account, shifts, moves, shares, ring):
    account.minute_seconds = 0.01
    ring("ALARM")
    shifts.start("app/group", CANARY, moves)
    shifts.stop()
    assert shares() == ("1", {})


def test_an_alarm_that_rings_between_two_steps_moves_the_traffic_back(account, shifts, moves, shares, ring):
    shifts.start("app/group", CANARY, [Move(function=moves[0].function, alias="live", current="1", target="1")])
    account.minute_seconds = 60
    shifts.start("app/group", CANARY, moves)
    seen_until(shares, ("1", {"2": 0.1}))
    ring("ALARM")
    seen_until(shares, ("1", {}))


def test_the_very_first_shift_of_a_group_has_nothing_to_go_back_to(account, shifts, moves, shares, ring):
    account.minute_seconds = 60
    shifts.start("app/group", CANARY, moves)
    seen_until(shares, ("1", {"2": 0.1}))
    ring("ALARM")
    deadline = time.monotonic() + 20
    while True:  # until the deployment has ended, so that another may start
        try:
            shifts.start("app/group", CANARY, moves)
        except UnderWayError:
            assert time.monotonic() < deadline
        else:
            break
    assert shares() == ("1", {"2": 0.1})


@pytest.mark.usefixtures("ring")
def test_a_group_has_one_deployment_at_a_time(account, shifts, moves):
    account.minute_seconds = 60
    deployment = shifts.start("app/group", CANARY, moves)
    with pytest.raises(UnderWayError, match=rf"'group' already has an active Deployment '{deployment}'"):
        shifts.start("app/group", CANARY, moves)


def split(account, name: str) -> None:
    weights = {"AdditionalVersionWeights": {"2": 0.5}}
    account.client("lambda").update_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=weights)


def test_both_versions_answer_direct_calls_while_they_share_an_alias(account, name):
    split(account, name)
    answers = [account.client("lambda").invoke(FunctionName=name, Qualifier="live", Payload=CALL) for _ in range(30)]
    bodies = {json.loads(json.load(each["Payload"])["body"])["greeting"] for each in answers}
    assert bodies == {"one", "two"}


def test_both_versions_answer_an_api_while_they_share_an_alias(cloud, account, api, name):
    arn = f"arn:aws:lambda:{account.region}:{account.account_id}:function:{name}:live"
    integration = cloud.create(
        "aws:apigatewayv2/integration:Integration",
        apiId=api.id,
        integrationType="AWS_PROXY",
        integrationUri=f"arn:aws:apigateway:{account.region}:lambda:path/2015-03-31/functions/{arn}/invocations",
        payloadFormatVersion="2.0",
    )
    target = f"integrations/{integration.id}"
    cloud.create("aws:apigatewayv2/route:Route", apiId=api.id, routeKey="$default", target=target)
    cloud.create("aws:apigatewayv2/stage:Stage", apiId=api.id, name="$default", autoDeploy=True)
    permit = {"action": "lambda:InvokeFunction", "principal": "apigateway.amazonaws.com"}
    cloud.create("aws:lambda/permission:Permission", function=name, qualifier="live", **permit)
    split(account, name)
    url = account.emulator.reached(api.outputs["apiEndpoint"])
    greetings = set()
    for _ in range(30):
        with urllib.request.urlopen(f"{url}/") as answer:  # noqa: S310 ours
            greetings.add(json.load(answer)["greeting"])
    assert greetings == {"one", "two"}
