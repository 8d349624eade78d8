"""EFS: encrypted, elastic, through one access point, filled before any function exists."""

import json

import pytest

from components.function.tool_function import ToolRuntime
from components.storage.model_file_system import ModelFileSystem, ModelFileSystemArgs
from tests.components.deployment import awaited, ending, serving_function, statements
from tests.components.storage.serving import assert_every_subnet_has_one, serve_digits
from tests.recorder import ACCOUNT, IMAGE, REGION, Recorder

FILE_SYSTEM_ARN = f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:file-system/store-id"
ACCESS_POINT_ARN = f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:access-point/store-models-id"
THROUGH_THE_ACCESS_POINT = {"StringEquals": {"elasticfilesystem:AccessPointArn": ACCESS_POINT_ARN}}


def file_system(models, /, *, kms_key_arn=None, bucket_key=None, **options) -> Recorder:
    runtime = ToolRuntime(image_uri=IMAGE, architecture="x86_64", log_retention_days=30, kms_key_arn=kms_key_arn)
    arguments = {"models": [model.name for model in models], "seeded": models, "runtime": runtime, **options}
    key = bucket_key or kms_key_arn
    return serve_digits(models, "store", ModelFileSystem, ModelFileSystemArgs, bucket_key=key, **arguments)


@pytest.fixture
def deployment(models) -> Recorder:
    return file_system(models)


def sync_function(deployment: Recorder):
    (function,) = [
        each
        for each in deployment.of("aws:lambda/function:Function")
        if each.inputs["imageConfig"]["commands"] == ["handlers.model_sync.handler"]
    ]
    return function


def test_the_file_system_is_encrypted_and_elastic_and_not_protected_for_it_holds_copies(deployment):
    store = deployment.one("aws:efs/fileSystem:FileSystem")

    assert (store.inputs["encrypted"], store.inputs["throughputMode"], store.protect) == (True, "elastic", False)


def test_another_key_and_no_key_at_all_are_another_file_system(models):
    def trigger(key: str | None) -> str:
        return file_system(models, kms_key_arn=key).one("aws:efs/fileSystem:FileSystem").replacement_trigger

    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
    assert trigger(key) == trigger(key) != ""
    assert len({trigger(None), trigger(key), trigger(key[:-1] + "2")}) == 3


def test_a_mount_target_is_called_after_its_zone_so_that_a_further_zone_moves_none(deployment):
    names = {each.name for each in deployment.of("aws:efs/mountTarget:MountTarget")}

    assert names == {f"store-{REGION}a", f"store-{REGION}b"}


def test_there_is_a_mount_target_in_every_subnet_behind_the_mount_targets_group(deployment):
    assert_every_subnet_has_one(deployment.of("aws:efs/mountTarget:MountTarget"))


def test_everybody_behind_the_access_point_is_one_user_who_is_not_root(deployment):
    access_point = deployment.one("aws:efs/accessPoint:AccessPoint")

    assert access_point.inputs["posixUser"] == {"uid": 1000, "gid": 1000}
    assert access_point.inputs["rootDirectory"] == {
        "path": "/models",
        "creationInfo": {"ownerUid": 1000, "ownerGid": 1000, "permissions": "0755"},
    }


def test_clients_without_tls_or_without_the_access_point_are_refused_whatever_their_role(deployment):
    no_tls, elsewhere = statements(deployment.one("aws:efs/fileSystemPolicy:FileSystemPolicy"))

    assert {no_tls["Effect"], elsewhere["Effect"]} == {"Deny"}
    assert no_tls["Principal"] == elsewhere["Principal"] == {"AWS": "*"}
    assert no_tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    any_of_them = ACCESS_POINT_ARN.replace("store-models-id", "*")
    assert elsewhere["Condition"] == {"StringNotLike": {"elasticfilesystem:AccessPointArn": any_of_them}}
    for statement in (no_tls, elsewhere):
        assert statement["Resource"] == [FILE_SYSTEM_ARN]
        assert statement["Action"] == [
            f"elasticfilesystem:Client{access}" for access in ("Mount", "Write", "RootAccess")
        ]


