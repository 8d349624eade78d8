import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from components.configuration.reading import read_settings, specs
from tests.components.configuration.asking import advice, read, refusal
from tests.packaged import as_configuration, package
from tests.paths import PROJECT
from tests.recorder import IMAGE, REGION

DIGEST = "sha256:" + "0" * 64


def test_defaults_are_the_cheap_and_closed_choice(packaged: Path):
    settings = read(packaged)
    assert (settings.storage, settings.mode, settings.auth) == ("s3", "multi", "iam")
    assert not settings.delete_models_on_destroy
    assert settings.image_uri is None
    assert settings.reserved_concurrency is None


def test_every_packaged_model_is_served_unless_some_are_named(packaged: Path):
    assert [model.name for model in read(packaged).packaged] == ["digits", "iris"]
    assert [model.name for model in read(packaged, models=["iris"]).packaged] == ["iris"]


def test_models_keep_the_order_in_which_they_are_named(packaged: Path):
    assert [model.name for model in read(packaged, models=["iris", "digits"]).packaged] == ["iris", "digits"]


def test_every_mistake_is_reported_at_once_by_key(packaged: Path):
    message = refusal(packaged, storage="floppy", memoryMib=64, auth="password", storag="s3", models=["irs"])
    assert "5 mistakes" in message
    assert "storage: 'floppy' is not valid; allowed is s3 or efs or s3files or image" in message
    assert "memoryMib: '64' is too small; allowed is 128 to 10240 MiB" in message
    assert "auth: 'password' is not valid; allowed is iam or none or jwt or lambda" in message
    assert "storag: there is no such setting; did you mean 'storage'?" in message
    assert "models: irs is not packaged" in message


def test_an_unknown_key_without_a_near_match_lists_the_settings(packaged: Path):
    message = refusal(packaged, zzz="1")
    assert "zzz: there is no such setting; allowed are storage, vpcCidr, zones" in message
    assert "pulumi config rm zzz" in message


