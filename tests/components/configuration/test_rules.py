"""Each combination that AWS refuses, or that has a surprising effect, with the message that a user reads."""

from pathlib import Path

import pytest

from components.configuration.reading import SettingsError, read_settings
from components.image.handler_image import PLATFORMS
from components.settings.settings import Settings
from tests.components.configuration.asking import advice, read, refusal
from tests.packaged import as_configuration, package
from tests.paths import PROJECT
from tests.recorder import IMAGE, REGION

DAY = {"schedule": "cron(0 8 ? * MON-FRI *)", "minimum": 5, "maximum": 20}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"storage": "efs", "snapStart": True},
            "snapStart, storage: a function that mounts a file system, as with efs, cannot have SnapStart; set storage "
            "to s3 or image, or snapStart to false and provisionedConcurrency to keep environments ready",
        ),
        (
            {"storage": "s3files", "snapStart": True},
            "snapStart, storage: a function that mounts a file system, as with s3files, cannot have SnapStart",
        ),
        (
            {"snapStart": True, "provisionedConcurrency": 2},
            "snapStart, provisionedConcurrency: a function cannot have both SnapStart and provisioned concurrency; set "
            "snapStart to false, or leave provisionedConcurrency out",
        ),
        (
            {"snapStart": True, "ephemeralStorageMib": 1024},
            "snapStart, ephemeralStorageMib: a function with SnapStart has a /tmp of 512 MiB, not of 1024; set "
            "ephemeralStorageMib to 512 (with storage image, models use none of it), or snapStart to false",
        ),
        (
            {"delivery": "canary10Percent5Minutes", "monitoring": True, "provisionedConcurrency": 1},
            "delivery, provisionedConcurrency: canary10Percent5Minutes splits an alias's traffic between two versions, "
            "and such an alias cannot have provisioned concurrency; set delivery to allAtOnce",
        ),
        (
            {"asynchronous": True, "storage": "efs"},
            "asynchronous, storage, interfaceEndpoints: functions that mount a file system are in a network that does "
            "not lead to SQS; name sqs in interfaceEndpoints",
        ),
        (
            {"asynchronous": True, "reservedConcurrency": 4},
            "asynchronousConcurrency, reservedConcurrency: 5 messages at once are more than the 4 requests that are "
            "reserved for the function; set asynchronousConcurrency to 4 or less, but 2 or more, or reserve more",
        ),
        (
            {"asynchronousConcurrency": 9},
            "asynchronousConcurrency, asynchronous: every request is answered at once; set asynchronous to true",
        ),
        (
            {"provisionedConcurrency": 5, "reservedConcurrency": 3},
            "provisionedConcurrency, reservedConcurrency: 5 environments are kept ready, but only 3 may run; set "
            "reservedConcurrency to 5 or more, or to -1 to reserve nothing",
        ),
        (
            {"provisionedConcurrencySchedule": {"day": DAY}, "reservedConcurrency": 10},
            "provisionedConcurrencySchedule, reservedConcurrency: 20 environments are kept ready, but only 10 may run",
        ),
        (
            {"provisionedConcurrencyMaximum": 5},
            "provisionedConcurrencyMaximum, provisionedConcurrency: a maximum of 5 environments needs a minimum; set",
        ),
        (
            {"provisionedConcurrency": 9, "provisionedConcurrencyMaximum": 5},
            "a maximum of 5 is less than the 9 environments that are always ready; set "
            "provisionedConcurrencyMaximum to 9 or more",
        ),
        (
            {"provisionedConcurrencySchedule": {"day": {**DAY, "maximum": 1}}},
            "provisionedConcurrencySchedule: day has a minimum of 5, above its maximum of 1; set the maximum to 5",
        ),
        (
            {"storage": "efs", "vpcId": "vpc-0a"},
            "vpcId, subnetIds: vpc-0a needs one subnet or more, each in a different zone",
        ),
        (
            {"storage": "efs", "subnetIds": ["subnet-0a"]},
            "subnetIds, vpcId: the subnets are in a VPC, but vpcId is not set",
        ),
        (
            {"storage": "efs", "vpcId": "vpc-0a", "subnetIds": ["subnet-0a"], "zones": ["eu-central-1a"]},
            "zones, vpcId: the zones of vpc-0a are those of subnetIds; leave vpcId out to make a VPC, or leave "
            "zones out",
        ),
        (
            {"storage": "efs", "vpcId": "vpc-0a", "subnetIds": ["subnet-0a"], "vpcCidr": "10.1.0.0/24"},
            "vpcCidr, vpcId: vpc-0a already has an address range; leave vpcId out to make a VPC, or leave vpcCidr out",
        ),
        (
            {"vpcId": "vpc-0a", "subnetIds": ["subnet-0a"]},
            "vpcId, subnetIds, storage: with storage s3, functions run outside a VPC; leave vpcId and subnetIds out, "
            "or set storage to efs or s3files",
        ),
        (
            {"storage": "image", "interfaceEndpoints": ["kms"]},
            "interfaceEndpoints, storage: with storage image, functions run outside a VPC; leave interfaceEndpoints "
            "out, or set storage to efs or s3files",
        ),
        (
            {"storage": "s3files", "efsThroughput": "bursting"},
            "efsThroughput, storage: no model's storage is efs, so no file system is bursting; set storage "
            "to efs, or leave efsThroughput out",
        ),
        (
            {"storage": "efs", "vpcCidr": "10.0.0.0/28"},
            "vpcCidr, zones: the VPC's address range 10.0.0.0/28 has a /28 prefix; allowed are /16 to /25",
        ),
        (
            {"storage": "efs", "zones": ["us-east-1a"]},
            "zones, aws:region: us-east-1a is not in eu-central-1; name zones of that region, such as eu-central-1a",
        ),
        (
            {"storage": "efs", "efsThroughput": "provisioned"},
            "efsThroughput, efsProvisionedMibps: provisioned needs a number of MiB per second; set "
            "efsProvisionedMibps to 1 to 3414, or efsThroughput to elastic",
        ),
        (
            {"storage": "efs", "efsProvisionedMibps": 9},
            "efsProvisionedMibps, efsThroughput: 9 MiB per second are for provisioned, but efsThroughput is elastic",
        ),
        (
            {"storage": "image", "imageUri": IMAGE},
            "imageUri, storage, imageHoldsModels: no model can be added to an existing image; set imageHoldsModels to "
            "true if it holds the models in /opt/models, leave imageUri out to build an image with them, or set "
            "storage to s3, efs or s3files",
        ),
        (
            {"imageHoldsModels": True},
            "imageHoldsModels, imageUri, storage: it concerns an existing image with models; set imageUri",
        ),
        (
            {"delivery": "linear10PercentEvery1Minute"},
            "delivery, monitoring: linear10PercentEvery1Minute takes the traffic back when an alarm fires, but there "
            "are no alarms; set monitoring to true, or delivery to allAtOnce",
        ),
        (
            {"alarmsTopicArn": "arn:aws:sns:eu-central-1:123456789012:pager"},
            "alarmsTopicArn, monitoring: there are no alarms; set monitoring to true",
        ),
        (
            {"latencyAlarmMs": 900},
            "latencyAlarmMs, monitoring: there are no alarms; set monitoring to true, or leave latencyAlarmMs",
        ),
        (
            {"kmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1a"},
            "kmsKeyArn: it is in us-east-1, but the stack is in eu-central-1; name one in eu-central-1",
        ),
        (
            {"modelSettings": {"digits": {"memoryMib": 3008, "storage": "image"}}},
            "modelSettings.digits.memoryMib, modelSettings.digits.storage, mode: mode multi has one function for all "
            "models, so digits cannot have settings of its own; set mode to single",
        ),
        (
            {"modelSettings": {"digit": {"engine": "litert"}}},
            "modelSettings.digit: no model of this name is served; served are digits, iris",
        ),
        (
            {"modelSettings": {"digits": {"engine": "litert"}}},
            "modelSettings.digits.engine: digits version 2 was not packaged for litert: tensorflow serves "
            "serving_default. `python -m models package build/exports/digits/saved_model --name digits --engine litert "
            "--make-current` packages it, or says why it cannot; or leave engine out",
        ),
        (
            {"mode": "single", "modelSettings": {"digits": {"memoryMib": 256}}},
            "modelSettings.digits.memoryMib: the model digits needs a function of 463 MiB or more, with its engine and "
            "a request beside it; set memoryMib to 463 or more",
        ),
        (
            {"modelCacheMib": 100},
            "modelCacheMib: the model digits and its engine take 321 MiB of memory, and models may take 100; set "
            "modelCacheMib to 321 or more, or leave it out",
        ),
        (
            {"mode": "single", "modelSettings": {"iris": {"snapStart": True, "storage": "efs"}}},
            "modelSettings.iris.snapStart, modelSettings.iris.storage: a function that mounts a file system",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(packaged: Path, values: dict[str, object], said: str):
    assert said in refusal(packaged, **values)


@pytest.mark.parametrize("storage", ["efs", "s3files"])
def test_a_mounted_storage_needs_to_know_the_region(packaged: Path, storage: str):
    message = refusal(packaged, None, storage=storage)
    assert f"storage, aws:region: {storage} needs a network in a region, but no region is set" in message
    assert "`pulumi config set aws:region eu-west-1` sets one" in message


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"mode": "single", "reservedConcurrency": 500},
            "reservedConcurrency: the functions together reserve 1000; an account can reserve 900 in a region unless "
            "AWS raised its 1000",
        ),
        ({"snapStart": True, "imageUri": IMAGE}, "snapStart, imageUri: Lambda takes snapshots only of images that"),
        (
            {"snapStart": True, "memoryMib": 2048},
            "snapStart: Lambda bills a snapshot of 2048 MiB for each published version, as long as it exists: "
            "those of the live version and of 3 old ones",
        ),
        (
            {"storage": "efs", "efsThroughput": "bursting"},
            "efsThroughput: once its credits are used up, a bursting file system with 1 MiB of models reads "
            "1.0 MiB a second for all functions together",
        ),
        (
            {"storage": "efs"},
            "syncReservedConcurrency: the function that fills the file system reserves a concurrency of 1; an account "
            "with a concurrency of 100 or less in the region, such as a new one, can reserve none",
        ),
        (
            {"storage": "efs", "kmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/1a"},
            "kmsKeyArn, storage: a file system keeps the key that it was made with; where kmsKeyArn is set, changed or "
            "left out later, a new one is made and filled before functions mount it",
        ),
        (
            {"provisionedConcurrency": 2},
            "provisionedConcurrency: up to 2 environments are kept ready or reserved, out of 900 that an account has "
            "for that in a region, and a new one, whose concurrency is 10, has none",
        ),
        (
            {"mode": "single", "provisionedConcurrency": 500, "reservedConcurrency": 600},
            "provisionedConcurrency: up to 1200 environments are kept ready or reserved, out of 900",
        ),
        (
            {"storage": "efs", "efsThroughput": "provisioned", "efsProvisionedMibps": 2000},
            "efsProvisionedMibps: EFS provisions 2000 MiB a second only in some regions",
        ),
        (
            {"storage": "image", "ephemeralStorageMib": 2048},
            "ephemeralStorageMib, storage: with storage image, functions keep nothing in /tmp, but AWS bills what "
            "exceeds 512 MiB",
        ),
        (
            {"mode": "single", "modelSettings": {"iris": {"memoryMib": 4096}}},
            "modelSettings.iris.memoryMib: 4096 MiB is more than the 3008 MiB that a new account has",
        ),
    ],
)
def test_what_works_and_surprises_is_said(packaged: Path, values: dict[str, object], said: str):
    assert said in advice(packaged, **values)


