"""A bill of materials follows from the locks."""

import json

import pytest

from images.bill_of_materials import REQUIREMENTS, bill, locked


def test_a_bill_of_materials_is_cyclonedx():
    bom = pytest.importorskip("cyclonedx.model.bom").Bom
    packages = locked((REQUIREMENTS / "litert.txt").read_text(), "3.13", "amd64")
    parsed = bom.from_json(json.loads(json.dumps(bill("litert", packages))))
    assert {(each.name, each.version) for each in parsed.components} == {(each.name, each.version) for each in packages}


def test_a_bill_lists_what_the_lock_installs_on_that_python():
    text = (REQUIREMENTS / "litert.txt").read_text()
    versions = {python: dict(_pins(text, python)) for python in ("3.11", "3.13")}
    assert versions["3.11"]["numpy"] != versions["3.13"]["numpy"]
    assert len(versions["3.11"]) == len(versions["3.13"])


def _pins(text: str, python: str) -> list[tuple[str, str]]:
    return [(package.name, package.version) for package in locked(text, python, "amd64")]
