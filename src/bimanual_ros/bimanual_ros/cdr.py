"""Templates of messages that rclpy serialises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import DTypeLike
from rclpy.serialization import serialize_message

from bimanual_core.message_template import MessageTemplate


class CdrTemplate(MessageTemplate):
    """Bytes of the message ``build(stamp_ns, **values)`` for any stamp and values of the sizes given."""

    def __init__(self, build: Callable[..., Any], values: Mapping[str, tuple[int, DTypeLike]] | None = None) -> None:
        super().__init__(lambda at_ns, **marks: serialize_message(build(at_ns, **marks)), values)
