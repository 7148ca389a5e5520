"""What every provider of replies is: one request in, one reply out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from bimanual_core.errors import BimanualError, ErrorCode
from mllm_agent.view import Picture


class ProviderError(BimanualError):
    """No reply can be had: the endpoint, the key, the model; says which and what to do."""

    code = ErrorCode.AGENT_ENDPOINT


class RefusedReply(BimanualError):
    """The model answered that it will not; another attempt may go otherwise."""

    code = ErrorCode.AGENT_REPLY


class Cancelled(BimanualError):
    """Whoever started the run does not want it any more."""

    code = ErrorCode.CANCELLED


@dataclass(frozen=True)
class Request:
    """One message: text and pictures. ``call`` and ``attempt`` count from 1; ``done`` actions succeeded so far."""

    text: str
    pictures: tuple[Picture, ...]
    call: int
    attempt: int
    done: int


@dataclass(frozen=True)
class Reply:
    """What came back; ``cut_off``: it reached the token limit. ``raw`` is what the endpoint said, for the log."""

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cut_off: bool = False
    seconds: float = 0.0
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


class Provider(Protocol):
    """``sees``: whether pictures are of any use to it."""

    name: str
    model: str
    sees: bool

    def ask(self, request: Request, seconds_left: float, cancelled: Callable[[], bool]) -> Reply:
        """The reply. Raises ProviderError, RefusedReply, or Cancelled soon after ``cancelled()`` became true."""
        ...

    def close(self) -> None:
        """Give back what the provider holds."""
        ...
