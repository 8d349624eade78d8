"""The whole real program under several configurations, as `pulumi up` runs it."""

import json
import runpy
from pathlib import Path
from typing import get_args

import pytest
import yaml

from components.configuration.reading import SettingsError
from components.settings.settings import Mode
from components.settings.storage_settings import MOUNTED_STORAGES, Storage
from components.storage.model_pointers import VersionTakenBackError
from components.storage.model_seed import VersionConflictError
from policy.invariants import breaches
from tests.packaged import as_configuration, package
from tests.paths import PROJECT
from tests.recorder import CERTIFICATE, IMAGE, Recorder, Registered, StoredObject, deploy

FUNCTION = "aws:lambda/function:Function"

CONFIGURATIONS = {
    "the defaults": {},
    "a function for each model": {"mode": "single"},
    "an image built before": {"imageUri": IMAGE},
    "an open API on arm64": {"auth": "none", "architecture": "arm64"},
    "every size and limit": {
        "mode": "single",
        "memoryMib": 3008,
        "timeoutSeconds": 12,
        "ephemeralStorageMib": 1024,
        "modelCacheMib": 512,
        "verifyModels": False,
        "allowModelCode": True,
        "reservedConcurrency": 3,
        "logRetentionDays": 7,
        "throttlingBurst": 9,
        "throttlingRate": 4,
        "imageEngines": "tensorflow",
        "deleteModelsOnDestroy": True,
    },
    "one of the models": {"models": ["iris"], "mode": "single"},
    "a network that is there already": {"storage": "efs", "vpcId": "vpc-0a", "subnetIds": ["subnet-0a", "subnet-0b"]},
    "a network with a key service": {"storage": "s3files", "interfaceEndpoints": ["kms"]},
    **{
        f"a bucket that is there already, {storage}": {"modelBucket": "trained", "storage": storage, "mode": "single"}
        for storage in get_args(Storage)
    },
    "an image that holds its models already": {"storage": "image", "imageUri": IMAGE, "imageHoldsModels": True},
    **{
        f"{storage}, {mode}": {"storage": storage, "mode": mode}
        for storage in get_args(Storage)
        for mode in get_args(Mode)
    },
}


@pytest.fixture
def packaged(tmp_path: Path) -> Path:
    package(tmp_path, "digits", engine="tensorflow")
    return package(tmp_path, "iris")


def run(root: Path, *, objects: dict[str, StoredObject] | None = None, **values: object) -> Recorder:
    config = as_configuration(**{"modelRepository": str(root), **values})
    return deploy(lambda: runpy.run_path(str(PROJECT / "__main__.py")), config=config, objects=objects)


def serving_functions(recorder: Recorder) -> list[Registered]:
    """The functions that answer predictions."""
    commands = (["handlers.single_model.handler"], ["handlers.multi_model.handler"])
    return [each for each in recorder.of(FUNCTION) if each.inputs["imageConfig"]["commands"] in commands]


def written_in(stack: Path) -> dict[str, object]:
    """A stack file's values by key, without the project's namespace."""
    values = yaml.safe_load(stack.read_text())["config"]
    return {key.removeprefix("tensorflow-lambda:"): value for key, value in values.items()}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_invariant_holds(packaged: Path, name: str):
    recorder = run(packaged, **CONFIGURATIONS[name])
    assert [breach for each in recorder.registered for breach in breaches(each.type, each.name, each.inputs)] == []


@pytest.mark.parametrize("stack", sorted(PROJECT.glob("Pulumi.*.yaml")), ids=lambda path: path.name)
def test_every_stack_file_deploys_and_holds_the_invariants(packaged: Path, stack: Path):
    recorder = run(packaged, **written_in(stack))
    assert recorder.exports["apiUrl"].startswith("https://")
    assert [breach for each in recorder.registered for breach in breaches(each.type, each.name, each.inputs)] == []


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_resource_belongs_to_the_one_stack_component(packaged: Path, name: str):
    recorder = run(packaged, **CONFIGURATIONS[name])
    by_urn = {each.urn: each for each in recorder.registered}
    tops = [each for each in recorder.registered if each.parent not in by_urn]
    assert [each.name for each in tops] == ["inference"]


def test_exports_say_where_to_send_requests(packaged: Path):
    assert run(packaged, imageUri=IMAGE).exports == {
        "apiUrl": "https://abcdefghij.execute-api.eu-central-1.amazonaws.com",
        "auth": "iam",
        "requestsArn": "arn:aws:execute-api:eu-central-1:123456789012:abcdefghij/$default/*",
        "accessLog": "/aws/vendedlogs/inference-api-1234567",
        "functionNames": {"digits": "inference-1234567", "iris": "inference-1234567"},
        "bucketName": "inference-models-1234567",
        "imageUri": IMAGE,
        "models": ["digits", "iris"],
        "mode": "multi",
        "engines": ["litert", "onnxruntime", "tensorflow"],
        "allowModelCode": False,
        "storages": {"digits": "s3", "iris": "s3"},
    }


