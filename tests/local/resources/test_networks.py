"""What EC2, EFS and S3 Files refuse: overlapping addresses, and deletion of what is in use."""

import json

import pytest

from local.resources.refusals.ec2 import interfaces

SUBNET = "aws:ec2/subnet:Subnet"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
TARGET = "aws:efs/mountTarget:MountTarget"
FUNCTION = "aws:lambda/function:Function"


def test_a_subnet_whose_block_overlaps_with_another_is_refused(cloud, vpc, subnet, refused):
    with refused("InvalidSubnet.Conflict", "'10.9.0.32/27' conflicts with another subnet"):
        cloud.create(SUBNET, vpcId=vpc.id, cidrBlock="10.9.0.32/27", availabilityZone="eu-central-1b")
    beside = cloud.create(SUBNET, vpcId=vpc.id, cidrBlock="10.9.0.64/26", availabilityZone="eu-central-1b")
    assert beside.outputs["availabilityZoneId"] == "euc1-az2"


def test_a_subnet_outside_its_vpc_is_refused(cloud, vpc, refused):
    with refused("InvalidSubnet.Range"):
        cloud.create(SUBNET, vpcId=vpc.id, cidrBlock="10.8.0.0/26", availabilityZone="eu-central-1a")


def test_a_groups_name_exists_once_in_a_vpc(cloud, vpc, refused):
    cloud.create(GROUP, vpcId=vpc.id, name="twice")
    with refused("InvalidGroup.Duplicate"):
        cloud.create(GROUP, vpcId=vpc.id, name="twice")


def test_a_rule_exists_once_in_a_group(cloud, group, refused):
    rule = {"securityGroupId": group.id, "ipProtocol": "tcp", "fromPort": 1, "toPort": 1, "cidrIpv4": "10.0.0.0/8"}
    cloud.create(INGRESS, **rule)
    with refused("InvalidPermission.Duplicate", "already exists"):
        cloud.create(INGRESS, **rule)
    cloud.create(INGRESS, **{**rule, "toPort": 2})


def test_a_group_that_anothers_rule_names_is_not_deleted(cloud, vpc, group, refused):
    other = cloud.create(GROUP, vpcId=vpc.id)
    rule = cloud.create(INGRESS, securityGroupId=other.id, ipProtocol="-1", referencedSecurityGroupId=group.id)
    with refused("DependencyViolation", f"resource {group.id} has a dependent object"):
        cloud.delete(GROUP, group)
    cloud.delete(INGRESS, rule)
    cloud.delete(GROUP, group)


def test_a_vpc_with_something_in_it_is_not_deleted(cloud, vpc, subnet, refused):
    with refused("DependencyViolation", f"The vpc '{vpc.id}' has dependencies"):
        cloud.delete("aws:ec2/vpc:Vpc", vpc)
    cloud.delete(SUBNET, subnet)
    cloud.delete("aws:ec2/vpc:Vpc", vpc)


def test_a_subnet_has_one_route_table_which_stays_while_it_has_it(cloud, vpc, subnet, refused):
    table, other = (cloud.create("aws:ec2/routeTable:RouteTable", vpcId=vpc.id) for _ in range(2))
    kind = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    association = cloud.create(kind, routeTableId=table.id, subnetId=subnet.id)
    with refused("Resource.AlreadyAssociated"):
        cloud.create(kind, routeTableId=other.id, subnetId=subnet.id)
    with refused("DependencyViolation", "has dependencies and cannot be deleted"):
        cloud.delete("aws:ec2/routeTable:RouteTable", table)
    moved = cloud.update(kind, association, routeTableId=other.id, subnetId=subnet.id)
    assert moved.outputs["routeTableId"] == other.id
    cloud.delete("aws:ec2/routeTable:RouteTable", table)


def test_a_route_table_has_one_gateway_endpoint_of_a_service(cloud, vpc, refused):
    table = cloud.create("aws:ec2/routeTable:RouteTable", vpcId=vpc.id)
    endpoint = {"vpcId": vpc.id, "serviceName": "com.amazonaws.eu-central-1.s3", "vpcEndpointType": "Gateway"}
    made = cloud.create("aws:ec2/vpcEndpoint:VpcEndpoint", **endpoint, routeTableIds=[table.id])
    assert made.outputs["prefixListId"].startswith("pl-")
    with refused("RouteAlreadyExists"):
        cloud.create("aws:ec2/vpcEndpoint:VpcEndpoint", **endpoint, routeTableIds=[table.id])