def test_a_file_system_filled_under_a_lock_reserves_nothing_to_speak_of(packaged: Path):
    assert "syncReservedConcurrency" not in advice(packaged, storage="efs", syncReservedConcurrency=False)
    assert "syncReservedConcurrency" not in advice(packaged, storage="s3")


def test_models_that_no_image_has_room_for_are_refused_before_anything_is_built(packaged: Path):
    manifest = packaged / "iris" / "1" / "manifest.json"
    with (packaged / "iris" / "1" / "model.tflite").open("r+b") as file:
        file.truncate(10 << 30)  # takes no room on disk
    manifest.write_text(manifest.read_text().replace('"size": 7', f'"size": {10 << 30}', 1))
    message = refusal(packaged, storage="image")
    assert "storage, models: the models have 10241 MiB, but an image has room for 7168 beside its engines" in message


def test_a_model_that_no_function_has_memory_for_is_refused_before_anything_is_built(packaged: Path):
    manifest = packaged / "iris" / "1" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"memory_bytes": 1048576', f'"memory_bytes": {10 << 30}', 1))
    message = refusal(packaged, models=["iris"])
    assert "memoryMib, models: the model iris needs a function of 11818 MiB, and Lambda gives 10240 at most" in message


def test_a_model_with_its_own_storage_is_held_to_that_storage_s_rules(packaged: Path):
    settings = read(packaged, mode="single", modelSettings={"iris": {"storage": "image", "snapStart": True}})
    assert [function.storage for function in settings.functions()] == ["s3", "image"]
    assert [model.name for model in settings.stored_in("image")] == ["iris"]


