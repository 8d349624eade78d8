import inspect
import json
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pytest

from components.settings.packaged_models import read_repository
from components.storage.model_bucket import ModelBucket, ModelBucketArgs
from components.storage.model_seed import ONCE_SEEDED, SEEDED_BY, VersionConflictError
from tests.packaged import package
from tests.recorder import Recorder, Registered, StoredObject, deploy

GUARDS = ("private", "owner", "encryption", "versioning", "tls-only")
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"


def deploy_bucket(root: Path, objects: dict[str, StoredObject] | None = None, **args: object) -> Recorder:
    return deploy(lambda: ModelBucket("models", ModelBucketArgs(models=read_repository(root), **args)), objects=objects)


def stored(recorder: Recorder) -> dict[str, Registered]:
    return {resource.inputs["key"]: resource for resource in recorder.of(OBJECT)}


def test_the_bucket_blocks_public_access(packaged: Path):
    block = deploy_bucket(packaged).one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs
    assert [block[key] for key in block if key != "bucket"] == [True] * 4


def test_the_bucket_refuses_everyone_without_tls(packaged: Path):
    document = deploy_bucket(packaged).one("aws:s3/bucketPolicy:BucketPolicy").inputs["policy"]
    assert json.loads(document)["Statement"] == [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::models-1234567", "arn:aws:s3:::models-1234567/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def test_the_bucket_is_versioned_encrypted_and_owned(packaged: Path):
    recorder = deploy_bucket(packaged)
    versioning = recorder.one("aws:s3/bucketVersioning:BucketVersioning").inputs
    ownership = recorder.one("aws:s3/bucketOwnershipControls:BucketOwnershipControls").inputs
    encryption = recorder.one(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    ).inputs
    assert versioning["versioningConfiguration"] == {"status": "Enabled"}
    assert ownership["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    assert encryption["rules"][0]["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}


def test_old_versions_and_broken_uploads_expire(packaged: Path):
    rules = deploy_bucket(packaged).one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    noncurrent, broken, _ = rules.inputs["rules"]
    assert noncurrent["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert broken["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}


def test_only_requests_and_answers_that_are_kept_for_a_while_expire(packaged: Path):
    rules = deploy_bucket(packaged).one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    [expiring] = [rule for rule in rules.inputs["rules"] if "expiration" in rule]
    assert (expiring["filter"], expiring["expiration"]) == ({"prefix": "asynchronous/"}, {"days": 14})


def test_the_bucket_is_protected_and_keeps_what_it_holds(packaged: Path):
    bucket = deploy_bucket(packaged).one("aws:s3/bucket:Bucket")
    assert bucket.protect
    assert bucket.inputs["forceDestroy"] is False


def test_a_bucket_that_is_there_already_gets_the_models_and_nothing_else(packaged: Path):
    recorder = deploy_bucket(packaged, existing="trained", delete_on_destroy=True)
    assert {each.type for each in recorder.registered} == {OBJECT, "tensorflow-lambda:index:ModelBucket"}
    assert {each.inputs["bucket"] for each in recorder.of(OBJECT)} == {"trained"}
    assert all(each.retain_on_delete for each in recorder.of(OBJECT))
    assert recorder.one("tensorflow-lambda:index:ModelBucket").outputs == {
        "bucket_name": "trained",
        "bucket_arn": "arn:aws:s3:::trained",
    }


def test_deleting_the_models_is_opted_into(packaged: Path):
    bucket = deploy_bucket(packaged, delete_on_destroy=True).one("aws:s3/bucket:Bucket")
    assert not bucket.protect
    assert bucket.inputs["forceDestroy"] is True


def test_every_file_of_every_version_is_seeded_under_its_key(packaged: Path):
    assert sorted(stored(deploy_bucket(packaged))) == [
        "models/digits/1/frozen.pb",
        "models/digits/1/manifest.json",
        "models/digits/1/saved_model/saved_model.pb",
        "models/digits/2/frozen.pb",
        "models/digits/2/manifest.json",
        "models/digits/2/saved_model/saved_model.pb",
        "models/digits/current.json",
        "models/iris/1/manifest.json",
        "models/iris/1/model.tflite",
        "models/iris/1/saved_model/saved_model.pb",
        "models/iris/current.json",
    ]


def test_a_manifest_waits_for_every_other_file_of_its_version(packaged: Path):
    recorder = deploy_bucket(packaged)
    objects = stored(recorder)
    manifest = objects["models/digits/1/manifest.json"]
    files = {each.urn for key, each in objects.items() if key.startswith("models/digits/1/") and "manifest" not in key}
    assert files <= manifest.dependencies


def test_a_pointer_waits_for_every_version_of_its_model(packaged: Path):
    recorder = deploy_bucket(packaged)
    objects = stored(recorder)
    versions = {each.urn for key, each in objects.items() if key.startswith("models/digits/") and "current" not in key}
    assert versions <= recorder.waits_for(objects["models/digits/current.json"])


def test_nothing_is_uploaded_before_the_bucket_is_closed(packaged: Path):
    recorder = deploy_bucket(packaged)
    guards = {
        resource.urn
        for resource in recorder.registered
        if any(word in resource.type for word in ("PublicAccessBlock", "BucketVersioning", "BucketPolicy"))
    }
    assert len(guards) == 3
    assert all(guards <= recorder.waits_for(each) for each in recorder.of(OBJECT))


def test_what_is_seeded_is_neither_written_again_nor_deleted(packaged: Path):
    for each in deploy_bucket(packaged).of(OBJECT):
        assert each.retain_on_delete
        assert set(each.inputs) - set(each.ignore_changes) == {"bucket", "key"}


def test_every_input_that_makes_the_provider_upload_again_is_ignored():
    inputs = {name for name in inspect.signature(aws.s3.BucketObjectv2Args.__init__).parameters if name[0] != "_"}
    ignored = {"".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key) for key in ONCE_SEEDED}
    assert inputs - ignored == {"bucket", "key", "region", "override_provider"}


