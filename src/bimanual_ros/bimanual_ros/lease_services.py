"""control/acquire, control/release and the latched control/owners, for a bank's leases."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bimanual_interfaces.msg import Owners
from bimanual_interfaces.srv import Acquire, Release
from rclpy.node import Node

from bimanual_control.bank import ControllerBank
from bimanual_control.lease import LONGEST_TTL_NS
from bimanual_core.errors import BimanualError
from bimanual_core.rates import seconds_to_ns
from bimanual_ros.conversions.basics import header
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.liveliness import Heartbeat, LifeWatch

#: A topic is named after the owner, and DDS takes 255 letters in all.
LONGEST_OWNER = 200
#: So many owners, the newest, are watched also while they hold nothing.
MOST_WATCHED = 8


class LeaseServices:
    """Leases of arms. An owner is a node's name; when that node is killed or stopped, its arms are freed and
    ``on_lost(owner, arms)`` is called: within a second if it has a heartbeat (GraphWorld has), else when DDS has
    missed it and :meth:`watch` sees that. An owner that never was a node of this graph only loses its lease by its end.

    The node gets a heartbeat itself, so that owners can tell whether it is there.
    """

    def __init__(
        self,
        node: Node,
        endpoints: Endpoints,
        bank: ControllerBank,
        on_lost: Callable[[str, tuple[str, ...]], None],
    ) -> None:
        self._node = node
        self._bank = bank
        self._on_lost = on_lost
        self._seen: set[str] = set()
        self._lives: dict[str, LifeWatch] = {}
        self._heartbeat = Heartbeat(node)
        self._published: dict[str, str] | None = None
        self._owners = endpoints.publisher("control/owners")
        endpoints.service("control/acquire", self._acquire)
        endpoints.service("control/release", self._release)
        self.publish()

    def publish(self) -> None:
        """Publish the owners if they changed."""
        owners = self._bank.leases.owners(self._bank.now_ns)
        if owners != self._published:
            self._published = owners
            message = Owners(header=header(self._bank.now_ns), arms=list(owners), owners=list(owners.values()))
            self._owners.publish(message)

    def watch(self) -> None:
        """Look whether every owner is still there; call this about twice a second."""
        owners = set(self._bank.leases.owners(self._bank.now_ns).values()) - {""}
        if owners:
            present = set(self._node.get_node_names())
            self._seen |= present & owners
            for owner in owners & (self._seen - present):
                self._lose(owner)
        # Those who come again are watched from the first moment on: finding a heartbeat takes up to a second.
        for owner in [name for name in self._lives if name not in owners][: max(0, len(self._lives) - MOST_WATCHED)]:
            self._lives.pop(owner).close()
        self.publish()

    def _on_life(self, owner: str, alive: bool) -> None:
        if not alive:
            self._lose(owner)
            self.publish()

    def _lose(self, owner: str) -> None:
        """Take the arms from an owner that is gone."""
        self._seen.discard(owner)
        arms = tuple(arm for arm, holder in self._bank.leases.owners(self._bank.now_ns).items() if holder == owner)
        if arms:
            self._bank.leases.release(owner)
            self._on_lost(owner, arms)

    def _acquire(self, request: Acquire.Request, response: Acquire.Response) -> Acquire.Response:
        try:
            longest_s = LONGEST_TTL_NS * 1e-9
            if not 0.0 <= request.ttl <= longest_s:
                raise BimanualError(f"ttl {request.ttl} s is outside (0, {longest_s:.0f}] s; 0 means the longest")
            if len(request.owner) > LONGEST_OWNER:
                raise BimanualError(
                    f"owner has {len(request.owner)} letters; a node's name has at most {LONGEST_OWNER}"
                )
            ttl_ns = LONGEST_TTL_NS if request.ttl == 0.0 else seconds_to_ns(request.ttl)
            self._bank.leases.acquire(request.owner, list(request.arms), ttl_ns, self._bank.now_ns)
            if request.owner not in self._lives:
                self._lives[request.owner] = LifeWatch(self._node, request.owner, partial(self._on_life, request.owner))
            response.success = True
        except BimanualError as error:
            response.error_code, response.error_msg = int(error.code), str(error)
        self.publish()
        return response

    def _release(self, request: Release.Request, response: Release.Response) -> Release.Response:
        try:
            self._bank.leases.release(request.owner, list(request.arms))
            response.success = True
        except BimanualError as error:
            response.error_code, response.error_msg = int(error.code), str(error)
        self.publish()
        return response
