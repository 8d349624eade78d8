"""A publication is whole or does not happen; none is lost; and no signature changes unnoticed."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from models.publishing import publisher
from models.publishing.errors import PublishingError, Refused
from models.publishing.publisher import plan, publish
from tests.models.publishing.conftest import silent

PAIRS = int(os.environ.get("PAIRS", "5"))


def test_the_first_version_becomes_current_and_a_further_one_does_not(published, packed):
    assert publish(packed("one"), published, silent).pointer.pointer.version == 1
    second = publish(packed("two", version=2, label="canary"), published, silent)
    assert (second.pointer.pointer.version, second.pointer.pointer.labels) == (1, {"canary": 2})
    third = publish(packed("three", version=3, make_current=True), published, silent)
    assert (third.pointer.pointer.version, third.pointer.before()) == (3, 1)
    assert list(published.manifests("m")) == [1, 2, 3]


def test_a_published_version_is_what_was_packaged(published, packed):
    publication = packed("one")
    done = publish(publication, published, silent)
    [packaged] = publication.source.versions("m").values()
    assert published.manifest("m", 1) == packaged == done.manifest
    assert published.objects.read("m/1/model.tflite").content == b"one"


def test_a_number_that_is_taken_becomes_the_next_one(published, packed):
    publish(packed("one"), published, silent)
    done = publish(packed("other one"), published, silent)
    assert done.manifest.version == 2
    assert published.manifest("m", 2).version == 2


def test_publishing_again_changes_nothing(published, packed):
    publication = packed("one")
    publish(publication, published, silent)
    before = published.objects.read("m/current.json")
    again = publish(publication, published, silent)
    assert (again.existed, again.uploaded, again.manifest.version) == (True, 0, 1)
    assert published.objects.read("m/current.json") == before


def test_a_plan_writes_nothing(published, packed):
    planned = plan(packed("one"), published)
    assert (planned.manifest.version, planned.existed, planned.becomes_current) == (1, False, True)
    assert published.names() == []


def test_a_changed_signature_is_refused_unless_that_is_said(published, packed):
    publish(packed("one"), published, silent)
    wide = packed("wide", version=2, width=5)
    with pytest.raises(Refused, match=r"input x float32\[\?, 4\] becomes float32\[\?, 5\].*--allow-signature-change"):
        publish(wide, published, silent)
    assert list(published.listing("m").files) == [1]
    allowed = publish(packed("wide", version=2, width=5, allow_signature_change=True), published, silent)
    assert allowed.manifest.version == 2


def test_a_damaged_source_is_not_published(published, packed):
    publication = packed("one")
    (publication.source.root / "m" / "1" / "model.tflite").write_text("eno")
    with pytest.raises(PublishingError, match="has changed since it was packaged"):
        publish(publication, published, silent)
    assert published.names() == []


def test_an_unknown_version_is_named_with_those_there_are(published, packed):
    publication = packed("one")
    with pytest.raises(PublishingError, match=r"has not version 7 of 'm'; its packaged versions are 1"):
        publish(publication.__class__(source=publication.source, model="m", version=7), published, silent)


def test_what_was_interrupted_is_not_seen_and_is_gone_on_with(published, packed, monkeypatch):
    publish(packed("one"), published, silent)
    pointer = published.objects.read("m/current.json")
    second = packed("two", version=2)
    with monkeypatch.context() as patch:
        patch.setattr("models.publishing.publisher._complete", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            publish(second, published, silent)
    assert published.objects.read("m/current.json") == pointer
    assert list(published.manifests("m")) == [1]
    other = publish(packed("three", version=2), published, silent)
    done = publish(second, published, silent)
    assert (other.manifest.version, done.manifest.version, done.uploaded) == (3, 2, 0)


def test_a_version_that_a_deployment_seeded_keeps_its_number(published, packed):
    seed = packed("seeded")
    for path in ("model.tflite", "notes", "manifest.json"):
        published.objects.create(f"m/1/{path}", (seed.source.root / "m" / "1" / path).read_bytes())
    assert publish(packed("mine"), published, silent).manifest.version == 2
    assert publish(seed, published, silent).existed


def test_of_two_publishers_at_once_none_loses_its_version(published, packed):
    with ThreadPoolExecutor(2) as publishers:
        for number in range(PAIRS):
            both = [packed(f"{number} {who}", label=who) for who in ("a", "b")]
            done = list(publishers.map(lambda each: publish(each, published, silent), both))
            pointer = published.pointer_file("m").pointer
            assert pointer.labels == {"a": done[0].manifest.version, "b": done[1].manifest.version}
    manifests = published.manifests("m")
    assert len(manifests) == 2 * PAIRS
    for version, manifest in manifests.items():
        assert published.objects.read(f"m/{version}/model.tflite").content.decode() == manifest.fingerprint


def test_two_publishers_of_the_same_content_make_one_version(published, packed):
    publication = packed("one")
    with ThreadPoolExecutor(2) as publishers:
        done = list(publishers.map(lambda _: publish(publication, published, silent), range(2)))
    assert [each.manifest.version for each in done] == [1, 1]
    assert list(published.listing("m").files) == [1]


def test_a_publisher_who_ends_while_another_one_begins_makes_no_second_version(published, packed, monkeypatch):
    publication, claimed = packed("one"), publisher._claimed

    def claimed_late(*given):
        monkeypatch.setattr(publisher, "_claimed", claimed)
        assert publish(publication, published, silent).manifest.version == 1
        return claimed(*given)

    monkeypatch.setattr(publisher, "_claimed", claimed_late)
    done = publish(publication, published, silent)
    assert (done.manifest.version, done.uploaded) == (1, 0)
    assert list(published.listing("m").files) == [1]


def test_readers_read_the_pointer_that_publishing_writes(published, packed):
    publish(packed("one"), published, silent)
    publish(packed("two", version=2, make_current=True), published, silent)
    document = json.loads(published.objects.read("m/current.json").content)
    assert document["version"] == 2
    assert [each["version"] for each in document["former"]] == [1]