def test_a_function_mounts_the_file_system_to_read_and_has_no_other_grant_on_it(deployment):
    (grant,) = [
        each
        for each in statements(deployment.named("digits-grants"))
        if any(action.startswith("elasticfilesystem") for action in each["Action"])
    ]

    assert grant["Action"] == ["elasticfilesystem:ClientMount"]
    assert (grant["Resource"], grant["Condition"]) == ([FILE_SYSTEM_ARN], THROUGH_THE_ACCESS_POINT)
    assert not any(
        "s3:" in action for each in statements(deployment.named("digits-grants")) for action in each["Action"]
    )


def test_a_function_of_one_model_sees_its_own_directory_and_no_other(models):
    deployment = file_system(models, shown_alone=["digits"])

    own = deployment.named("store-of-digits").inputs
    assert own["rootDirectory"]["path"] == "/models/digits"
    assert own["posixUser"] == {"uid": 1000, "gid": 1000}
    arn = ACCESS_POINT_ARN.replace("store-models-id", "store-of-digits-id")
    function = serving_function(deployment).inputs
    assert function["fileSystemConfig"] == {"arn": arn, "localMountPath": "/mnt/digits"}
    assert function["environment"]["variables"]["MODEL_STORE_URI"] == "file:///mnt"
    (grant,) = [
        each
        for each in statements(deployment.named("digits-grants"))
        if each["Action"] == ["elasticfilesystem:ClientMount"]
    ]
    assert grant["Condition"] == {"StringEquals": {"elasticfilesystem:AccessPointArn": arn}}
    assert sync_function(deployment).inputs["fileSystemConfig"]["arn"] == ACCESS_POINT_ARN


def test_a_model_may_be_called_models(package):
    models = package({name: {1: {"model.tflite": b"first"}} for name in ("digits", "models")})
    deployment = file_system(models, shown_alone=["digits", "models"])
    assert len({each.urn for each in deployment.of("aws:efs/accessPoint:AccessPoint")}) == 3


def test_a_function_waits_for_every_mount_target_every_rule_and_the_first_sync(deployment):
    waits_for = awaited(deployment, serving_function(deployment))

    must_be_there = [
        *deployment.of("aws:efs/mountTarget:MountTarget"),
        *ending(deployment, "GroupIngressRule"),
        *ending(deployment, "GroupEgressRule"),
        deployment.one("aws:efs/fileSystemPolicy:FileSystemPolicy"),
        deployment.one("aws:lambda/invocation:Invocation"),
    ]
    assert {each.name for each in must_be_there} <= waits_for


def test_a_function_sees_the_models_under_the_mount(deployment):
    function = serving_function(deployment)

    assert function.inputs["fileSystemConfig"] == {"arn": ACCESS_POINT_ARN, "localMountPath": "/mnt/models"}
    assert function.inputs["environment"]["variables"]["MODEL_STORE_URI"] == "file:///mnt/models"
    assert function.inputs["vpcConfig"]["securityGroupIds"] == ["net-functions-id"]


def test_the_sync_function_reads_its_models_and_writes_the_file_system_and_its_queue_and_log(deployment):
    granted = {
        action: each["Resource"]
        for each in statements(deployment.named("store-sync-policy"))
        for action in each["Action"]
    }
    bucket = "arn:aws:s3:::bucket-1234567"

    assert granted["s3:GetObject"] == [f"{bucket}/models/digits/*", f"{bucket}/models/iris/*"]
    assert granted["s3:ListBucket"] == [bucket]
    assert granted["elasticfilesystem:ClientMount"] == granted["elasticfilesystem:ClientWrite"] == [FILE_SYSTEM_ARN]
    assert "elasticfilesystem:ClientRootAccess" not in granted
    assert {action.split(":")[0] for action in granted} == {"s3", "elasticfilesystem", "sqs", "logs", "ec2"}
    assert [action for action, on in granted.items() if on == ["*"] and not action.startswith("ec2:")] == []


def test_the_sync_function_knows_the_bucket_its_models_and_the_mount(deployment):
    assert sync_function(deployment).inputs["environment"]["variables"] == {
        "MODEL_STORE_URI": "s3://bucket-1234567/models",
        "MODEL_NAMES": "digits,iris",
        "MODEL_SYNC_TARGET": "/mnt/models",
    }


