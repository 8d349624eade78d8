"""The shapes that the local stack knows."""

from typing import get_args

from components.settings.settings import Mode
from components.settings.storage_settings import Storage
from local import shapes


def test_the_storages_and_modes_of_the_local_stack_are_those_of_the_settings():
    assert get_args(shapes.Storage) == get_args(Storage)
    assert get_args(shapes.Mode) == get_args(Mode)
