"""A publisher that is killed leaves nothing that readers see, and the next run completes. Two at once lose nothing."""

import json
import os
import random
import subprocess
import sys
import time

import pytest

from models.publishing.publisher import Publication
from tests.models.publishing.conftest import packed_in
from tests.paths import PROJECT

KILLS = int(os.environ.get("KILLS", "3"))
PAIRS = int(os.environ.get("PAIRS", "2"))


@pytest.fixture
def environment(request, address) -> dict[str, str]:
    """What a publisher's process needs to reach the place."""
    return {**os.environ, **(request.getfixturevalue("aws") if address.startswith("s3:") else {})}


def command(publication: Publication, address: str, *options: str) -> list[str]:
    repository = ["--repository", str(publication.source.root)]
    return [sys.executable, "-m", "models", "publish", "m", *repository, "--at", address, "--json", *options]


def run(arguments: list[str], environment: dict[str, str]) -> dict:
    done = subprocess.run(arguments, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def seen(published) -> dict[int, bytes]:
    """What a reader finds: every version that the pointer names, whole."""
    found: dict[int, bytes] = {}
    for version in published.pointer_file("m").pointer.versions():
        manifest = published.manifest("m", version)
        for entry in manifest.files:
            document = published.objects.read(f"m/{version}/{entry.path}")
            assert document is not None
            assert len(document.content) == entry.size
        found[version] = published.objects.read(f"m/{version}/model.tflite").content
    return found


@pytest.mark.timeout(1200)
def test_a_publisher_that_is_killed_at_any_moment_leaves_whole_versions_and_the_next_run_completes(
    published, address, environment, tmp_path
):
    run(command(packed_in(tmp_path / "first", "first"), address), environment)
    began = time.monotonic()
    run(command(packed_in(tmp_path / "timed", "timed", version=2), address, "--make-current"), environment)
    duration = time.monotonic() - began
    moments = random.Random(7)  # noqa: S311 moments, not secrets
    for number in range(KILLS):
        content = f"{number} " * 1000
        publication = packed_in(tmp_path / str(number), content, version=number + 3)
        arguments = command(publication, address, "--make-current")
        killed = subprocess.Popen(
            arguments, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(moments.uniform(0.3, 1.0) * duration)
        killed.kill()
        killed.wait()
        assert seen(published)
        done = run(arguments, environment)
        assert done["version"] == done["current"] == number + 3
        assert seen(published) == {number + 3: content.encode()}


@pytest.mark.timeout(1200)
def test_of_two_publishers_in_processes_of_their_own_none_loses_its_version(published, address, environment, tmp_path):
    for number in range(PAIRS):
        both = [packed_in(tmp_path / f"{number}{who}", f"{number}{who}", label=who) for who in ("a", "b")]
        started = [
            subprocess.Popen(
                command(each, address, "--label", each.label),
                cwd=PROJECT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for each in both
        ]
        done = [process.communicate() for process in started]
        assert [process.returncode for process in started] == [0, 0], done
        labels = {each.label: json.loads(out)["version"] for each, (out, _) in zip(both, done, strict=True)}
        assert published.pointer_file("m").pointer.labels == labels
    manifests = published.manifests("m")
    assert len(manifests) == 2 * PAIRS
    assert all(
        published.objects.read(f"m/{version}/model.tflite").content.decode() == manifest.fingerprint
        for version, manifest in manifests.items()
    )
