"""Storages are rows of a table: each is one component and one row."""

from typing import get_args

from components.settings.storage_settings import Storage
from components.stack.stack_storages import SOURCES


def test_every_storage_has_a_row():
    assert set(SOURCES) == set(get_args(Storage))
