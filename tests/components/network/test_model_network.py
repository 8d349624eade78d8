"""What may talk to what."""

import pytest

from components.network.model_network import ExistingVpc, ModelNetwork, ModelNetworkArgs
from tests.components.deployment import ending, statements
from tests.recorder import ACCOUNT, REGION, Recorder, deploy

BUCKET_ARN = "arn:aws:s3:::models-1234"


def network(**options) -> Recorder:
    args = ModelNetworkArgs(region=REGION, bucket_arn=BUCKET_ARN, **options)
    return deploy(lambda: ModelNetwork("net", args))


def existing(**options) -> Recorder:
    return network(existing=ExistingVpc(vpc_id="vpc-1", subnet_ids=["subnet-1", "subnet-2", "subnet-3"]), **options)


def rules(deployment: Recorder) -> set[tuple[str, str, int, str]]:
    return {
        (
            way,
            rule.inputs["securityGroupId"],
            rule.inputs["fromPort"],
            rule.inputs.get("referencedSecurityGroupId") or rule.inputs["prefixListId"],
        )
        for way, kind in (("in", "SecurityGroupIngressRule"), ("out", "SecurityGroupEgressRule"))
        for rule in ending(deployment, kind)
    }


READING = {
    ("out", "net-functions-id", 2049, "net-mount-targets-id"),
    ("in", "net-mount-targets-id", 2049, "net-functions-id"),
}
FILLING = {
    ("out", "net-sync-id", 2049, "net-mount-targets-id"),
    ("in", "net-mount-targets-id", 2049, "net-sync-id"),
    ("out", "net-sync-id", 443, "pl-s3"),
}


def test_functions_that_read_models_reach_the_file_system_by_nfs_and_nothing_else():
    assert rules(network()) == READING


def test_the_function_that_fills_a_file_system_alone_reaches_s3():
    assert rules(network(is_filled=True)) == READING | FILLING


def test_functions_that_read_what_is_left_to_s3_reach_it_by_tls():
    assert rules(network(readers_reach_s3=True)) == {*READING, ("out", "net-functions-id", 443, "pl-s3")}


def test_a_network_without_a_sync_admits_none():
    def program() -> None:
        with pytest.raises(ValueError, match="net has no function that fills file systems; set is_filled"):
            ModelNetwork("net", ModelNetworkArgs(region=REGION, bucket_arn=BUCKET_ARN)).for_sync()

    deploy(program)


def test_every_rule_is_one_port_of_tcp_and_no_group_carries_rules_of_its_own():
    deployment = network()

    for rule in [*ending(deployment, "GroupIngressRule"), *ending(deployment, "GroupEgressRule")]:
        assert rule.inputs["ipProtocol"] == "tcp"
        assert rule.inputs["fromPort"] == rule.inputs["toPort"]
        assert not {"cidrIpv4", "cidrIpv6"} & rule.inputs.keys()
    for group in deployment.of("aws:ec2/securityGroup:SecurityGroup"):
        assert not {"ingress", "egress"} & group.inputs.keys()


def test_the_default_security_group_allows_nothing():
    group = network().one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")

    assert (group.inputs["ingress"], group.inputs["egress"]) == ([], [])


def test_there_is_a_private_subnet_in_each_zone_and_no_gateway_to_the_internet():
    deployment = network(zones=["eu-central-1a", "eu-central-1b", "eu-central-1c"])

    subnets = deployment.of("aws:ec2/subnet:Subnet")
    zones = sorted(each.inputs["availabilityZone"] for each in subnets)  # registered in any order
    assert zones == ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    assert not any(each.inputs["mapPublicIpOnLaunch"] for each in subnets)
    assert len(ending(deployment, ":RouteTableAssociation")) == 3
    assert not [each for each in deployment.registered if "Gateway:" in each.type or each.type.endswith(":Route")]


