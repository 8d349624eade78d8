"""What is published stays published: no later update by the real engine takes it back, nor a refresh before one."""

from pathlib import Path

from handlers.manifest import POINTER_FILE
from handlers.manifest_reading import parse_pointer
from local.publishing import add_version, copy_model, current_version
from models.packaging.repository import ModelRepository
from models.publishing.pruning import prunable, remove
from models.publishing.published_models import PublishedModels
from models.publishing.publisher import Publication, publish
from models.publishing.s3_objects import S3Objects
from tests.engine.conftest import succeeded

MODEL = "iris"


def published_by(run, outputs) -> PublishedModels:
    return PublishedModels(S3Objects(run.account.client("s3"), outputs["bucketName"], "models"))


def newer_elsewhere(models: Path, directory: Path, later: int) -> tuple[Path, int]:
    """A copy of the deployed model in a repository of its own, with a version so much later. Returns its path, and the
    version that it was copied from."""
    first = current_version(models / MODEL)
    elsewhere = copy_model(models / MODEL, MODEL, directory / "elsewhere")
    add_version(elsewhere, first, first + later)
    return elsewhere, first


def publish_anew(published: PublishedModels, model: Path, version: int) -> None:
    """Publish a further version from a repository that the stack does not deploy."""
    publication = Publication(
        source=ModelRepository(model.parent), model=model.name, version=version, make_current=True
    )
    publish(publication, published, lambda what: None)


def test_an_update_after_a_publication_leaves_the_published_version_live(run, settings, models, tmp_path):
    published = published_by(run, succeeded(run.stack.up(settings)).outputs)
    elsewhere, first = newer_elsewhere(models, tmp_path, later=7)
    publish_anew(published, elsewhere, first + 7)
    live = published.objects.read(f"{MODEL}/{POINTER_FILE}")
    assert parse_pointer(live.content).version == first + 7
    assert succeeded(run.stack.up()).quiet
    succeeded(run.stack.up({"memoryMib": 2048}))
    succeeded(run.stack.refresh())
    succeeded(run.stack.up({"memoryMib": 1024}))
    add_version(models / MODEL, first, first + 1)
    succeeded(run.stack.up())
    assert published.objects.read(f"{MODEL}/{POINTER_FILE}") == live
    assert {first, first + 1, first + 7} <= set(published.manifests(MODEL))


def test_a_deployment_does_not_take_back_a_model_that_was_published_before_it_was_deployed(
    run, settings, models, tmp_path
):
    published = published_by(run, succeeded(run.stack.up(settings)).outputs)
    first = current_version(models / MODEL)
    elsewhere = copy_model(models / MODEL, "flowers", tmp_path / "elsewhere")
    publish_anew(published, elsewhere, first)
    add_version(elsewhere, first, first + 1)
    publish_anew(published, elsewhere, first + 1)
    live = published.pointer_file("flowers").pointer
    copy_model(models / MODEL, "flowers", models)
    succeeded(run.stack.up())
    assert published.pointer_file("flowers").pointer == live
    assert live.version == first + 1


def test_what_another_publisher_claimed_is_not_seeded(run, settings, models, tmp_path):
    """The number belongs to a publication that is still under way: to seed it would mix two versions."""
    published = published_by(run, succeeded(run.stack.up(settings)).outputs)
    first = current_version(models / MODEL)
    published.objects.create(f"{MODEL}/{first + 1}/claim.json", b'{"content": "of another publisher"}')
    add_version(models / MODEL, first, first + 1)
    refused = run.stack.up()
    assert not refused.succeeded
    assert any(f"{MODEL}/{first + 1}" in error and "next version" in error for error in refused.errors)


def test_an_update_after_a_pruning_goes_through_and_names_nothing_that_was_removed(run, settings, models, tmp_path):
    published = published_by(run, succeeded(run.stack.up(settings)).outputs)
    elsewhere, first = newer_elsewhere(models, tmp_path, later=7)
    publish_anew(published, elsewhere, first + 7)
    for each in prunable(published, MODEL, keep=0):
        assert remove(published, MODEL, each)
    assert succeeded(run.stack.up()).quiet
    succeeded(run.stack.refresh())
    succeeded(run.stack.up())
    assert published.pointer_file(MODEL).pointer.version == first + 7
