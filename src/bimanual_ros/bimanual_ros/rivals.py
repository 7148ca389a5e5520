"""A driver that shares its arms or its clock with another one must not move: whoever commands it cannot know whom."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node

from bimanual_core.errors import BimanualError, ErrorCode

#: What only the driver of one graph publishes.
SINGLE_TOPICS = ("joint_states", "/clock")


class RivalWatch:
    """Looks whether others publish what only ``node`` should; call :meth:`look` about twice a second.

    ``on_rival(words)`` is called when they begin to.
    """

    def __init__(self, node: Node, on_rival: Callable[[str], None]) -> None:
        self._node = node
        self._on_rival = on_rival
        self.words = ""

    def look(self) -> None:
        """Take note of who is there now."""
        before, self.words = self.words, self._find()
        if self.words and not before:
            self._on_rival(self.words)

    def check(self) -> None:
        """Raises BimanualError (CONTROL_REJECTED) naming the topic and its publishers while there are others."""
        if self.words:
            raise BimanualError(self.words, ErrorCode.CONTROL_REJECTED)

    def _find(self) -> str:
        for topic in SINGLE_TOPICS:
            name = self._node.resolve_topic_name(topic)
            if self._node.count_publishers(name) > 1:
                names = ", ".join(sorted(info.node_name for info in self._node.get_publishers_info_by_topic(name)))
                return (
                    f"{name} has several publishers ({names}): another graph runs in DDS domain "
                    f"{self._node.context.get_domain_id()}; end it, or give it a ROS_DOMAIN_ID of its own"
                )
        return ""
