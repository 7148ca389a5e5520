"""What the controllers did by themselves, told in the log and for a while in /diagnostics: streams that ran out in the
middle of a motion, and motion that was stopped before it left the workspace or reached the other arm."""

from __future__ import annotations

import time

from rclpy.node import Node

from bimanual_control.bank import ControllerBank

#: A notice stays in /diagnostics for this long [s].
SHOWN_S = 5.0


class ControlNotices:
    """Watches the counters of ``bank``; call :meth:`look` about twice a second."""

    def __init__(self, node: Node, bank: ControllerBank) -> None:
        self._node = node
        self._bank = bank
        self._run_out = {side: 0 for side in bank.arms}
        self._violations = 0
        self._words = ""
        self._at = -SHOWN_S

    @property
    def words(self) -> str:
        """The newest notice, empty when it is old."""
        return self._words if time.monotonic() - self._at < SHOWN_S else ""

    def look(self) -> None:
        """Tell of what is new."""
        for side, arm in self._bank.arms.items():
            if arm.streams_run_out != self._run_out[side]:
                self._run_out[side] = arm.streams_run_out
                self._tell(
                    f"{arm.name}: the streamed points ran out in the middle of a motion, it slowed down and holds "
                    f"({arm.streams_run_out} times so far)"
                )
        keeper = self._bank.keeper
        if keeper is not None and keeper.last is not None and keeper.violations != self._violations:
            self._violations = keeper.violations
            self._tell(f"stopped in time: {keeper.last.message} ({keeper.violations} times so far)")

    def _tell(self, words: str) -> None:
        self._words, self._at = words, time.monotonic()
        self._node.get_logger().warning(words)