def test_an_endpoint_of_interfaces_holds_its_group_and_its_subnet(cloud, vpc, subnet, group, refused):
    endpoint = cloud.create(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        vpcId=vpc.id,
        serviceName="com.amazonaws.eu-central-1.sqs",
        vpcEndpointType="Interface",
        subnetIds=[subnet.id],
        securityGroupIds=[group.id],
        privateDnsEnabled=True,
    )
    for kind, state in ((GROUP, group), (SUBNET, subnet)):
        with refused("DependencyViolation"):
            cloud.delete(kind, state)
    cloud.delete("aws:ec2/vpcEndpoint:VpcEndpoint", endpoint)
    cloud.delete(GROUP, group)
    cloud.delete(SUBNET, subnet)


@pytest.fixture
def file_system(cloud):
    return cloud.create("aws:efs/fileSystem:FileSystem", encrypted=True, throughputMode="elastic")


def test_a_file_system_has_one_mount_target_in_a_zone(cloud, vpc, subnet, file_system, refused):
    cloud.create(TARGET, fileSystemId=file_system.id, subnetId=subnet.id)
    same_zone = cloud.create(SUBNET, vpcId=vpc.id, cidrBlock="10.9.0.64/26", availabilityZone="eu-central-1a")
    with refused("MountTargetConflict", "mount target already exists in this AZ"):
        cloud.create(TARGET, fileSystemId=file_system.id, subnetId=same_zone.id)
    other_zone = cloud.create(SUBNET, vpcId=vpc.id, cidrBlock="10.9.0.128/26", availabilityZone="eu-central-1b")
    cloud.create(TARGET, fileSystemId=file_system.id, subnetId=other_zone.id)


def test_a_file_system_with_a_mount_target_is_not_deleted(cloud, subnet, group, file_system, refused):
    target = cloud.create(TARGET, fileSystemId=file_system.id, subnetId=subnet.id, securityGroups=[group.id])
    with refused("FileSystemInUse"):
        cloud.delete("aws:efs/fileSystem:FileSystem", file_system)
    for kind, state in ((GROUP, group), (SUBNET, subnet)):
        with refused("DependencyViolation"):
            cloud.delete(kind, state)
    cloud.delete(TARGET, target)
    cloud.delete("aws:efs/fileSystem:FileSystem", file_system)
    cloud.delete(GROUP, group)


def test_a_mounted_bucket_with_a_mount_target_or_an_access_point_is_not_deleted(cloud, subnet, role, refused):
    bucket = cloud.create("aws:s3/bucket:Bucket")
    files = "aws:s3/filesFileSystem:FilesFileSystem"
    mounted = cloud.create(files, bucket=bucket.outputs["arn"], roleArn=role.outputs["arn"])
    target_type, point_type = "aws:s3/filesMountTarget:FilesMountTarget", "aws:s3/filesAccessPoint:FilesAccessPoint"
    target = cloud.create(target_type, fileSystemId=mounted.id, subnetId=subnet.id)
    with refused("ConflictException", "mount target already exists in this AZ"):
        cloud.create(target_type, fileSystemId=mounted.id, subnetId=subnet.id)
    point = cloud.create(point_type, fileSystemId=mounted.id)
    with refused("ConflictException", "mount targets"):
        cloud.delete(files, mounted)
    cloud.delete(target_type, target)
    with refused("ConflictException", "access points"):
        cloud.delete(files, mounted)
    cloud.delete(point_type, point)
    cloud.delete(files, mounted)


def test_a_function_holds_its_group_and_subnet_and_gives_them_back_after_a_while(
    cloud, account, subnet, group, function_inputs, refused
):
    network = {"subnetIds": [subnet.id], "securityGroupIds": [group.id]}
    function = cloud.create(FUNCTION, **function_inputs, vpcConfig=network)
    for kind, state in ((GROUP, group), (SUBNET, subnet)):
        with refused("DependencyViolation"):
            cloud.delete(kind, state)
    cloud.delete(FUNCTION, function)
    [interface] = interfaces(account, group=group.id)
    assert account.interfaces.lingers(interface["NetworkInterfaceId"])
    cloud.delete(GROUP, group)
    cloud.delete(SUBNET, subnet)


