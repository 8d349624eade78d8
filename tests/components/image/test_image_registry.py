"""An image is read as its registry tells it: a real HTTP server that speaks the part of the protocol that is used."""

import pytest

from components.image.image_manifest import INDEX_TYPES, MANIFEST_TYPES
from components.image.image_registry import ImageUnreadable, read_image
from tests.components.image.registry import TOKEN, Registry


def test_an_images_manifest_and_configuration_are_read_and_storage_is_not_told_the_credentials(registry: Registry):
    config = {"architecture": "arm64", "os": "linux"}
    manifest = {"mediaType": MANIFEST_TYPES[0], "config": {"digest": registry.add(config)}, "layers": []}
    assert read_image(registry.uri(registry.add(manifest)), TOKEN) == (manifest, config)


def test_a_tag_before_the_digest_changes_nothing(registry: Registry):
    index = {"mediaType": INDEX_TYPES[1], "manifests": []}
    uri = registry.uri(registry.add(index)).replace("models@", "models:v1.2@")
    assert read_image(uri, TOKEN) == (index, {})


def test_an_image_that_the_registry_does_not_have_is_named(registry: Registry):
    uri = registry.uri(f"sha256:{'0' * 64}")
    with pytest.raises(ImageUnreadable, match=f"{uri}: the registry answered 404"):
        read_image(uri, TOKEN)


def test_a_registry_that_refuses_the_credentials_is_told(registry: Registry):
    with pytest.raises(ImageUnreadable, match="answered 401"):
        read_image(registry.uri(registry.add({})))


def test_a_registry_that_does_not_answer_is_told(registry: Registry):
    uri = registry.uri(f"sha256:{'0' * 64}")
    registry.server.server_close()
    with pytest.raises(ImageUnreadable, match="does not answer"):
        read_image(uri, TOKEN)


def test_a_document_that_is_not_what_its_digest_says_is_refused(registry: Registry):
    digest = registry.add({"layers": []})
    registry.documents[digest] += b" "
    with pytest.raises(ImageUnreadable, match=f"does not have the digest {digest}"):
        read_image(registry.uri(digest), TOKEN)


@pytest.mark.parametrize("uri", ["models", "host/models:latest", "host/models@sha256:12"])
def test_an_image_must_be_named_by_its_digest(uri: str):
    with pytest.raises(ImageUnreadable, match="host/repository@sha256:digest"):
        read_image(uri)
