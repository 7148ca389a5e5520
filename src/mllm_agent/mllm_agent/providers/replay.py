"""The replies of an earlier run, in their order, from its log."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from bimanual_core.errors import ErrorCode
from mllm_agent.providers.base import ProviderError, Reply, Request


class ReplayProvider:
    """Raises ProviderError for a folder that is no log of an agent, and once its replies are used up."""

    name = "replay"
    sees = False

    def __init__(self, folder: Path) -> None:
        self.model = folder.name
        self._folder = folder
        self._texts = [self._text(path) for path in sorted(folder.glob("calls/*/reply.json"))]
        self._next = 0
        if not self._texts:
            raise ProviderError(f"{folder} holds no calls/*/reply.json: it is no log of an agent")

    def ask(self, request: Request, seconds_left: float, cancelled: Callable[[], bool]) -> Reply:
        """The next reply of the log."""
        if self._next >= len(self._texts):
            text = f"the log {self._folder} has only {len(self._texts)} replies"
            raise ProviderError(text, ErrorCode.AGENT_REPLY)
        self._next += 1
        return Reply(self._texts[self._next - 1])

    def close(self) -> None:
        """Nothing is held."""

    def _text(self, path: Path) -> str:
        try:
            text = json.loads(path.read_text(encoding="utf-8"))["text"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ProviderError(f"{path} is no reply of an agent's log: {error}") from None
        if not isinstance(text, str):
            raise ProviderError(f"{path}: text is {type(text).__name__}, expected a text")
        return text