def test_a_deleted_functions_group_need_not_wait_where_it_is_replaced(cloud, account, subnet, group, function_inputs):
    network = {"subnetIds": [subnet.id], "securityGroupIds": [group.id]}
    function = cloud.create(FUNCTION, **function_inputs, vpcConfig=network, replaceSecurityGroupsOnDestroy=True)
    cloud.delete(FUNCTION, function)
    assert interfaces(account, group=group.id) == []
    assert len(interfaces(account, subnet=subnet.id)) == 1
    cloud.delete(SUBNET, subnet)


def test_a_function_that_leaves_its_vpc_gives_its_interfaces_back(cloud, subnet, group, function_inputs):
    network = {"subnetIds": [subnet.id], "securityGroupIds": [group.id]}
    function = cloud.create(FUNCTION, **function_inputs, vpcConfig=network)
    cloud.update(FUNCTION, function, **function_inputs)
    cloud.delete(GROUP, group)
    cloud.delete(SUBNET, subnet)


def test_a_file_system_is_mounted_in_a_vpc_and_in_zones_that_it_has_a_mount_target_in(
    cloud, vpc, subnet, group, file_system, function_inputs, refused
):
    point = cloud.create(
        "aws:efs/accessPoint:AccessPoint",
        fileSystemId=file_system.id,
        rootDirectory={"path": "/m", "creationInfo": {"ownerUid": 1, "ownerGid": 1, "permissions": "0755"}},
    )
    mount = {"arn": point.outputs["arn"], "localMountPath": "/mnt/m"}
    with refused("InvalidParameterValueException", "must be configured to execute in a VPC"):
        cloud.create(FUNCTION, **function_inputs, fileSystemConfig=mount)
    network = {"subnetIds": [subnet.id], "securityGroupIds": [group.id]}
    with refused("InvalidParameterValueException", "does not have mount targets created in all availability zones"):
        cloud.create(FUNCTION, **function_inputs, fileSystemConfig=mount, vpcConfig=network)
    cloud.create(TARGET, fileSystemId=file_system.id, subnetId=subnet.id)
    made = cloud.create(FUNCTION, **function_inputs, fileSystemConfig=mount, vpcConfig=network)
    assert made.outputs["version"] == "1"


def test_a_file_systems_policy_has_a_limit(cloud, file_system, refused):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "elasticfilesystem:ClientMount", "Resource": "*"}
    policy = json.dumps({"Statement": [statement] * 300})
    with refused("InvalidPolicyException"):
        cloud.create("aws:efs/fileSystemPolicy:FileSystemPolicy", fileSystemId=file_system.id, policy=policy)


def test_throughput_is_lowered_and_its_mode_changed_once_in_24_hours(cloud, account, refused):
    kind, provisioned = "aws:efs/fileSystem:FileSystem", {"throughputMode": "provisioned"}
    made = cloud.create(kind, throughputMode="elastic")
    made = cloud.update(kind, made, **provisioned, provisionedThroughputInMibps=20)
    made = cloud.update(kind, made, **provisioned, provisionedThroughputInMibps=30)
    with refused("TooManyRequests", "24 hours"):
        cloud.update(kind, made, **provisioned, provisionedThroughputInMibps=20)
    with refused("TooManyRequests", "24 hours"):
        cloud.update(kind, made, throughputMode="elastic")
    account.changed_today.clear()
    cloud.update(kind, made, throughputMode="elastic")


def test_a_gibibyte_a_second_is_provisioned_and_more_where_the_quota_is_raised(cloud, account, refused):
    wanted = {"throughputMode": "provisioned", "provisionedThroughputInMibps": 2000}
    with refused("ThroughputLimitExceeded"):
        cloud.create("aws:efs/fileSystem:FileSystem", **wanted)
    account.quotas.provisioned_mibps = 3414
    cloud.create("aws:efs/fileSystem:FileSystem", **wanted)