def test_the_sync_function_runs_alone_in_the_vpc_and_is_destroyed_fast(deployment):
    inputs = sync_function(deployment).inputs

    assert inputs["reservedConcurrentExecutions"] == 1
    assert inputs["replaceSecurityGroupsOnDestroy"] is True
    assert inputs["vpcConfig"]["securityGroupIds"] == ["net-sync-id"]
    assert {each.name for each in deployment.of("aws:efs/mountTarget:MountTarget")} <= awaited(
        deployment, sync_function(deployment)
    )


def test_an_account_without_spare_concurrency_can_leave_the_reservation_out(models):
    deployment = file_system(models, reserve_sync_concurrency=False)

    assert sync_function(deployment).inputs["reservedConcurrentExecutions"] == -1


def test_pointers_and_manifests_that_come_or_go_call_the_sync_function(deployment):
    notification = deployment.one("aws:s3/bucketNotification:BucketNotification")

    assert [(each["filterPrefix"], each["filterSuffix"]) for each in notification.inputs["lambdaFunctions"]] == [
        ("models/", "/current.json"),
        ("models/", "/manifest.json"),
    ]
    for each in notification.inputs["lambdaFunctions"]:
        assert each["events"] == ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
    assert permission_of(deployment, "s3.amazonaws.com").name in awaited(deployment, notification)


def permission_of(deployment, principal):
    (permission,) = [
        each for each in deployment.of("aws:lambda/permission:Permission") if each.inputs["principal"] == principal
    ]
    return permission


def test_the_buckets_notifications_leave_s3_files_what_it_follows(models):
    def eventbridge(**more):
        return file_system(models, **more).one("aws:s3/bucketNotification:BucketNotification").inputs["eventbridge"]

    assert eventbridge() is False
    assert eventbridge(bucket_is_followed=True) is True


