"""S3 Files: the bucket as files, read-only."""

import pytest

from components.storage.mounted_bucket import MountedModelBucket, MountedModelBucketArgs
from tests.components.deployment import awaited, ending, serving_function, statements
from tests.components.storage.serving import assert_every_subnet_has_one, serve_digits
from tests.recorder import ACCOUNT, REGION, Recorder

BUCKET_ARN = "arn:aws:s3:::bucket-1234567"
FILE_SYSTEM_ARN = f"arn:aws:s3files:{REGION}:{ACCOUNT}:file-system/files-id"
ACCESS_POINT_ARN = f"{FILE_SYSTEM_ARN}/access-point/files-models-id"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"


def mounted(models, **options) -> Recorder:
    return serve_digits(models, "files", MountedModelBucket, MountedModelBucketArgs, **options)


@pytest.fixture
def deployment(models) -> Recorder:
    return mounted(models)


def test_the_file_system_is_the_models_of_the_bucket(deployment):
    inputs = deployment.one("aws:s3/filesFileSystem:FilesFileSystem").inputs

    assert (inputs["bucket"], inputs["prefix"]) == (BUCKET_ARN, "models/")


NOTIFICATION = "aws:s3/bucketNotification:BucketNotification"


def test_another_key_is_another_file_system(models):
    def trigger(key: str | None) -> str:
        return mounted(models, kms_key_arn=key).one("aws:s3/filesFileSystem:FilesFileSystem").replacement_trigger

    assert trigger(None) != trigger(KEY) == trigger(KEY)


def test_it_waits_for_its_role_and_for_the_bucket_to_be_versioned_and_seeded(deployment):
    waits_for = awaited(deployment, deployment.one("aws:s3/filesFileSystem:FilesFileSystem"))

    assert {"files-role-policy", "bucket-versioning", "bucket-digits-current"} <= waits_for


def test_only_s3_files_of_this_account_assumes_its_role(deployment):
    (statement,) = statements(deployment.named("files-role"), "assumeRolePolicy")

    assert statement["Principal"] == {"Service": "elasticfilesystem.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:s3files:{REGION}:{ACCOUNT}:file-system/*"},
    }