def test_a_pointer_in_an_empty_bucket_is_the_packaged_one(packaged: Path):
    pointer = stored(deploy_bucket(packaged))["models/digits/current.json"]
    assert json.loads(pointer.inputs["content"]) == {"version": 2, "labels": {}}


def test_a_pointer_that_was_published_is_not_undone(packaged: Path):
    published = '{"version": 5, "labels": {"stable": 4}}\n'
    recorder = deploy_bucket(packaged, {"models/digits/current.json": StoredObject(body=published)})
    assert stored(recorder)["models/digits/current.json"].inputs["content"] == published
    assert json.loads(stored(recorder)["models/iris/current.json"].inputs["content"])["version"] == 1


def test_a_version_that_was_published_with_the_same_content_is_accepted(packaged: Path):
    key = "models/iris/1/manifest.json"
    body = (packaged / "iris" / "1" / "manifest.json").read_text()
    assert key in stored(deploy_bucket(packaged, {key: StoredObject(body=body)}))


def test_a_version_that_was_published_with_other_content_fails_the_deployment(packaged: Path):
    key = "models/iris/1/manifest.json"
    with pytest.raises(Exception, match="was published to the bucket models-1234567 and differs") as error:
        deploy_bucket(packaged, {key: StoredObject(body="{}")})
    assert isinstance(error.value, VersionConflictError)
    assert "Package yours as the next version" in str(error.value)


def test_a_version_of_an_earlier_deployment_stays_although_it_was_packaged_anew(packaged: Path):
    key = "models/iris/1/manifest.json"
    recorder = deploy_bucket(packaged, {key: StoredObject(body="{}", metadata=SEEDED_BY)})
    assert set(stored(recorder)[key].ignore_changes) >= {"content", "source"}


def test_a_model_that_is_no_longer_packaged_is_not_deleted_from_the_bucket(tmp_path: Path):
    package(tmp_path, "iris")
    assert all(each.retain_on_delete for each in deploy_bucket(tmp_path).of(OBJECT))


def test_functions_read_their_own_models_and_no_others(packaged: Path):
    statements: list[object] = []

    def program() -> None:
        bucket = ModelBucket("models", ModelBucketArgs(models=read_repository(packaged)))
        pulumi.Output.json_dumps(list(bucket.binding(["iris"]).statements)).apply(
            lambda text: statements.extend(json.loads(text))
        )

    deploy(program)
    assert statements == [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::models-1234567/models/iris/*"]},
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": ["arn:aws:s3:::models-1234567"],
            "Condition": {"StringLike": {"s3:prefix": ["models/iris/*"]}},
        },
    ]


def test_a_function_of_all_models_may_read_the_whole_repository_and_nothing_beside_it(packaged: Path):
    statements: list[object] = []

    def program() -> None:
        bucket = ModelBucket("models", ModelBucketArgs(models=read_repository(packaged)))
        pulumi.Output.json_dumps(list(bucket.binding(None).statements)).apply(
            lambda text: statements.extend(json.loads(text))
        )

    deploy(program)
    reading, listing = statements
    assert reading["Resource"] == ["arn:aws:s3:::models-1234567/models/*"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["models/*"]}}


def test_a_binding_names_the_store_and_what_to_wait_for(packaged: Path):
    seen: list[str] = []

    def program() -> None:
        bucket = ModelBucket("models", ModelBucketArgs(models=read_repository(packaged)))
        binding = bucket.binding(["iris"])
        pulumi.Output.all(*(each.urn for each in binding.ready)).apply(seen.extend)
        assert binding.mount is None
        assert binding.network is None
        pulumi.Output.from_input(binding.store_uri).apply(seen.append)

    recorder = deploy(program)
    guards = [each.urn for each in recorder.registered if each.name.removeprefix("models-") in GUARDS]
    assert seen.pop(-1 if seen[-1].startswith("s3:") else 0) == "s3://models-1234567/models"
    assert sorted(seen) == sorted([*guards, recorder.named("models-iris-current").urn])


def test_children_belong_to_the_bucket_and_outputs_are_registered(packaged: Path):
    recorder = deploy_bucket(packaged)
    component = recorder.one("tensorflow-lambda:index:ModelBucket")
    assert {each.parent for each in recorder.registered if each is not component} == {component.urn}
    assert component.outputs == {"bucket_name": "models-1234567", "bucket_arn": "arn:aws:s3:::models-1234567"}
