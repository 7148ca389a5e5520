"""A small server of chat completions for tests, and for trying the wiring without a model:

    python src/mllm_agent/test/endpoint_server.py LOG_FOLDER [PORT]

answers each request with the next reply of an agent's log.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

#: Status, headers and body of an answer; None: none comes before the server ends.
Answer = tuple[int, dict[str, str], bytes] | None


def completion(text: str | None, finish: str = "stop", refusal: str | None = None) -> Answer:
    """A good answer of the protocol."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "served",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050},
    }
    return 200, {}, json.dumps(body).encode()


def failure(status: int, words: str, **headers: str) -> Answer:
    """An error as endpoints send it."""
    return status, headers, json.dumps({"error": {"message": words, "type": "error", "code": None}}).encode()


class EndpointServer:
    """Serves ``answers`` in turn, the last one again and again; keeps the requests. Use as a context manager."""

    def __init__(self, *answers: Answer | Callable[[dict[str, Any]], Answer], port: int = 0) -> None:
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.ending = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.requests.append({"path": self.path, **request})
                outer.keys.append(self.headers.get("authorization", ""))
                answer = answers[min(len(outer.requests), len(answers)) - 1]
                found = answer(request) if callable(answer) else answer
                if found is None:
                    outer.ending.wait()
                    return
                status, headers, body = found
                self.send_response(status)
                for name, value in {"content-type": "application/json", **headers}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing on stderr."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> EndpointServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def main(folder: str, port: str = "8123") -> None:
    paths = sorted(Path(folder).glob("calls/*/reply.json"))
    answers = [completion(json.loads(path.read_text(encoding="utf-8"))["text"]) for path in paths]
    with EndpointServer(*answers, port=int(port)) as server:
        print(f"{len(answers)} replies at {server.url}; Ctrl-C ends it", flush=True)
        try:
            server.ending.wait()
        except KeyboardInterrupt:
            print(f"{len(server.requests)} requests served")


if __name__ == "__main__":
    main(*sys.argv[1:])
