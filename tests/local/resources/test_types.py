"""The table of resource types that the emulated AWS has."""

from local.resources import TYPES
from local.resources.not_emulated import NOT_EMULATED
from tests.made_types import made_types


def test_every_type_that_a_component_makes_is_emulated():
    assert made_types() <= set(TYPES)


def test_what_is_said_not_to_be_emulated_is_about_types_that_there_are():
    assert {kind.partition(".")[0] for kind in NOT_EMULATED} <= set(TYPES)
