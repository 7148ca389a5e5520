"""Chat completions of any endpoint that speaks OpenAI's protocol, with pictures as data URLs."""

from __future__ import annotations

import base64
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from typing import Any

from mllm_agent.providers.base import Cancelled, ProviderError, RefusedReply, Reply, Request
from mllm_agent.words import plain

KEY_VARIABLE = "OPENAI_API_KEY"
URL_VARIABLE = "OPENAI_BASE_URL"
TEMPERATURE, MOST_TOKENS = 0.0, 4096
#: Wait before the one retry [s], and the longest that an endpoint may ask for.
RETRY_WAIT_S, LONGEST_WAIT_S = 2.0, 60.0
#: How often a waiting run looks whether it is still wanted [s].
LOOK_S = 0.1
#: Local servers take any key.
_ANY_KEY = "none"
#: What endpoints say of where a model takes no pictures.
_OF_PICTURES = ("image", "vision", "modal")


class OpenAIProvider:
    """``base_url`` "" means OPENAI_BASE_URL, or OpenAI's own; the key is OPENAI_API_KEY, which local servers need not.

    Raises ProviderError where the client library or a key is missing.
    """

    name = "openai"

    def __init__(
        self,
        model: str,
        base_url: str = "",
        pictures: bool = True,
        timeout_s: float = 120.0,
        retry_wait_s: float = RETRY_WAIT_S,
    ) -> None:
        try:
            import openai
        except ImportError as error:
            raise ProviderError(
                f"the client library is missing ({error}); `./bimanual` installs the extra llm"
            ) from None
        self._openai = openai
        self.model = model
        self.sees = pictures
        self._timeout_s = timeout_s
        self._retry_wait_s = retry_wait_s
        url = base_url or os.environ.get(URL_VARIABLE, "")
        key = os.environ.get(KEY_VARIABLE, "")
        if not url and not key:
            raise ProviderError(f"no key: set {KEY_VARIABLE}, or name the endpoint of a local server as base_url")
        self._where = url or "the endpoint of OpenAI"
        self._client = openai.OpenAI(api_key=key or _ANY_KEY, base_url=url or None, timeout=timeout_s, max_retries=0)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="endpoint")
        self._limits: dict[str, Any] = {"max_tokens": MOST_TOKENS, "temperature": TEMPERATURE}

    def ask(self, request: Request, seconds_left: float, cancelled: Callable[[], bool]) -> Reply:
        """One chat completion, tried again once after a wait where that may help."""
        deadline = time.monotonic() + seconds_left
        for last in (False, True):
            begin = time.monotonic()
            try:
                done = self._wait(self._pool.submit(self._send, request), deadline, cancelled)
                return self._reply(done, time.monotonic() - begin)
            except (ValueError, TypeError, AttributeError, IndexError) as error:
                said = plain(f"{type(error).__name__}: {error}", 200)
                raise ProviderError(f"{self._where} does not speak the protocol: {said}") from None
            except self._openai.OpenAIError as error:
                wait_s = self._wait_before_retry(error)
                if last or wait_s is None or time.monotonic() + wait_s > deadline:
                    raise ProviderError(self._words(error)) from None
            self._pause(wait_s, cancelled)
        raise ProviderError(f"{self._where} gave no reply")

    def close(self) -> None:
        """Close the connection; a request under way ends with it."""
        self._client.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    # -- one request --------------------------------------------------------------------------------------------------
    def _send(self, request: Request) -> Any:
        content: list[dict[str, Any]] = [{"type": "text", "text": request.text}]
        for picture in request.pictures:
            url = f"data:image/jpeg;base64,{base64.b64encode(picture.jpeg).decode()}"
            content.append({"type": "image_url", "image_url": {"url": url}})
        message: Any = {"role": "user", "content": content if request.pictures else request.text}
        create = self._client.chat.completions.create
        try:
            return create(model=self.model, messages=[message], **self._limits)
        except self._openai.BadRequestError as error:
            if not self._adapts(str(error)):
                raise
            return create(model=self.model, messages=[message], **self._limits)

    def _adapts(self, words: str) -> bool:
        """Whether the endpoint wants a limit under its newer name, or none; what is sent is then changed."""
        before = dict(self._limits)
        if "max_completion_tokens" in words and "max_tokens" in self._limits:
            self._limits["max_completion_tokens"] = self._limits.pop("max_tokens")
        if "temperature" in words:
            self._limits.pop("temperature", None)
        return before != self._limits

    def _wait(self, future: Future[Any], deadline: float, cancelled: Callable[[], bool]) -> Any:
        while True:
            try:
                return future.result(LOOK_S)
            except StillRunning:
                if future.done():
                    raise
            if cancelled():
                self.close()
                raise Cancelled("cancelled while waiting for a reply")
            if time.monotonic() > deadline:
                self.close()
                raise ProviderError(f"{self._where} gave no reply before the run's time was up")

    def _pause(self, seconds: float, cancelled: Callable[[], bool]) -> None:
        end, never = time.monotonic() + seconds, threading.Event()
        while (left := end - time.monotonic()) > 0.0:
            if cancelled():
                raise Cancelled("cancelled while waiting to ask again")
            never.wait(min(LOOK_S, left))

    # -- what came back -----------------------------------------------------------------------------------------------
    def _reply(self, done: Any, seconds: float) -> Reply:
        choices = getattr(done, "choices", None)
        if not choices:
            raise ProviderError(f"{self._where} does not speak the protocol: its answer has no choices")
        message, finish = choices[0].message, choices[0].finish_reason
        if getattr(message, "refusal", None):
            raise RefusedReply(f"the model refused: {plain(str(message.refusal), 300)}")
        if finish == "content_filter":
            raise RefusedReply("the endpoint's content filter held the reply back")
        text = message.content
        if not isinstance(text, str) or not text.strip():
            raise RefusedReply(f"the reply is empty (finish_reason {finish})")
        usage = done.usage
        return Reply(
            text,
            int(getattr(usage, "prompt_tokens", 0) or 0),
            int(getattr(usage, "completion_tokens", 0) or 0),
            finish == "length",
            seconds,
            {"id": str(done.id), "model": str(done.model), "finish_reason": str(finish)},
        )

    def _wait_before_retry(self, error: Exception) -> float | None:
        """Seconds to wait before another try, None where it would end the same."""
        status = getattr(error, "status_code", None)
        if status is None:
            return self._retry_wait_s if isinstance(error, self._openai.APIConnectionError) else None
        if status not in (408, 409, 429) and status < 500:
            return None
        try:
            asked = float(error.response.headers.get("retry-after", ""))  # type: ignore[attr-defined]
        except ValueError:
            return self._retry_wait_s
        return min(asked, LONGEST_WAIT_S) if asked >= 0.0 else self._retry_wait_s

    def _words(self, error: Exception) -> str:
        """What is wrong and what to do about it."""
        said = plain(str(error), 300)
        status = getattr(error, "status_code", None)
        if isinstance(error, self._openai.APITimeoutError):
            return f"{self._where} gave no reply within {self._timeout_s:g} s, tried twice"
        if isinstance(error, self._openai.APIConnectionError):
            return f"{self._where} cannot be reached ({said}), tried twice: is the server up, is the address right?"
        if status in (401, 403):
            return f"{self._where} refused the key (HTTP {status}): set {KEY_VARIABLE} to a valid one; it said: {said}"
        if status == 404:
            return f"{self._where} knows no model {self.model!r}, or is no such endpoint (HTTP 404); it said: {said}"
        if status == 429:
            return f"{self._where} limits requests or has no credit left (HTTP 429), tried twice; it said: {said}"
        if (
            status in (400, 415, 422)
            and self.sees
            and any(word in said.lower() for word in ("image", "vision", "modal"))
        ):
            return (
                f"model {self.model!r} takes no pictures: choose one that does, or switch pictures off; it said: {said}"
            )
        if status is not None:
            return f"{self._where} answered HTTP {status}; it said: {said}"
        return f"{self._where} does not speak the protocol: {said}"
