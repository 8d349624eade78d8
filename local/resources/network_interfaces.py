"""NetworkInterfaces: the interfaces that AWS's services keep in a VPC, which hold its subnets and security groups.

Functions with the same subnet and the same security groups share an interface. Lambda gives it back a while after the
last of them is gone: on AWS within 45 minutes or so, here after `LINGER_SECONDS`.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

LINGER_SECONDS = 2.0
"""How long an interface outlives the last function that used it."""

Place = tuple[str, tuple[str, ...]]
"""A subnet, and security groups in order."""


@dataclass
class _Shared:
    interface_id: str
    functions: set[str] = field(default_factory=set[str])
    free_at: float = 0.0
    regrouped: bool = False


class NetworkInterfaces:
    """The account's interfaces. `client` is boto3's for EC2, where they are kept."""

    def __init__(self, client: Any, linger_seconds: float = LINGER_SECONDS) -> None:
        self._client = client
        self._linger = linger_seconds
        self._shared: dict[Place, _Shared] = {}
        self._owned: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def attach(self, function: str, subnets: Sequence[str], groups: Sequence[str]) -> None:
        """Give a function its interfaces, one in each subnet, in place of those that it had."""
        places = {(subnet, tuple(sorted(groups))) for subnet in subnets}
        with self._lock:
            for place in places:
                if place not in self._shared:
                    self._shared[place] = _Shared(self._create(*place, "AWS Lambda VPC ENI"))
                self._shared[place].functions.add(function)
            self._leave(function, {place for place in self._shared if place not in places})

    def detach(self, function: str, replacement: Sequence[str] = ()) -> None:
        """A function leaves its VPC. With `replacement`, interfaces that no function uses any more get these groups, so
        that they hold only their subnets."""
        with self._lock:
            self._leave(function, set(self._shared))
            if replacement:
                self._regroup(replacement)

    def own(self, owner: str, subnets: Sequence[str], groups: Sequence[str]) -> None:
        """Give a mount target or an endpoint its interfaces, in place of those that it had."""
        made = [self._create(subnet, tuple(groups), owner) for subnet in subnets]
        with self._lock:
            old, self._owned[owner] = self._owned.get(owner, []), made
        self._delete(old)

    def disown(self, owner: str) -> None:
        """A mount target or an endpoint is gone, and its interfaces with it."""
        with self._lock:
            old = self._owned.pop(owner, [])
        self._delete(old)

    def lingers(self, interface_id: str) -> bool:
        """Whether Lambda will give an interface back without a further call."""
        with self._lock:
            return any(each.interface_id == interface_id and not each.functions for each in self._shared.values())

    def sweep(self) -> None:
        """Take away the interfaces whose time has come."""
        with self._lock:
            over = [
                place for place, each in self._shared.items() if not each.functions and each.free_at <= time.monotonic()
            ]
            gone = [self._shared.pop(place).interface_id for place in over]
        self._delete(gone)

    def _leave(self, function: str, places: set[Place]) -> None:
        for place in places:
            shared = self._shared[place]
            if function in shared.functions:
                shared.functions.discard(function)
                shared.free_at = time.monotonic() + self._linger

    def _regroup(self, groups: Sequence[str]) -> None:
        idle = [place for place, each in self._shared.items() if not each.functions and not each.regrouped]
        for place in idle:
            shared = self._shared.pop(place)
            self._delete([shared.interface_id])
            shared.interface_id, shared.regrouped = self._create(place[0], groups, "AWS Lambda VPC ENI"), True
            self._shared[shared.interface_id, ()] = shared  # a place that no function asks for

    def _create(self, subnet: str, groups: Sequence[str], description: str) -> str:
        made = self._client.create_network_interface(SubnetId=subnet, Groups=list(groups), Description=description)
        return str(made["NetworkInterface"]["NetworkInterfaceId"])

    def _delete(self, interface_ids: Sequence[str]) -> None:
        for each in interface_ids:
            self._client.delete_network_interface(NetworkInterfaceId=each)