def test_a_key_in_the_wrong_case_finds_its_setting(packaged: Path):
    assert "did you mean 'memoryMib'?" in refusal(packaged, memoryMIB=512)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("memoryMib", "lots", "'lots' is not a whole number"),
        ("memoryMib", 32768, "'32768' is too large"),
        ("timeoutSeconds", 0, "allowed is 1 to 900 seconds"),
        ("timeoutSeconds", 901, "allowed is 1 to 900 seconds"),
        ("ephemeralStorageMib", 100, "allowed is 512 to 10240 MiB"),
        ("architecture", "riscv", "allowed is x86_64 or arm64"),
        ("mode", "many", "allowed is single or multi"),
        ("reservedConcurrency", -2, "or -1 for none"),
        ("logRetentionDays", 31, "allowed is 1, 3, 5, 7, 14, 30"),
        ("deleteModelsOnDestroy", "yes", "allowed is true or false"),
        ("models", "iris", "is not a list of texts"),
        ("models", ["iris", "iris"], "has ['iris'] more than once"),
        ("models", ["../iris"], "has ['../iris'], which is not valid"),
        ("modelRepository", "", "is empty"),
        ("throttlingRate", 0, "allowed is 1 to 10000 requests per second"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_what_is(packaged: Path, key: str, value: object, said: str):
    message = refusal(packaged, **{key: value})
    assert f"{key}: " in message
    assert said in message


def test_an_image_is_named_by_digest(packaged: Path):
    image = f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/handlers@{DIGEST}"
    assert read(packaged, imageUri=image).image_uri == image


@pytest.mark.parametrize("image", ["handlers", "handlers:latest", "registry:5000/handlers:1.0"])
def test_an_image_by_tag_is_refused_with_the_reason(packaged: Path, image: str):
    assert "Lambda looks a tag up once" in refusal(packaged, imageUri=image)


def test_a_tag_beside_the_digest_is_refused(packaged: Path):
    assert "leave the tag out" in refusal(packaged, imageUri=f"handlers:1.0@{DIGEST}")


def test_a_repository_that_is_not_there_says_how_to_make_it(tmp_path: Path):
    assert "make models" in refusal(tmp_path / "absent")


def test_a_model_that_is_larger_than_tmp_is_refused_with_the_size_that_it_needs(tmp_path: Path):
    root = package(tmp_path, "large", content=b"")
    _inflate(root, "large", 600 << 20)
    message = refusal(root)
    assert "ephemeralStorageMib, storage: the model large has 600 MiB of files" in message
    assert "set ephemeralStorageMib to 600 or more" in message
    assert read(root, ephemeralStorageMib=600).ephemeral_storage_mib == 600


def test_a_function_that_serves_all_models_names_none_so_that_there_may_be_any_number(tmp_path: Path):
    for number in range(60):
        package(tmp_path, f"{'m' * 60}-{number}")
    settings = read(tmp_path)
    assert settings.served is None
    assert len(settings.packaged) == 60


def test_more_models_than_the_environment_can_name_are_refused_where_they_are_named(tmp_path: Path):
    names = [f"{'m' * 38}-{number:02}" for number in range(90)]
    for name in names:
        package(tmp_path, name)
    for named in ({"models": names}, {"mode": "single", "apiRoutesQuota": 600}):
        message = refusal(tmp_path, **named)
        assert "models, mode: the names of 90 models take 3780 bytes of the function's environment" in message
        assert "allowed are 3584 of Lambda's 4096" in message
    assert "; leave models out, or list fewer in models" in refusal(tmp_path, models=names)
    assert "; set mode to multi, or list fewer in models" in message


def test_more_models_than_a_roles_policies_can_name_are_refused_where_they_are_named(tmp_path: Path):
    names = [f"{first}{second}" for first in "abcdefghijklmnopqrstuvwxy" for second in "abcdefghijklmnopqrstuvwxy"]
    for name in names:
        package(tmp_path, name)
    message = refusal(tmp_path, models=names)
    assert "models, mode: granting 625 models to one function takes 16 policies of its role; allowed are 6" in message
    assert read(tmp_path, models=names[:200]).served == tuple(names[:200])


def test_a_name_too_long_for_a_function_of_its_own_is_refused_in_single_mode_only(tmp_path: Path):
    package(tmp_path, "m" * 60)
    assert "has 60 characters; in mode single it may have 41" in refusal(tmp_path, mode="single")
    assert read(tmp_path, mode="multi").packaged


def test_an_image_is_refused_for_a_model_that_needs_an_engine_which_it_lacks(packaged: Path):
    refused = refusal(packaged, imageEngines="litert")
    assert "an image with litert cannot run digits; set imageEngines to auto or tensorflow, or list only" in refused
    refused = refusal(packaged, imageEngines="onnxruntime")
    assert "an image with litert and onnxruntime cannot run digits; set imageEngines to auto or tensorflow" in refused
    assert read(packaged, imageEngines="litert", models=["iris"]).image_engines == "litert"
    package(packaged, "sleep", engine="onnxruntime")
    refused = refusal(packaged, imageEngines="litert", models=["iris", "sleep"])
    assert "an image with litert cannot run sleep; set imageEngines to auto or onnxruntime" in refused


def test_an_image_holds_the_smallest_set_of_engines_that_its_models_need(packaged: Path):
    package(packaged, "sleep", engine="onnxruntime")
    assert read(packaged, models=["iris"]).engines == {"litert"}
    assert read(packaged, models=["iris", "sleep"]).engines == {"litert", "onnxruntime"}
    assert read(packaged, models=["digits"]).engines == {"litert", "onnxruntime", "tensorflow"}


def test_advice_is_given_on_what_works_but_surprises(packaged: Path):
    said = advice(packaged, timeoutSeconds=60, memoryMib=4096, auth="none")
    assert "timeoutSeconds: the http API stops waiting after 30 seconds" in said
    assert "memoryMib: 4096 MiB is more than the 3008 MiB" in said
    assert "auth: none lets everyone on the internet call the API" in said


def test_advice_is_given_on_models_that_push_one_another_out_of_tmp(tmp_path: Path):
    for model in ("first", "second"):
        package(tmp_path, model)
        _inflate(tmp_path, model, 400 << 20)
    assert "functions may fetch a model more than once" in advice(tmp_path)
    assert advice(tmp_path, mode="single") == ""


def test_a_stack_may_be_born_without_models_where_publishing_can_fill_it(tmp_path: Path):
    for storage in ("s3", "efs", "s3files"):
        settings = read(tmp_path / "absent", seedModels=False, storage=storage)
        assert (settings.packaged, settings.served, settings.uses(storage)) == ((), None, True)
        assert settings.engines == {"litert", "onnxruntime", "tensorflow"}
    assert read(tmp_path / "absent", seedModels=False, models=["later"]).served == ("later",)


def test_a_stack_without_models_is_refused_where_nothing_can_be_made_without_them(tmp_path: Path):
    assert (
        "seedModels, mode: mode single makes a function for each packaged model, but seedModels is false; set mode to "
        "multi, or seedModels to true"
    ) in refusal(tmp_path, seedModels=False, mode="single")
    assert (
        "seedModels, storage: storage image builds the packaged models into the image, but seedModels is false; set "
        "storage to s3, efs or s3files, or seedModels to true"
    ) in refusal(tmp_path, seedModels=False, storage="image")
    held = {"storage": "image", "imageUri": IMAGE, "imageHoldsModels": True}
    assert read(tmp_path, seedModels=False, **held).uses("image")


def test_the_defaults_need_no_advice(packaged: Path):
    assert advice(packaged) == ""


def test_the_schema_of_the_project_is_that_of_the_settings():
    schema = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]
    assert {key: {"type": spec.kind.schema_type, "default": spec.written_default} for key, spec in specs().items()} == {
        key: {"type": each["type"], "default": each["default"]} for key, each in schema.items()
    }
    assert [key for key, each in schema.items() if not each["description"].endswith(".")] == []


def test_the_defaults_of_the_schema_read_as_the_defaults_of_the_settings(packaged: Path):
    schema = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]
    written = {key: each["default"] for key, each in schema.items()} | {"modelRepository": str(packaged)}
    assert read_settings(as_configuration(**written), PROJECT, REGION) == read(packaged)


def test_reading_a_configuration_needs_no_pulumi():
    program = "import sys, components.configuration.reading; sys.exit('pulumi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False).returncode == 0


def _inflate(root: Path, model: str, size: int) -> None:
    """Make a model's file as large as that, taking no room on disk."""
    manifest = root / model / "1" / "manifest.json"
    with (root / model / "1" / "model.tflite").open("r+b") as file:
        before = file.seek(0, 2)
        file.truncate(size)
    manifest.write_text(manifest.read_text().replace(f'"size": {before}', f'"size": {size}', 1))