def test_an_engine_that_a_model_was_packaged_for_is_accepted_in_both_modes(packaged: Path):
    for mode in ("single", "multi"):
        assert read(packaged, mode=mode, modelSettings={"iris": {"engine": "litert"}}).model_settings


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"iris": {"memory": 1}}, "has iris.memory, which is not one of storage, engine, memoryMib"),
        ({"iris": {"memoryMib": 1}}, "has iris.memoryMib: 1 is too small; allowed is 128 to 10240 MiB"),
        ({"iris": 3}, "has iris, which is not a map of values by key"),
        (["iris"], "is not a map"),
    ],
)
def test_a_model_s_own_settings_are_read_as_strictly_as_the_others(packaged: Path, own: object, said: str):
    assert f"modelSettings: {own_text(own)} {said}" in refusal(packaged, mode="single", modelSettings=own)


def own_text(own: object) -> str:
    return repr(as_configuration(own=own)["own"])


def test_a_schedule_says_what_it_lacks(packaged: Path):
    assert "has day, which lacks maximum" in refusal(
        packaged, provisionedConcurrencySchedule={"day": {"schedule": "rate(1 day)", "minimum": 1}}
    )


def test_tags_are_what_aws_takes(packaged: Path):
    assert read(packaged, tags={"team": "vision"}).tags == {"team": "vision"}
    for name in ("aws:team", "AWS:team", "Aws:team"):
        assert f"has ['{name}'], which is not valid" in refusal(packaged, tags={name: "vision"})