def test_its_role_reaches_the_models_of_this_bucket_and_the_rules_that_s3_files_makes(deployment):
    granted = statements(deployment.named("files-role-policy"))
    of = {action: each for each in granted for action in each["Action"]}

    assert of["s3:ListBucketVersions"]["Resource"] == [BUCKET_ARN]
    assert of["s3:GetObjectVersion"]["Resource"] == of["s3:PutObject"]["Resource"] == [f"{BUCKET_ARN}/models/*"]
    assert of["s3:GetObject"]["Condition"] == {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}
    assert of["events:PutRule"]["Resource"] == [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/DO-NOT-DELETE-S3-Files*"]
    assert of["events:PutRule"]["Condition"] == {
        "StringEquals": {"events:ManagedBy": "elasticfilesystem.amazonaws.com"}
    }
    assert not any("*" in action for action in of)


def test_there_is_a_mount_target_in_every_subnet_behind_the_mount_targets_group(deployment):
    assert_every_subnet_has_one(deployment.of("aws:s3/filesMountTarget:FilesMountTarget"))


def test_everybody_behind_the_access_point_is_one_user_who_is_not_root(deployment):
    access_point = deployment.one("aws:s3/filesAccessPoint:FilesAccessPoint")

    assert access_point.inputs["posixUsers"] == [{"uid": 1000, "gid": 1000}]


def test_nobody_comes_without_the_access_point_and_nobody_writes(deployment):
    elsewhere, writing = statements(deployment.one("aws:s3/filesFileSystemPolicy:FilesFileSystemPolicy"))

    assert {elsewhere["Effect"], writing["Effect"]} == {"Deny"}
    any_of_them = ACCESS_POINT_ARN.replace("files-models-id", "*")
    assert elsewhere["Condition"] == {"StringNotLike": {"s3files:AccessPointArn": any_of_them}}
    assert writing["Action"] == ["s3files:ClientWrite", "s3files:ClientRootAccess"]
    assert "Condition" not in writing


def test_a_function_mounts_to_read_and_fetches_objects_of_its_own_models_only(deployment):
    granted = {action: each for each in statements(deployment.named("digits-grants")) for action in each["Action"]}

    assert granted["s3files:ClientMount"]["Resource"] == [FILE_SYSTEM_ARN]
    assert granted["s3files:ClientMount"]["Condition"] == {"StringEquals": {"s3files:AccessPointArn": ACCESS_POINT_ARN}}
    assert granted["s3:GetObject"]["Resource"] == [f"{BUCKET_ARN}/models/digits/*"]
    assert granted["s3:GetObjectVersion"]["Resource"] == [f"{BUCKET_ARN}/models/digits/*"]
    assert granted["s3:ListBucket"]["Resource"] == [BUCKET_ARN]
    assert granted["s3:ListBucket"]["Condition"] == {"StringLike": {"s3:prefix": ["models/", "models/digits/*"]}}
    assert {action for action in granted if action.startswith("s3")} == {
        "s3files:ClientMount",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:ListBucket",
    }


def test_s3_files_has_the_buckets_events_from_eventbridge_whoever_else_is_told(models):
    notification = mounted(models).one(NOTIFICATION)
    assert notification.inputs["eventbridge"] is True
    assert "lambdaFunctions" not in notification.inputs
    assert not mounted(models, tells_functions=True).of(NOTIFICATION)


def test_a_function_waits_for_every_mount_target_and_every_rule(deployment):
    must_be_there = [
        *deployment.of("aws:s3/filesMountTarget:FilesMountTarget"),
        *ending(deployment, "GroupIngressRule"),
        *ending(deployment, "GroupEgressRule"),
        deployment.one("aws:s3/filesFileSystemPolicy:FilesFileSystemPolicy"),
    ]

    assert {each.name for each in must_be_there} <= awaited(deployment, serving_function(deployment))


def test_a_function_sees_the_models_under_the_mount(deployment):
    function = serving_function(deployment)

    assert function.inputs["fileSystemConfig"] == {"arn": ACCESS_POINT_ARN, "localMountPath": "/mnt/models"}
    assert function.inputs["environment"]["variables"]["MODEL_STORE_URI"] == "file:///mnt/models"


def test_a_function_of_one_model_sees_its_own_directory_and_no_other(models):
    deployment = mounted(models, shown_alone=["digits"])

    own = deployment.named("files-of-digits").inputs
    assert own["rootDirectories"] == [{"path": "/digits"}]
    assert own["posixUsers"] == [{"uid": 1000, "gid": 1000}]
    arn = ACCESS_POINT_ARN.replace("files-models-id", "files-of-digits-id")
    function = serving_function(deployment).inputs
    assert function["fileSystemConfig"] == {"arn": arn, "localMountPath": "/mnt/digits"}
    assert function["environment"]["variables"]["MODEL_STORE_URI"] == "file:///mnt"
    (grant,) = [
        each for each in statements(deployment.named("digits-grants")) if each["Action"] == ["s3files:ClientMount"]
    ]
    assert grant["Condition"] == {"StringEquals": {"s3files:AccessPointArn": arn}}


def test_a_key_encrypts_the_file_system_and_is_usable_by_its_role_through_s3_and_by_functions(models):
    deployment = mounted(models, kms_key_arn=KEY)

    assert deployment.one("aws:s3/filesFileSystem:FilesFileSystem").inputs["kmsKeyId"] == KEY
    (service,) = [each for each in statements(deployment.named("files-role-policy")) if "kms:Decrypt" in each["Action"]]
    assert service["Resource"] == [KEY]
    objects = {"kms:EncryptionContext:aws:s3:arn": [BUCKET_ARN, f"{BUCKET_ARN}/*"]}
    of_the_bucket = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}, "StringLike": objects}
    assert service["Condition"] == of_the_bucket
    used = [each for each in statements(deployment.named("digits-grants")) if each["Action"] == ["kms:Decrypt"]]
    assert [each["Resource"] for each in used] == [[KEY]]
    assert used[0]["Condition"] == of_the_bucket


def test_the_key_of_the_bucket_is_granted_and_the_key_of_the_storage_encrypts_the_file_system(models):
    other = KEY.replace("1234", "5678")
    deployment = mounted(models, kms_key_arn=KEY, bucket_key=other)

    assert deployment.one("aws:s3/filesFileSystem:FilesFileSystem").inputs["kmsKeyId"] == KEY
    granted = [*statements(deployment.named("files-role-policy")), *statements(deployment.named("digits-grants"))]
    assert [each["Resource"] for each in granted if "kms:Decrypt" in each["Action"]] == [[other], [other]]
