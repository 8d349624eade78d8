"""`python -m ops images`: images that no version of a function uses."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ops import images

USED, OLD, OLDER, NEWEST = (f"sha256:{digit * 64}" for digit in "1234")
STATE = {
    "deployment": {
        "resources": [
            {"type": images.REPOSITORY, "id": "inference-image-1a"},
            {"type": images.FUNCTION, "id": "inference-1a"},
        ]
    }
}


class Aws:
    """A repository of four images, of which an old version of the function uses the oldest one."""

    def get_paginator(self, operation: str) -> "Aws":
        self.operation = operation
        return self

    def paginate(self, **asked: str) -> list[dict[str, Any]]:
        if self.operation == "list_versions_by_function":
            assert asked == {"FunctionName": "inference-1a"}
            return [{"Versions": [{"Version": "$LATEST"}, {"Version": "1"}]}]
        assert asked == {"repositoryName": "inference-image-1a"}
        pushed = {USED: 1, OLDER: 2, OLD: 3, NEWEST: 4}
        return [
            {
                "imageDetails": [
                    {
                        "imageDigest": digest,
                        "imageTags": [digest[7:11]],
                        "imagePushedAt": datetime(2026, 1, day, tzinfo=UTC),
                        "imageSizeInBytes": 5_000_000,
                    }
                    for digest, day in pushed.items()
                ]
            }
        ]

    def get_function(self, **asked: str) -> dict[str, Any]:
        """Version 1 has the oldest image, and the newest configuration the newest."""
        digest = {"1": USED, "$LATEST": NEWEST}[asked["Qualifier"]]
        return {"Code": {"ImageUri": "repository:tag", "ResolvedImageUri": f"repository@{digest}"}}


def test_images_that_no_version_uses_are_listed_and_an_old_one_that_is_used_is_not():
    found = images.unused(STATE, lambda service: Aws())
    assert [image.digest for image in found] == [OLDER, OLD]
    removal = f"aws ecr batch-delete-image --repository-name inference-image-1a --image-ids imageDigest={OLDER}"
    assert images.as_text(found).splitlines()[:2] == ["2026-01-02 00:00  5 MB  3333", f"  {removal}"]


def test_a_state_without_a_repository_is_refused():
    with pytest.raises(ValueError, match="no image repository"):
        images.unused({"deployment": {"resources": []}}, lambda service: Aws())


def test_where_every_image_is_used_there_is_nothing_to_remove():
    assert "Every image" in images.as_text([])