def test_a_schedule_calls_the_sync_function_for_what_no_notification_told(deployment):
    rule = deployment.one("aws:cloudwatch/eventRule:EventRule")
    target = deployment.one("aws:cloudwatch/eventTarget:EventTarget")
    permission = permission_of(deployment, "events.amazonaws.com")

    assert rule.inputs["scheduleExpression"] == "rate(1 hour)"
    assert target.inputs["arn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:store-sync-1234567"
    assert json.loads(target.inputs["input"]) == {"reason": "schedule"}
    assert permission.inputs["sourceArn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/store-sync-schedule-1234567"
    assert {rule.name, permission.name} <= awaited(deployment, target)


def test_only_this_bucket_of_this_account_may_call_the_sync_function(deployment):
    permission = permission_of(deployment, "s3.amazonaws.com").inputs

    assert (permission["principal"], permission["sourceArn"], permission["sourceAccount"]) == (
        "s3.amazonaws.com",
        "arn:aws:s3:::bucket-1234567",
        ACCOUNT,
    )


def test_what_the_sync_function_cannot_do_ends_in_an_encrypted_queue(deployment):
    queue = deployment.one("aws:sqs/queue:Queue")
    on_failure = deployment.one("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")

    assert queue.inputs["sqsManagedSseEnabled"] is True
    assert on_failure.inputs["destinationConfig"]["onFailure"]["destination"].endswith(
        ":store-sync-dead-letters-1234567"
    )


def test_the_first_sync_comes_after_every_seeded_object(deployment):
    seeded = {each.name for each in deployment.of("aws:s3/bucketObjectv2:BucketObjectv2")}

    assert len(seeded) == 6
    assert seeded <= awaited(deployment, deployment.one("aws:lambda/invocation:Invocation"))


def test_a_deployment_syncs_again_only_when_what_it_seeds_changes(package):
    def triggers(models):
        return file_system(models).one("aws:lambda/invocation:Invocation").inputs["triggers"]

    first = triggers(package({"digits": {1: {"model.tflite": b"first"}}}))
    again = triggers(package({"digits": {1: {"model.tflite": b"first"}}}))
    newer = triggers(package({"digits": {2: {"model.tflite": b"second"}}}))

    assert first == again
    assert first["digits"] != newer["digits"]


def test_the_report_of_the_first_sync_is_an_output(deployment):
    outputs = deployment.one("tensorflow-lambda:index:ModelFileSystem").outputs

    assert json.loads(outputs["first_sync"])["failed"] is False


def test_a_key_encrypts_the_file_system_the_logs_and_the_environment(models):
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
    deployment = file_system(models, kms_key_arn=key)

    assert deployment.one("aws:efs/fileSystem:FileSystem").inputs["kmsKeyId"] == key
    assert deployment.named("store-sync-logs").inputs["kmsKeyId"] == key
    assert sync_function(deployment).inputs["kmsKeyArn"] == key
    usable = {
        each["Condition"]["StringEquals"]["kms:ViaService"]: each["Action"]
        for each in statements(deployment.named("store-sync-policy"))
        if each["Resource"] == [key]
    }
    assert usable == {
        f"lambda.{REGION}.amazonaws.com": ["kms:Decrypt"],
        f"s3.{REGION}.amazonaws.com": ["kms:Decrypt"],
        f"sqs.{REGION}.amazonaws.com": ["kms:Decrypt", "kms:GenerateDataKey"],
    }
    encrypted = [
        each["Condition"].get("StringLike", {})
        for each in statements(deployment.named("store-sync-policy"))
        if each["Resource"] == [key]
    ]
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:store-sync-dead-letters-1234567"
    bucket = "arn:aws:s3:::bucket-1234567"
    assert {"kms:EncryptionContext:aws:sqs:arn": [queue]} in encrypted
    assert {"kms:EncryptionContext:aws:s3:arn": [bucket, f"{bucket}/*"]} in encrypted


def test_the_sync_may_decrypt_with_the_key_of_the_bucket(models):
    key, other = (f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{each}" for each in ("1234", "5678"))
    deployment = file_system(models, kms_key_arn=key, bucket_key=other)
    through_s3 = [
        each["Resource"]
        for each in statements(deployment.named("store-sync-policy"))
        if each.get("Condition", {}).get("StringEquals") == {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}
    ]
    assert through_s3 == [[other]]


def test_a_model_that_the_file_system_is_not_filled_with_cannot_be_bound(models):
    with pytest.raises(ValueError, match=r"not filled with the models \['digits'\]; it holds \['iris'\]"):
        file_system(models[1:])


def test_a_file_system_of_all_models_copies_whatever_the_bucket_has(models):
    deployment = file_system(models, models=None)
    granted = {
        action: each["Resource"]
        for each in statements(deployment.named("store-sync-policy"))
        if each["Effect"] == "Allow"
        for action in each["Action"]
    }

    assert "MODEL_NAMES" not in sync_function(deployment).inputs["environment"]["variables"]
    assert granted["s3:GetObject"] == ["arn:aws:s3:::bucket-1234567/models/*"]
    assert deployment.one("aws:lambda/invocation:Invocation").inputs["triggers"]["copied models"] == "all"


def test_a_file_system_of_some_models_cannot_serve_all(models):
    with pytest.raises(ValueError, match=r"not filled with the models \['all'\]"):
        file_system(models, models=["digits"], served=None)


def test_provisioned_throughput_is_given_to_the_file_system(models):
    inputs = (
        file_system(models, throughput="provisioned", provisioned_mibps=64).one("aws:efs/fileSystem:FileSystem").inputs
    )

    assert (inputs["throughputMode"], inputs["provisionedThroughputInMibps"]) == ("provisioned", 64)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"throughput": "fast"}, "throughput is 'fast'; an EFS file system takes elastic, bursting, provisioned"),
        ({"throughput": "provisioned"}, "provisioned_mibps is None; provisioned throughput takes 1 to 3414 MiB/s"),
        ({"throughput": "provisioned", "provisioned_mibps": 0}, "provisioned_mibps is 0"),
        ({"provisioned_mibps": 64}, "provisioned_mibps is 64, but throughput is elastic; choose provisioned, or leave"),
    ],
)
def test_a_throughput_that_efs_does_not_have_is_refused_with_the_way_out(models, options, message):
    with pytest.raises(ValueError, match=message):
        file_system(models, **options)
