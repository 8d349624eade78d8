"""What S3, ECR, IAM, SQS, CloudWatch and KMS refuse: names that exist, what is not empty, and policies too long."""

import json

import pytest

from local.surroundings import make_key

BUCKET = "aws:s3/bucket:Bucket"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"


def statement(size: int) -> str:
    resources = ["arn:aws:s3:::" + "a" * 87] * (size // 100)
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": resources}]}
    )


def test_a_buckets_name_exists_once(cloud, refused):
    first = cloud.create(BUCKET)
    with refused("BucketAlreadyOwnedByYou"):
        cloud.create(BUCKET, bucket=first.id)
    with refused("InvalidBucketName"):
        cloud.create(BUCKET, bucket="Not A Name")


def test_a_bucket_that_is_not_empty_is_deleted_only_by_force(cloud, account, refused):
    kept, forced = cloud.create(BUCKET), cloud.create(BUCKET, forceDestroy=True)
    for bucket in (kept, forced):
        cloud.create(
            "aws:s3/bucketVersioning:BucketVersioning",
            bucket=bucket.id,
            versioningConfiguration={"status": "Enabled"},
        )
        for content in ("one", "two"):
            account.client("s3").put_object(Bucket=bucket.id, Key="model", Body=content)
        account.client("s3").delete_object(Bucket=bucket.id, Key="model")
    with refused("BucketNotEmpty", "The bucket you tried to delete is not empty"):
        cloud.delete(BUCKET, kept)
    cloud.delete(BUCKET, forced)
    assert cloud.read(BUCKET, kept) is not None


def test_a_bucket_tells_only_functions_that_let_it_and_sees_late_that_they_do(cloud, account, function, refused):
    bucket, other = cloud.create(BUCKET), cloud.create(BUCKET)
    notification = {
        "bucket": bucket.id,
        "lambdaFunctions": [{"lambdaFunctionArn": function.outputs["arn"], "events": ["s3:ObjectCreated:*"]}],
    }
    with refused("InvalidArgument", "Unable to validate the following destination configurations"):
        cloud.create("aws:s3/bucketNotification:BucketNotification", **notification)
    permission = {"function": function.id, "action": "lambda:InvokeFunction", "principal": "s3.amazonaws.com"}
    cloud.create("aws:lambda/permission:Permission", **permission, sourceArn=other.outputs["arn"])
    account.bucket_events.seen_seconds = 3600
    seen = cloud.create("aws:lambda/permission:Permission", **permission, sourceArn=bucket.outputs["arn"])
    with refused("InvalidArgument", "Unable to validate the following destination configurations"):
        cloud.create("aws:s3/bucketNotification:BucketNotification", **notification)
    account.bucket_events.seen_seconds = 0
    account.bucket_events.permit(function.id, seen.id)
    cloud.create("aws:s3/bucketNotification:BucketNotification", **notification)
    twice = [{**notification["lambdaFunctions"][0], "filterPrefix": prefix} for prefix in ("a/", "a/b/")]
    with refused("InvalidArgument", "Configurations overlap"):
        cloud.create("aws:s3/bucketNotification:BucketNotification", bucket=bucket.id, lambdaFunctions=twice)


@pytest.mark.parametrize("eventbridge", [True, False])
def test_a_new_configuration_takes_the_events_from_s3_files_unless_eventbridge_has_them(
    cloud, account, role, eventbridge
):
    bucket = cloud.create(BUCKET)
    made = cloud.create(
        "aws:s3/filesFileSystem:FilesFileSystem", bucket=bucket.outputs["arn"], roleArn=role.outputs["arn"]
    )
    notification = cloud.create(
        "aws:s3/bucketNotification:BucketNotification", bucket=bucket.id, eventbridge=eventbridge
    )
    s3 = account.client("s3")
    told = s3.get_bucket_notification_configuration(Bucket=bucket.id).get("LambdaFunctionConfigurations", [])
    assert [f"s3files-{made.id}" in each["LambdaFunctionArn"] for each in told] == [True] * eventbridge
    assert (
        cloud.read("aws:s3/bucketNotification:BucketNotification", notification).outputs["eventbridge"] == eventbridge
    )


def test_an_images_repository_exists_once_and_is_deleted_empty_or_by_force(cloud, account, refused):
    repository = "aws:ecr/repository:Repository"
    kept = cloud.create(repository)
    with refused("RepositoryAlreadyExistsException"):
        cloud.create(repository, name=kept.id)
    account.client("ecr").put_image(repositoryName=kept.id, imageManifest="{}", imageTag="one")
    with refused("RepositoryNotEmptyException"):
        cloud.delete(repository, kept)
    forced = cloud.update(repository, kept, name=kept.id, forceDelete=True)
    cloud.delete(repository, forced)


def test_a_roles_policies_have_a_limit_together(cloud, role, refused):
    policy = "aws:iam/rolePolicy:RolePolicy"
    cloud.create(policy, role=role.id, policy=statement(5_800))
    with refused("LimitExceeded", f"Maximum policy size of 10240 bytes exceeded for role {role.id}"):
        cloud.create(policy, role=role.id, policy=statement(5_800))
    cloud.create(policy, role=role.id, policy=statement(3_000))