def test_multi_is_one_function_for_all_models(packaged: Path):
    function = run(packaged, mode="multi").one(FUNCTION).inputs
    assert function["imageConfig"] == {"commands": ["handlers.multi_model.handler"]}
    assert "MODEL_NAMES" not in function["environment"]["variables"]


def test_one_function_serves_only_the_models_that_are_named_where_some_are(packaged: Path):
    recorder = run(packaged, mode="multi", models=["iris"])
    assert recorder.one(FUNCTION).inputs["environment"]["variables"]["MODEL_NAMES"] == "iris"
    assert "models/*" not in recorder.named("inference-grants").inputs["policy"]


def test_single_is_one_function_for_each_model(packaged: Path):
    functions = run(packaged, mode="single").of(FUNCTION)
    variables = [each.inputs["environment"]["variables"] for each in functions]
    listed = {each["MODEL_NAMES"]: each.get("LISTED_MODELS") for each in variables}
    assert listed == {"digits": "digits,iris", "iris": None}
    assert {each.inputs["imageConfig"]["commands"][0] for each in functions} == {"handlers.single_model.handler"}


def test_a_function_of_its_own_can_read_its_model_alone(packaged: Path):
    policy = run(packaged, mode="single").named("inference-iris-grants").inputs["policy"]
    assert "models/iris/*" in policy
    assert "digits" not in policy


def test_a_function_waits_for_every_object_of_its_own_models_and_for_no_other(packaged: Path):
    def awaited(recorder: Recorder, function: Registered) -> set[str]:
        seeded = {each.urn: each.inputs["key"] for each in recorder.of("aws:s3/bucketObjectv2:BucketObjectv2")}
        return {seeded[urn].split("/")[1] for urn in recorder.waits_for(function) & seeded.keys()}

    single, multi = run(packaged, mode="single"), run(packaged)
    (iris,) = (each for each in single.of(FUNCTION) if each.name == "inference-iris")
    assert awaited(single, iris) == {"iris"}
    assert awaited(multi, multi.one(FUNCTION)) == {"digits", "iris"}
    pointers = {each.urn for each in multi.registered if each.name.endswith("-current")}
    assert pointers <= multi.one(FUNCTION).dependencies


def test_one_architecture_decides_image_and_functions(packaged: Path):
    recorder = run(packaged, architecture="arm64", mode="single")
    assert recorder.one("docker:index/image:Image").inputs["build"]["platform"] == "linux/arm64"
    assert {each.inputs["architectures"][0] for each in recorder.of(FUNCTION)} == {"arm64"}


@pytest.mark.parametrize(
    ("values", "target"),
    [
        ({}, "tensorflow"),
        ({"models": ["iris"]}, "litert"),
        ({"models": ["iris"], "imageEngines": "tensorflow"}, "tensorflow"),
    ],
)
def test_the_image_holds_the_engines_that_the_models_need(packaged: Path, values: dict[str, object], target: str):
    assert run(packaged, **values).one("docker:index/image:Image").inputs["build"]["target"] == target


def test_an_image_built_before_needs_neither_docker_nor_a_repository(packaged: Path):
    recorder = run(packaged, imageUri=IMAGE)
    assert not recorder.of("docker:index/image:Image")
    assert not recorder.of("aws:ecr/repository:Repository")
    assert recorder.one(FUNCTION).inputs["imageUri"] == IMAGE


def test_a_second_deployment_keeps_the_version_that_was_published_since(packaged: Path):
    published = '{"version": 9, "labels": {}}\n'
    recorder = run(packaged, objects={"models/iris/current.json": StoredObject(body=published)})
    assert recorder.named("inference-models-iris-current").inputs["content"] == published


def test_the_bucket_says_what_the_image_holds_and_functions_wait_until_it_does(packaged: Path):
    package(packaged, "iris", version=2)
    published = {"models/iris/current.json": StoredObject(body='{"version": 1, "labels": {}}\n')}
    recorder = run(packaged, objects=published, storage="image", mode="single")
    pointer = recorder.named("inference-models-iris-current")
    assert json.loads(pointer.inputs["content"])["version"] == 2
    assert "content" not in pointer.ignore_changes
    waiting = [each.name for each in recorder.of(FUNCTION) if pointer.urn in each.dependencies]
    assert waiting == ["inference-iris"]