def test_more_tags_than_aws_takes_on_a_resource_are_refused(packaged: Path):
    tags = {f"key{number}": "v" for number in range(51)}
    del tags["key50"]
    message = "there are 50 tags; AWS takes 50 on a resource, one of which names the stack"
    assert f"tags: {message}; leave 49 or fewer" in refusal(packaged, tags=tags)
    del tags["key49"]
    assert len(read(packaged, tags=tags).tags) == 49
    assert ", and file systems have the tag Name besides; leave 48" in refusal(packaged, tags=tags, storage="efs")
    del tags["key48"]
    assert len(read(packaged, tags={**tags, "Name": "x"}, storage="efs").tags) == 49


def test_a_stack_whose_name_cloudwatch_does_not_take_has_no_dashboard(packaged: Path):
    def named(stack: str, **values: object) -> Settings:
        values = {"modelRepository": str(packaged), **values}
        return read_settings(as_configuration(**values), PROJECT, REGION, stack)

    assert named("prod.eu").stack_name == "prod.eu"
    assert named("prod-eu_2", monitoring=True).monitoring
    with pytest.raises(SettingsError, match=r"monitoring: the dashboard would be named after the stack prod\.eu"):
        named("prod.eu", monitoring=True)


def test_more_models_than_a_dashboard_has_rows_for_are_refused(tmp_path: Path):
    names = [f"m{number:03}" for number in range(125)]
    for name in names:
        package(tmp_path, name)
    single = {"mode": "single", "apiRoutesQuota": 1_000, "models": names[:63]}
    message = refusal(tmp_path, monitoring=True, **single)
    assert "monitoring, models: 63 models need 504 widgets, but a dashboard has at most 500" in message
    assert "125 models need 508 widgets" in refusal(tmp_path, monitoring=True, modelMetrics=True, models=names)
    assert read(tmp_path, monitoring=True, models=names)
    assert read(tmp_path, monitoring=True).served is None


def test_more_functions_than_a_delivery_can_be_granted_are_refused(tmp_path: Path):
    names = [f"m{number:03}" for number in range(200)]
    for name in names:
        package(tmp_path, name)
    delivered = {"mode": "single", "monitoring": True, "delivery": "canary10Percent5Minutes", "apiRoutesQuota": 2_000}
    assert (
        "delivery, mode, models: granting 200 functions to one role takes 12 policies; allowed are 11; "
        "set delivery to allAtOnce, or mode to multi, or list fewer"
    ) in refusal(tmp_path, **delivered)
    assert "delivery" not in refusal(tmp_path, **delivered, models=names[:150])
    assert read(tmp_path, **{**delivered, "mode": "multi"})
    at_once = {**delivered, "delivery": "allAtOnce", "monitoring": False}
    assert read(tmp_path, **at_once)
    assert "snapStart, mode, models: granting 200 functions" in refusal(tmp_path, **at_once, snapStart=True)


def test_tensorflow_is_locked_for_every_architecture_that_may_be_chosen():
    for platform in PLATFORMS.values():
        assert (PROJECT / f"handlers/requirements/tensorflow-{platform.removeprefix('linux/')}.txt").is_file()
