"""Pruning removes what nothing names, no sooner than no function can answer with it, and never loses a race."""

import time

import pytest

from handlers.manifest import CLAIM_FILE
from models.publishing import pruning
from models.publishing.claims import is_removed
from models.publishing.errors import PublishingError
from models.publishing.pruning import prunable, remove
from models.publishing.published_models import PublishedModels
from models.publishing.publisher import publish
from tests.models.publishing.conftest import silent


@pytest.fixture
def three(published, packed) -> PublishedModels:
    """Versions 1 to 3, each current once; the third is now."""
    for number, content in enumerate(("one", "two", "three"), start=1):
        publish(packed(content, version=number, make_current=True), published, silent)
    return published


def point(published: PublishedModels, version: int, **labels: int) -> None:
    published.change_pointer("m", lambda present: present._replace(version=version, labels=labels))


def test_what_the_pointer_or_a_label_names_is_not_prunable(three):
    point(three, 3, stable=1)
    assert [each.version for each in prunable(three, "m", keep=0)] == [2]


def test_the_newest_unnamed_versions_are_kept(three):
    assert [each.version for each in prunable(three, "m", keep=1)] == [1]


def test_a_version_is_due_when_it_has_been_unnamed_long_enough(three):
    [first, second] = prunable(three, "m", keep=0, quiet_seconds=100)
    until = three.pointer_file("m").named_until()
    assert second.due == pytest.approx(until[2] + 100, abs=2)
    assert first.due <= second.due
    assert first.due > time.time() + 90


def test_a_removed_version_is_gone_and_its_number_stays_taken(three, packed):
    for each in prunable(three, "m", keep=0):
        assert remove(three, "m", each)
    assert list(three.manifests("m")) == [3]
    assert [path.rpartition("/")[2] for path in (each.path for each in three.objects.under("m/1/"))] == [CLAIM_FILE]
    assert prunable(three, "m", keep=0) == []
    assert publish(packed("one", version=1), three, silent).manifest.version == 4


def test_a_version_that_is_named_while_it_is_being_removed_stays(three, monkeypatch):
    [first, _] = prunable(three, "m", keep=0)
    mark = pruning._mark

    def named_in_between(*arguments):
        before = mark(*arguments)
        with pytest.raises(PublishingError, match="was removed at this moment"):
            point(three, 1)
        return before

    monkeypatch.setattr(pruning, "_mark", named_in_between)
    assert remove(three, "m", first)  # the pointer was taken back
    assert three.pointer_file("m").pointer.version == 3


def test_a_version_that_was_named_before_its_removal_began_stays(three):
    [first, _] = prunable(three, "m", keep=0)
    point(three, 1)
    assert not remove(three, "m", first)
    assert not is_removed(three.objects, "m", 1)
    assert three.manifest("m", 1).version == 1


def test_an_unfinished_version_is_due_after_a_day(three, packed, monkeypatch):
    monkeypatch.setattr("models.publishing.publisher._complete", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        publish(packed("four", version=4), three, silent)
    [unfinished] = list(prunable(three, "m", keep=9))
    assert (unfinished.version, unfinished.complete) == (4, False)
    assert unfinished.due == pytest.approx(time.time() + 24 * 3600, abs=60)