def test_a_managed_policy_has_a_limit_of_its_own_and_a_role_has_ten(cloud, role, refused):
    policy, attachment = "aws:iam/policy:Policy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    with refused("LimitExceeded", "Cannot exceed quota for PolicySize: 6144"):
        cloud.create(policy, policy=statement(6_200))
    for _ in range(10):
        cloud.create(attachment, role=role.id, policyArn=cloud.create(policy, policy=statement(5_800)).id)
    with refused("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10"):
        cloud.create(attachment, role=role.id, policyArn=cloud.create(policy, policy=statement(200)).id)


def test_a_managed_policy_changes_in_place_and_stays_while_a_role_has_it(cloud, account, role, refused):
    policy, attachment = "aws:iam/policy:Policy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    made = cloud.create(policy, policy=statement(200))
    attached = cloud.create(attachment, role=role.id, policyArn=made.id)
    for size in range(300, 1_000, 100):
        made = cloud.update(policy, made, name=made.outputs["name"], policy=statement(size))
    assert made.outputs["policy"] == statement(900)
    with refused("DeleteConflict", "attached to entities"):
        cloud.delete(policy, made)
    with refused("DeleteConflict", "must detach all policies first"):
        cloud.delete("aws:iam/role:Role", role)
    cloud.delete(attachment, attached)
    cloud.delete(policy, made)
    kept = account.client("iam").list_policies(Scope="Local")["Policies"]
    assert made.id not in [each["Arn"] for each in kept]


def test_white_space_in_a_policy_does_not_count(cloud, role):
    policy = json.dumps(json.loads(statement(9_000)), indent=60)
    assert len(policy) > 10_240
    cloud.create("aws:iam/rolePolicy:RolePolicy", role=role.id, policy=policy)


def test_a_role_exists_once_and_stays_while_it_has_a_policy(cloud, role, refused):
    with refused("EntityAlreadyExists"):
        cloud.create("aws:iam/role:Role", name=role.id, assumeRolePolicy=role.outputs["assumeRolePolicy"])
    policy = cloud.create("aws:iam/rolePolicy:RolePolicy", role=role.id, policy=statement(200))
    with refused("DeleteConflict", "must delete policies first"):
        cloud.delete("aws:iam/role:Role", role)
    cloud.delete("aws:iam/rolePolicy:RolePolicy", policy)
    cloud.delete("aws:iam/role:Role", role)


def test_a_policy_that_is_no_document_is_refused(cloud, role, refused):
    with refused("MalformedPolicyDocument"):
        cloud.create("aws:iam/rolePolicy:RolePolicy", role=role.id, policy="{")
    with refused("MalformedPolicy"):
        cloud.create("aws:s3/bucketPolicy:BucketPolicy", bucket=cloud.create(BUCKET).id, policy="{")


def test_a_queue_a_log_group_and_a_keys_alias_exist_once(cloud, refused):
    queue = cloud.create("aws:sqs/queue:Queue")
    with refused("QueueAlreadyExists"):
        cloud.create("aws:sqs/queue:Queue", name=queue.outputs["name"])
    logs = cloud.create(LOG_GROUP)
    with refused("ResourceAlreadyExistsException"):
        cloud.create(LOG_GROUP, name=logs.id)
    key = cloud.create("aws:kms/key:Key")
    alias = cloud.create("aws:kms/alias:Alias", targetKeyId=key.id)
    with refused("AlreadyExistsException"):
        cloud.create("aws:kms/alias:Alias", name=alias.id, targetKeyId=key.id)


def test_a_dashboard_that_is_no_document_is_refused(cloud, refused):
    with refused("InvalidParameterInput"):
        cloud.create("aws:cloudwatch/dashboard:Dashboard", dashboardName="d", dashboardBody="{")


def test_an_object_that_the_program_gives_up_is_deleted_with_its_versions(cloud, account):
    bucket = cloud.create(BUCKET)
    kept = cloud.create(OBJECT, bucket=bucket.id, key="models/a", content="kept")
    given_up = cloud.create(OBJECT, bucket=bucket.id, key="models", content="given up")
    cloud.delete(OBJECT, given_up)
    assert cloud.read(OBJECT, kept) is not None


def test_a_log_group_takes_only_a_key_whose_policy_lets_logs_use_it(cloud, account, refused):
    group = {"name": "/aws/lambda/encrypted"}
    own, nowhere = (
        account.client("kms").create_key()["KeyMetadata"]["Arn"],
        "arn:aws:kms:eu-central-1:000000000000:key/0a",
    )
    for key in (own, nowhere):
        with refused(
            "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn"
        ):
            cloud.create(LOG_GROUP, **group, kmsKeyId=key)
    made = cloud.create(LOG_GROUP, **group, kmsKeyId=make_key(account))
    with refused("AccessDeniedException"):
        cloud.update(LOG_GROUP, made, **group, kmsKeyId=own)
    cloud.update(LOG_GROUP, made, **group)
    cloud.delete(LOG_GROUP, made)
