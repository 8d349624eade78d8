import json
import shutil
from pathlib import Path

import pytest
from pulumi.runtime import rpc

from components.image.base_image import DEFAULT
from components.image.handler_image import (
    CONTEXT_DIRECTORIES,
    HandlerImage,
    HandlerImageArgs,
    build_digest,
    build_target,
)
from ops import recorded_aws
from ops.recorded_aws import COMPUTED
from ops.recorder import Registered
from tests.paths import PROJECT
from tests.recorder import Recorder, deploy

REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/handlers-1234567"


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A small project: a Dockerfile and a handler."""
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "Dockerfile").write_text("FROM scratch AS litert\n")
    (tmp_path / "handlers" / "handler.py").write_text("handler = print\n")
    (tmp_path / ".dockerignore").write_text("*\n")
    return tmp_path


def deploy_image(
    context: Path, images: dict[str, str] | None = None, preview: bool = False, **args: object
) -> Recorder:
    return deploy(
        lambda: HandlerImage("handlers", HandlerImageArgs(**{"engines": ["litert"], "context": context, **args})),
        images=images,
        preview=preview,
    )


def uri(recorder: Recorder) -> str:
    return recorder.one("tensorflow-lambda:index:HandlerImage").outputs["image_uri"]


def built(recorder: Recorder) -> Registered:
    return recorder.one("docker:index/image:Image")


def tag_and_digest(context: Path, digit: str) -> dict[str, str]:
    return {build_digest(HandlerImageArgs(engines=["litert"], context=context)): f"sha256:{digit * 64}"}


def test_the_image_is_known_by_its_repositorys_digest(context: Path):
    assert uri(deploy_image(context)) == f"{REPOSITORY}@sha256:{'ab' * 32}"


def test_the_repository_never_moves_a_tag_scans_and_encrypts(context: Path):
    repository = deploy_image(context).one("aws:ecr/repository:Repository").inputs
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository["encryptionConfigurations"] == [{"encryptionType": "AES256"}]


def test_a_security_update_of_the_base_image_is_another_image(context: Path, monkeypatch: pytest.MonkeyPatch):
    dockerfile = context / "handlers" / "Dockerfile"
    dockerfile.write_text("ARG BASE_IMAGE=public.ecr.aws/lambda/python:3.13\nFROM ${BASE_IMAGE} AS litert\n")
    first = built(deploy_image(context))
    base = f"public.ecr.aws/lambda/python:3.13@{recorded_aws.BASE_DIGEST}"
    assert first.inputs["build"]["args"] == {"BASE_IMAGE": base}
    assert built(deploy_image(context)).inputs["imageName"] == first.inputs["imageName"]

    monkeypatch.setattr(recorded_aws, "BASE_DIGEST", f"sha256:{'0d' * 32}")
    updated = built(deploy_image(context))
    assert updated.inputs["build"]["args"]["BASE_IMAGE"].endswith("0d0d")
    assert updated.inputs["imageName"] != first.inputs["imageName"]
    assert updated.name != first.name


def test_a_base_image_by_digest_is_looked_up_nowhere(context: Path, monkeypatch: pytest.MonkeyPatch):
    pinned = f"public.ecr.aws/lambda/python:3.13@sha256:{'11' * 32}"
    (context / "handlers" / "Dockerfile").write_text(f"ARG BASE_IMAGE={pinned}\nFROM ${{BASE_IMAGE}} AS litert\n")
    monkeypatch.delattr(recorded_aws, "BASE_DIGEST")
    assert built(deploy_image(context)).inputs["build"]["args"] == {"BASE_IMAGE": pinned}


def test_the_handlers_own_image_follows_a_tag_of_awss():
    name = DEFAULT.search((PROJECT / "handlers" / "Dockerfile").read_text())
    assert name is not None
    assert name[1].startswith("public.ecr.aws/lambda/python:")


def test_lambda_may_pull_for_functions_of_the_account(context: Path):
    policy = deploy_image(context).one("aws:ecr/repositoryPolicy:RepositoryPolicy")
    [statement] = json.loads(policy.inputs["policy"])["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert statement["Action"] == ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    functions = "arn:aws:lambda:eu-central-1:123456789012:function:*"
    assert statement["Condition"] == {"StringLike": {"aws:SourceArn": functions}}


def test_no_image_that_a_function_may_use_expires(context: Path):
    document = deploy_image(context).one("aws:ecr/lifecyclePolicy:LifecyclePolicy").inputs["policy"]
    assert {rule["selection"]["tagStatus"] for rule in json.loads(document)["rules"]} == {"untagged"}


def test_the_tag_is_the_digest_of_what_goes_into_the_build(context: Path):
    image = deploy_image(context).one("docker:index/image:Image").inputs
    assert image["imageName"].endswith(f":{build_digest(HandlerImageArgs(engines=['litert'], context=context))}")


def test_a_content_that_the_repository_lacks_is_pushed(context: Path):
    first = deploy_image(context, images={"another": f"sha256:{'1' * 64}"})
    assert built(first).inputs["skipPush"] is False
    assert uri(first) == f"{REPOSITORY}@sha256:{'ab' * 32}"


def test_sources_that_come_back_are_found_in_the_repository_and_not_pushed_again(context: Path):
    handler = context / "handlers" / "handler.py"
    images = tag_and_digest(context, "1")
    first = deploy_image(context)
    handler.write_text("handler = repr\n")
    second = deploy_image(context, images=images)
    assert built(second).inputs["skipPush"] is False
    images |= tag_and_digest(context, "2")
    handler.write_text("handler = print\n")
    third = deploy_image(context, images=images)
    assert built(third).inputs["skipPush"] is True
    assert uri(third) == f"{REPOSITORY}@sha256:{'1' * 64}"
    assert built(first).name == built(third).name != built(second).name


def test_a_push_that_the_state_does_not_know_of_is_not_repeated(context: Path):
    again = deploy_image(context, images=tag_and_digest(context, "1"))
    assert built(again).inputs["skipPush"] is True
    assert uri(again) == f"{REPOSITORY}@sha256:{'1' * 64}"


def test_an_image_that_was_pushed_and_is_found_then_is_no_difference(context: Path):
    first = deploy_image(context)
    again = deploy_image(context, images=dict.fromkeys(tag_and_digest(context, "0"), f"sha256:{'ab' * 32}"))
    differing = {key for key in built(first).inputs if built(first).inputs[key] != built(again).inputs[key]}
    assert differing == set(built(again).ignore_changes) == {"skipPush"}
    assert uri(first) == uri(again)


def test_a_preview_before_there_is_a_repository_knows_no_image_and_decides_to_push(
    context: Path, monkeypatch: pytest.MonkeyPatch
):
    repository = "aws:ecr/repository:Repository"
    known = COMPUTED[repository]
    monkeypatch.setitem(COMPUTED, repository, lambda name, inputs: {**known(name, inputs), "name": rpc.UNKNOWN})
    preview = deploy_image(context, images=tag_and_digest(context, "1"), preview=True)
    assert built(preview).inputs["skipPush"] is False
    assert uri(preview) != f"{REPOSITORY}@sha256:{'1' * 64}"


def test_an_image_that_was_found_once_and_is_there_no_more_is_not_deployed(
    context: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(COMPUTED, "docker:index/image:Image", lambda name, inputs: {"repoDigest": None})
    with pytest.raises(ValueError, match=r"holds it no more.*pulumi state delete"):
        deploy_image(context)


def test_what_makes_the_provider_build_again_is_another_resource_of_the_same_tag(context: Path):
    other = context / "build" / "images" / "staging" / "iris"
    other.mkdir(parents=True)
    builds = [built(deploy_image(context))]
    (other / "model").write_bytes(b"model")
    builds.append(built(deploy_image(context)))
    (context / "handlers" / "handler.py").chmod(0o700)
    builds.append(built(deploy_image(context)))
    assert len({build.name for build in builds}) == 3
    assert len({build.inputs["imageName"] for build in builds}) == 1


def test_the_context_is_what_docker_does_not_ignore():
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    assert [Path(line[1:]) for line in lines if line.startswith("!")] == list(CONTEXT_DIRECTORIES)


@pytest.mark.parametrize(("architecture", "platform"), [("x86_64", "linux/amd64"), ("arm64", "linux/arm64")])
def test_the_architecture_decides_the_platform(context: Path, architecture: str, platform: str):
    image = deploy_image(context, architecture=architecture).one("docker:index/image:Image").inputs
    assert image["build"]["platform"] == platform


@pytest.mark.parametrize(
    ("engines", "models", "target"),
    [
        (["litert"], None, "litert"),
        (["tensorflow"], None, "tensorflow"),
        (["litert", "onnxruntime"], None, "onnxruntime"),
        (["litert", "tensorflow"], None, "tensorflow"),
        (["onnxruntime"], Path("build/baked"), "baked-onnxruntime"),
        (["litert"], Path("build/baked"), "baked-litert"),
        (["tensorflow"], Path("build/baked"), "baked-tensorflow"),
    ],
)
def test_the_engines_and_the_models_decide_the_target(engines: list[str], models: Path | None, target: str):
    assert build_target(HandlerImageArgs(engines=engines, models_directory=models)) == target


def test_the_build_gets_the_directory_of_the_models(context: Path):
    image = deploy_image(context, models_directory=Path("baked")).one("docker:index/image:Image")
    assert image.inputs["build"]["args"] == {"MODELS_DIR": "baked"}


def test_a_preview_builds_nothing_and_no_attestation_is_added(context: Path):
    image = deploy_image(context).one("docker:index/image:Image").inputs
    assert image["buildOnPreview"] is False
    assert image["build"]["builderVersion"] == "BuilderBuildKit"


def test_the_digest_is_the_same_for_the_same_sources_elsewhere(context: Path, tmp_path_factory: pytest.TempPathFactory):
    other = tmp_path_factory.mktemp("elsewhere")
    for path in (path for path in context.rglob("*") if path.is_file()):
        copy = other / path.relative_to(context)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    digests = {build_digest(HandlerImageArgs(engines=["litert"], context=root)) for root in (context, other)}
    assert len(digests) == 1


def test_the_same_project_elsewhere_is_the_same_build(
    context: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
):
    elsewhere = Path(shutil.copytree(context, tmp_path_factory.mktemp("elsewhere") / "project"))
    builds = []
    for project in (context, elsewhere):
        monkeypatch.chdir(project)
        builds.append(deploy_image(project).one("docker:index/image:Image").inputs)
    assert builds[0] == builds[1]
    assert builds[0]["build"]["dockerfile"] == "handlers/Dockerfile"


def test_what_python_caches_does_not_change_the_digest(context: Path):
    before = build_digest(HandlerImageArgs(engines=["litert"], context=context))
    (context / "handlers" / "__pycache__").mkdir()
    (context / "handlers" / "__pycache__" / "handler.pyc").write_bytes(b"cached")
    assert build_digest(HandlerImageArgs(engines=["litert"], context=context)) == before


def test_anything_that_the_image_holds_changes_the_digest(context: Path):
    arguments = HandlerImageArgs(engines=["litert"], context=context)
    digests = {
        build_digest(arguments),
        build_digest(HandlerImageArgs(engines=["tensorflow"], context=context)),
        build_digest(HandlerImageArgs(engines=["litert"], context=context, architecture="arm64")),
        build_digest(HandlerImageArgs(engines=["litert"], context=context, models_directory=Path("baked"))),
    }
    (context / "handlers" / "handler.py").write_text("handler = repr\n")
    assert len(digests | {build_digest(arguments)}) == 5