def test_an_image_that_takes_a_published_version_back_is_refused(packaged: Path):
    published = {"models/iris/current.json": StoredObject(body='{"version": 2, "labels": {}}\n')}
    with pytest.raises(VersionTakenBackError, match="version 2 answers now, and version 1 would answer"):
        run(packaged, objects=published, storage="image")


def test_an_image_holds_what_the_bucket_holds_under_the_same_version(packaged: Path):
    other = {"models/iris/1/manifest.json": StoredObject(body="{}", metadata={"seeded-by": "deployment"})}
    with pytest.raises(VersionConflictError, match="differs from what is packaged"):
        run(packaged, objects=other, storage="image")


def test_a_deployment_is_recorded_last_and_the_next_one_is_compared_with_it(
    packaged: Path, caplog: pytest.LogCaptureFixture
):
    first = run(packaged, domainName="a.example.com", certificateArn=CERTIFICATE)
    record = first.named("inference-record-settings")
    assert record.inputs["key"] == "deployed.json"
    made = {each.urn for each in first.registered if each.type.startswith(("aws:lambda", "aws:apigateway"))}
    assert made <= first.waits_for(record)
    assert "leads nowhere" not in caplog.text
    objects = {"deployed.json": StoredObject(body=record.inputs["content"])}
    run(packaged, objects=objects, domainName="a.example.com", certificateArn=CERTIFICATE, api="rest")
    assert "api: a.example.com stays, but leads nowhere for some seconds" in caplog.text


def test_stacks_that_share_a_bucket_have_a_record_each(packaged: Path):
    record = run(packaged, modelBucket="trained").named("inference-record-settings")
    assert record.inputs["bucket"] == "trained"
    assert record.inputs["key"] == "deployed/tensorflow-lambda/test.json"


@pytest.mark.parametrize("storage", get_args(Storage))
def test_no_stack_owns_or_sets_up_a_bucket_that_is_there_already(packaged: Path, storage: str):
    recorder = run(packaged, modelBucket="trained", storage=storage, deleteModelsOnDestroy=True)
    of_s3 = {each.type.rpartition(":")[2] for each in recorder.registered if each.inputs.get("bucket") == "trained"}
    assert of_s3 == {"BucketObjectv2", *(["BucketNotification"] if storage == "efs" else [])}
    assert not recorder.of("aws:s3/bucket:Bucket")
    assert recorder.exports["bucketName"] == "trained"


def test_a_configuration_with_mistakes_builds_nothing(packaged: Path):
    with pytest.raises(SettingsError, match="the configuration has 2 mistakes"):
        run(packaged, memoryMib=1, storag="s3")


def test_advice_is_said_as_a_warning_and_the_stack_is_built(packaged: Path, caplog: pytest.LogCaptureFixture):
    assert run(packaged, auth="none").exports["apiUrl"]
    assert "auth: none lets everyone on the internet call the API" in caplog.text


def test_the_policies_of_a_stack_are_valid_json_with_a_version(packaged: Path):
    documents = [each.inputs["policy"] for each in run(packaged).registered if "policy" in each.inputs]
    assert {json.loads(document).get("Version", "2012-10-17") for document in documents} == {"2012-10-17"}


def test_the_program_stays_short():
    assert len((PROJECT / "__main__.py").read_text().splitlines()) < 40


@pytest.mark.parametrize("mode", get_args(Mode))
@pytest.mark.parametrize(
    ("storage", "uri"),
    [
        ("s3", "s3://inference-models-1234567/models"),
        ("efs", "file:///mnt/models"),
        ("s3files", "file:///mnt/models"),
        ("image", "file:///opt/models"),
    ],
)
def test_the_storage_decides_where_every_function_finds_its_models(packaged: Path, storage: str, uri: str, mode: str):
    serving = serving_functions(run(packaged, storage=storage, mode=mode))
    assert len(serving) == (2 if mode == "single" else 1)
    alone = mode == "single" and storage in MOUNTED_STORAGES
    expected = "file:///mnt" if alone else uri
    assert {each.inputs["environment"]["variables"]["MODEL_STORE_URI"] for each in serving} == {expected}


@pytest.mark.parametrize("storage", MOUNTED_STORAGES)
def test_functions_that_mount_share_one_network_and_wait_for_every_mount_target(packaged: Path, storage: str):
    recorder = run(packaged, storage=storage, mode="single")
    targets = {each.urn for each in recorder.registered if each.type.endswith("ountTarget")}
    assert len(targets) == 2
    assert len(recorder.of("aws:ec2/vpc:Vpc")) == 1
    for each in serving_functions(recorder):
        assert targets <= recorder.waits_for(each)
        assert each.inputs["vpcConfig"]["subnetIds"]
        model = each.inputs["environment"]["variables"]["MODEL_NAMES"]
        assert each.inputs["fileSystemConfig"]["localMountPath"] == f"/mnt/{model}"


