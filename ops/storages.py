"""What docs/resources.md says of each storage: the table `storages.toml`."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("storages.toml")


@dataclass(frozen=True, kw_only=True)
class Storage:
    """One storage. The head of `storages.toml` explains the fields."""

    what: str
    arrows: Sequence[str]
    in_network: Sequence[str] = ()


@cache
def storages() -> Mapping[str, Storage]:
    """Every storage by the value of the setting `storage`."""
    return {name: Storage(**entry) for name, entry in tomllib.loads(FILE.read_text()).items()}
