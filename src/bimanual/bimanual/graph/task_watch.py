"""Whether the task that task_server judges is over, as it says itself."""

from __future__ import annotations

from typing import Any

from bimanual.graph.session import GraphSession
from bimanual_core.contract import TASK_SERVER


class TaskWatch:
    """Listens to task/status of ``session``; :meth:`over` asks nobody, so it may be called anywhere."""

    def __init__(self, session: GraphSession, limit_seconds: float) -> None:
        self._limit_seconds = limit_seconds
        self._over = False
        session.world.endpoints.subscription("task/status", session.world.feed.hears(TASK_SERVER, self._on_status))

    def over(self) -> bool:
        """Whether the task is done, or its time is."""
        return self._over

    def _on_status(self, status: Any) -> None:
        self._over = bool(status.success or status.seconds > self._limit_seconds)