@pytest.mark.parametrize("storage", sorted(set(get_args(Storage)) - set(MOUNTED_STORAGES)))
def test_functions_that_mount_nothing_have_no_network(packaged: Path, storage: str):
    recorder = run(packaged, storage=storage)
    assert not [each for each in recorder.registered if each.type.startswith(("aws:ec2/", "aws:vpc/"))]


@pytest.mark.parametrize(
    ("settings", "reaching"),
    [
        ({"storage": "efs"}, {"sync"}),
        ({"storage": "efs", "asynchronous": True, "interfaceEndpoints": ["sqs"]}, {"sync", "functions"}),
        ({"storage": "s3files"}, {"functions"}),
        (
            {"mode": "single", "modelSettings": {"iris": {"storage": "efs"}, "digits": {"storage": "s3files"}}},
            {"sync", "functions"},
        ),
    ],
)
def test_a_function_in_a_network_reaches_s3_only_if_it_has_something_to_do_there(packaged: Path, settings, reaching):
    rules = run(packaged, **settings).of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    clients = {rule.inputs["securityGroupId"] for rule in rules if rule.inputs.get("prefixListId")}
    assert clients == {f"inference-network-{group}-id" for group in reaching}


def test_a_network_that_is_there_already_is_used_as_it_is(packaged: Path):
    recorder = run(packaged, storage="efs", vpcId="vpc-0a", subnetIds=["subnet-0a", "subnet-0b"])
    assert not recorder.of("aws:ec2/vpc:Vpc")
    targets = recorder.of("aws:efs/mountTarget:MountTarget")
    assert sorted(each.inputs["subnetId"] for each in targets) == ["subnet-0a", "subnet-0b"]


def test_the_zones_follow_the_region_unless_they_are_named(packaged: Path):
    def zones(recorder: Recorder) -> list[str]:
        return sorted(each.inputs["availabilityZone"] for each in recorder.of("aws:ec2/subnet:Subnet"))

    assert zones(run(packaged, storage="s3files")) == ["eu-central-1a", "eu-central-1b"]
    assert zones(run(packaged, storage="s3files", zones=["eu-central-1c"])) == ["eu-central-1c"]


def test_zones_that_the_account_lacks_are_refused_with_those_that_it_has(packaged: Path):
    found = "it has ap-northeast-1a, ap-northeast-1c, ap-northeast-1d; set zones to two of them"
    with pytest.raises(SettingsError, match=f"zones: the account has no availability zone ap-northeast-1b; {found}"):
        run(packaged, storage="efs", **{"aws:region": "ap-northeast-1"})
    own = run(packaged, storage="efs", zones=["eu-central-1a", "eu-central-1c"])
    assert len(own.of("aws:ec2/subnet:Subnet")) == 2


def test_throughput_is_elastic_unless_another_is_asked_for(packaged: Path):
    def throughput(**values: object) -> tuple[str, int | None]:
        inputs = run(packaged, storage="efs", **values).one("aws:efs/fileSystem:FileSystem").inputs
        return inputs["throughputMode"], inputs.get("provisionedThroughputInMibps")

    assert throughput() == ("elastic", None)
    assert throughput(efsThroughput="provisioned", efsProvisionedMibps=64) == ("provisioned", 64)


def test_what_is_baked_is_laid_out_inside_the_build_s_context(packaged: Path):
    build = run(packaged, storage="image", models=["iris"]).one("docker:index/image:Image").inputs["build"]
    assert build["target"] == "baked-litert"
    assert build["args"]["MODELS_DIR"] == "build/images/test"
    assert (Path(build["context"]) / "build/images/test/iris/current.json").is_file()


def test_an_image_that_holds_its_models_already_is_not_built(packaged: Path):
    recorder = run(packaged, storage="image", imageUri=IMAGE, imageHoldsModels=True)
    assert not recorder.of("docker:index/image:Image")
    assert recorder.one(FUNCTION).inputs["imageUri"] == IMAGE


@pytest.mark.parametrize("storage", ["s3", "efs", "s3files", "image"])
def test_only_the_bucket_is_protected_for_everything_else_can_be_made_again(packaged: Path, storage: str):
    def protected(**values: object) -> list[str]:
        return [each.type for each in run(packaged, storage=storage, **values).registered if each.protect]

    assert protected() == ["aws:s3/bucket:Bucket"]
    assert protected(deleteModelsOnDestroy=True) == []
