"""Bringing dead nodes up again: after a growing delay, and not for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bimanual.graph.supervisor import NodeProcess, Supervisor
from bimanual_core.errors import SilentNodeError


@dataclass(frozen=True)
class RestartPolicy:
    """A dead node is started again after ``first_delay_s``, which doubles with each death up to ``longest_delay_s``;
    more than ``limit`` deaths within ``window_s`` are too many."""

    first_delay_s: float = 0.5
    longest_delay_s: float = 8.0
    limit: int = 5
    window_s: float = 60.0

    def delay(self, deaths: int) -> float | None:
        """The delay [s] after so many deaths within the window, None if they are too many."""
        if deaths > self.limit:
            return None
        return min(self.first_delay_s * 2.0 ** max(deaths - 1, 0), self.longest_delay_s)


@dataclass
class _History:
    """The deaths of one node [s], and when it is due to start again."""

    deaths: list[float] = field(default_factory=list)
    due: float | None = None


class Respawner:
    """Looks after a supervisor's nodes: :meth:`look` often, with the present time [s] of one clock.

    ``tell`` hears of every death and every restart, in words.
    """

    def __init__(
        self, supervisor: Supervisor, tell: Callable[[str], None], policy: RestartPolicy | None = None
    ) -> None:
        self._supervisor = supervisor
        self._tell = tell
        self._policy = policy or RestartPolicy()
        self._histories: dict[str, _History] = {}

    def look(self, now: float) -> list[str]:
        """Take note of who died, start who is due; returns the names started now.

        Raises SilentNodeError naming a node that died too often.
        """
        started = []
        for node in self._supervisor.dead():
            name = node.spec.name
            history = self._histories.setdefault(name, _History())
            if history.due is None:
                history.due = now + self._mourn(node, history, now)
            elif now >= history.due:
                history.due = None
                started.append(name)
                process = self._supervisor.restart(name).process
                self._tell(f"node {name} was started again, pid {process.pid}")
        return started

    def _mourn(self, node: NodeProcess, history: _History, now: float) -> float:
        policy = self._policy
        history.deaths = [at for at in history.deaths if now - at < policy.window_s] + [now]
        count, delay = len(history.deaths), policy.delay(len(history.deaths))
        if delay is None:
            often = f"{count} times within {policy.window_s:.0f} s, at most {policy.limit} are mended"
            raise SilentNodeError(f"{node.obituary()}\nnode {node.spec.name} died {often}")
        self._tell(f"{node.obituary()}\nit starts again in {delay:g} s ({count} of at most {policy.limit})")
        return delay
