"""What Lambda would refuse is refused before a function is touched, with the reason and the way out."""

from typing import Any

import pytest

from components.image.image_manifest import IMAGE_LIMIT_BYTES, INDEX_TYPES, MANIFEST_TYPES, ImageRefused, check_image

NAME = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/models@sha256:abc"
AMD64 = {"architecture": "amd64", "os": "linux"}
GIB = 1 << 30


def manifest(*sizes: int, media_type: str = MANIFEST_TYPES[0]) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": {"size": 900},
        "layers": [{"size": n} for n in sizes],
    }


def index(*entries: dict[str, Any], media_type: str = INDEX_TYPES[1]) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": media_type, "manifests": list(entries)}


def entry(architecture: str, os: str = "linux", **annotations: str) -> dict[str, Any]:
    return {"platform": {"architecture": architecture, "os": os}, "annotations": annotations}


@pytest.mark.parametrize("media_type", MANIFEST_TYPES)
def test_a_single_image_for_the_functions_architecture_is_taken(media_type: str):
    check_image(NAME, manifest(100, 200, media_type=media_type), AMD64, "x86_64", uncompressed_bytes=900)
    check_image(NAME, manifest(100), {"architecture": "arm64", "os": "linux", "variant": "v8"}, "arm64")


def test_a_manifest_need_not_name_its_type():
    untyped = manifest(100)
    del untyped["mediaType"]
    check_image(NAME, untyped, AMD64, "x86_64")


@pytest.mark.parametrize(
    ("built_for", "architecture", "remedy"),
    [("arm64", "x86_64", "--platform linux/amd64"), ("amd64", "arm64", "--platform linux/arm64")],
)
def test_an_image_for_another_architecture_is_refused(built_for: str, architecture: Any, remedy: str):
    with pytest.raises(ImageRefused, match=f"built for linux/{built_for}.*architecture is {architecture}.*{remedy}"):
        check_image(NAME, manifest(100), {"architecture": built_for, "os": "linux"}, architecture)


def test_an_image_for_another_system_is_refused():
    with pytest.raises(ImageRefused, match="built for windows/amd64"):
        check_image(NAME, manifest(100), {"architecture": "amd64", "os": "windows"}, "x86_64")


def test_an_image_whose_configuration_names_no_architecture_is_refused():
    with pytest.raises(ImageRefused, match="built for linux/None"):
        check_image(NAME, manifest(100), {}, "x86_64")


@pytest.mark.parametrize(
    "attestation",
    [
        entry("unknown", "unknown", **{"vnd.docker.reference.type": "attestation-manifest"}),
        entry("unknown", "unknown"),
    ],
)
def test_an_image_with_an_attestation_is_refused_and_how_to_build_without_is_said(attestation: dict[str, Any]):
    with pytest.raises(ImageRefused, match=r"index .*attestation.*--provenance=false --sbom=false"):
        check_image(NAME, index(entry("amd64"), attestation), {}, "x86_64")


@pytest.mark.parametrize("media_type", INDEX_TYPES)
def test_an_image_for_several_platforms_is_refused(media_type: str):
    with pytest.raises(ImageRefused, match=r"index of 2 images.*one platform"):
        check_image(NAME, index(entry("amd64"), entry("arm64"), media_type=media_type), {}, "x86_64")


def test_an_index_that_does_not_name_its_type_is_refused():
    untyped = index(entry("amd64"))
    del untyped["mediaType"]
    with pytest.raises(ImageRefused, match="index of 1 images"):
        check_image(NAME, untyped, {}, "x86_64")


def test_what_is_no_image_is_refused():
    with pytest.raises(ImageRefused, match=r"type application/vnd\.cncf\.helm; Lambda takes"):
        check_image(NAME, manifest(media_type="application/vnd.cncf.helm"), AMD64, "x86_64")


def test_an_image_may_have_exactly_what_lambda_allows():
    check_image(NAME, manifest(GIB), AMD64, "x86_64", uncompressed_bytes=IMAGE_LIMIT_BYTES)


def test_an_image_over_10_gib_is_refused_by_its_size_on_disk():
    with pytest.raises(ImageRefused, match=r"has 12\.0 GiB; Lambda takes images of at most 10 GiB.*set storage"):
        check_image(NAME, manifest(GIB), AMD64, "x86_64", uncompressed_bytes=12 * GIB)


def test_an_image_over_10_gib_is_refused_by_its_layers_where_its_size_on_disk_is_not_known():
    with pytest.raises(ImageRefused, match=r"has 11\.0 GiB"):
        check_image(NAME, manifest(6 * GIB, 5 * GIB), AMD64, "x86_64")