def test_the_s3_endpoint_is_a_gateway_that_only_reads_and_only_this_bucket():
    endpoint = network().one("aws:ec2/vpcEndpoint:VpcEndpoint")

    assert endpoint.inputs["vpcEndpointType"] == "Gateway"
    assert endpoint.inputs["serviceName"] == "com.amazonaws.eu-central-1.s3"
    (statement,) = statements(endpoint)
    assert statement["Resource"] == [BUCKET_ARN, f"{BUCKET_ARN}/*"]
    assert statement["Action"] == ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"]


def test_where_functions_keep_requests_the_s3_endpoint_lets_them_write_there_and_nowhere_else():
    endpoint = network(written_below=["asynchronous"]).one("aws:ec2/vpcEndpoint:VpcEndpoint")
    _, writing = statements(endpoint)
    assert (writing["Action"], writing["Resource"]) == (["s3:PutObject"], [f"{BUCKET_ARN}/asynchronous/*"])


def test_an_interface_endpoint_is_made_only_when_asked_for_and_only_functions_reach_it():
    deployment = network(interface_endpoints=["kms"], is_filled=True)

    endpoint = deployment.named("net-kms")
    assert endpoint.inputs["vpcEndpointType"] == "Interface"
    assert endpoint.inputs["securityGroupIds"] == ["net-endpoints-id"]
    reaching = {("in", "net-endpoints-id", 443, f"net-{group}-id") for group in ("functions", "sync")}
    assert {rule for rule in rules(deployment) if rule[:2] == ("in", "net-endpoints-id")} == reaching
    assert {("out", f"net-{group}-id", 443, "net-endpoints-id") for group in ("functions", "sync")} <= rules(deployment)


def test_an_interface_endpoint_lets_through_only_identities_and_resources_of_the_account():
    (statement,) = statements(network(interface_endpoints=["kms"]).named("net-kms"))

    own = {"aws:PrincipalAccount": "123456789012", "aws:ResourceAccount": "123456789012"}
    assert (statement["Effect"], statement["Condition"]) == ("Allow", {"StringEquals": own})


def test_an_existing_vpc_gets_security_groups_and_nothing_else():
    deployment = existing(is_filled=True)

    kinds = {each.type.rsplit(":", 1)[-1] for each in deployment.registered}
    assert kinds == {"ModelNetwork", "SecurityGroup", "SecurityGroupIngressRule", "SecurityGroupEgressRule"}
    assert {each.inputs["vpcId"] for each in deployment.of("aws:ec2/securityGroup:SecurityGroup")} == {"vpc-1"}
    assert ("out", "net-sync-id", 443, "pl-found") in rules(deployment)


def test_the_account_is_the_one_that_the_network_is_in():
    outputs = network().one("tensorflow-lambda:index:ModelNetwork").outputs

    assert (outputs["account_id"], outputs["partition"]) == (ACCOUNT, "aws")


def test_a_further_zone_changes_no_subnet():
    def subnets(*zones: str) -> dict[str, str]:
        return {each.name: each.inputs["cidrBlock"] for each in network(zones=zones).of("aws:ec2/subnet:Subnet")}

    two, three = subnets("eu-central-1a", "eu-central-1b"), subnets("eu-central-1a", "eu-central-1b", "eu-central-1c")
    assert two.items() <= three.items()


def test_what_lambda_still_holds_for_a_while_is_waited_for_when_it_is_deleted():
    held = [*network().of("aws:ec2/subnet:Subnet"), *network().of("aws:ec2/securityGroup:SecurityGroup")]
    assert {each.delete_timeout for each in held} == {"60m"}


def test_an_existing_vpc_without_subnets_is_refused():
    with pytest.raises(ValueError, match="needs one subnet or more, each in another zone"):
        ExistingVpc(vpc_id="vpc-1", subnet_ids=[])


def test_an_address_range_is_checked_before_anything_is_registered():
    with pytest.raises(ValueError, match="allowed are /16 to /25"):
        ModelNetworkArgs(region="eu-central-1", bucket_arn=BUCKET_ARN, cidr="10.0.0.0/8")
