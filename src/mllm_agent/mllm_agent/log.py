"""The full log of one run: a folder with every request, reply, picture and feedback, a timeline, and a report to read.

    run.json                 what was asked of whom, with which budget
    calls/<call>-<attempt>/  request.txt, request.json, <camera>.jpg, reply.json, feedback.txt
    timeline.jsonl           one event a line, with seconds since the start
    result.json, report.md   how it ended

Keys of endpoints are in none of them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from mllm_agent.providers.base import Reply, Request

#: Characters of a reply that are kept: more than any reply that is used has.
MOST_KEPT = 250_000


def new_log_folder(base: Path) -> Path:
    """A new folder ``<date-time>`` in ``base``. Raises OSError."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    for suffix in ("", *(f"-{i}" for i in range(1, 1000))):
        folder = base / f"{stamp}{suffix}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder.resolve()
    raise FileExistsError(base / stamp)


class RunLog:
    """Writes as things happen, so that what is there when a run is killed is true. Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._start = time.monotonic()
        self._report: list[str] = []
        self._now = folder
        folder.mkdir(parents=True, exist_ok=True)

    def begin(self, values: Mapping[str, Any]) -> None:
        """What the run is about."""
        self._json(self.folder / "run.json", values)
        self._report = [f"# {values.get('instruction', '')}", ""]
        self._report += [f"- {name}: {value}" for name, value in values.items() if name != "instruction"]
        self.event("begin")

    def request(self, request: Request) -> None:
        """A request, before it is sent."""
        self._now = self.folder / "calls" / f"{request.call:02d}-{request.attempt}"
        self._now.mkdir(parents=True, exist_ok=True)
        self._text(self._now / "request.txt", request.text)
        pictures = [{"camera": p.camera, "file": f"{p.camera}.jpg", "bytes": len(p.jpeg)} for p in request.pictures]
        for picture in request.pictures:
            (self._now / f"{picture.camera}.jpg").write_bytes(picture.jpeg)
        numbers = {"call": request.call, "attempt": request.attempt, "actions_done": request.done}
        self._json(self._now / "request.json", {**numbers, "text": request.text, "pictures": pictures})
        self.event("request", **numbers)
        self._report += ["", f"## Call {request.call}, attempt {request.attempt}", ""]
        self._report += [
            f"![{p.camera}]({self._now.relative_to(self.folder)}/{p.camera}.jpg)" for p in request.pictures
        ]

    def reply(self, reply: Reply) -> None:
        """The reply to the newest request."""
        tokens = {"prompt_tokens": reply.prompt_tokens, "completion_tokens": reply.completion_tokens}
        text = reply.text[:MOST_KEPT]
        values = {
            "text": text,
            "characters": len(reply.text),
            **tokens,
            "cut_off": reply.cut_off,
            "seconds": round(reply.seconds, 3),
        }
        self._json(self._now / "reply.json", {**values, "raw": reply.raw})
        self.event("reply", **tokens, characters=len(reply.text))
        fence = "~~~~"
        self._report += ["", fence, text[:20_000].replace(fence, "~~~"), fence]

    def problem(self, text: str) -> None:
        """Why the newest reply could not be used, or none came."""
        self.event("problem", text=text)
        self._report += ["", f"Not usable: {text}"]

    def feedback(self, text: str) -> None:
        """What the model is told of its plan."""
        self._text(self._now / "feedback.txt", text)
        self._report += ["", *(f"> {line}" for line in text.splitlines())]
        self._write_report()

    def event(self, kind: str, **values: Any) -> None:
        """One line of the timeline."""
        line = json.dumps({"t": round(time.monotonic() - self._start, 3), "event": kind, **values})
        with (self.folder / "timeline.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def end(self, values: Mapping[str, Any]) -> None:
        """How the run ended."""
        self._json(self.folder / "result.json", values)
        self.event("end", **values)
        self._report += ["", "## End", "", *(f"- {name}: {value}" for name, value in values.items())]
        self._write_report()

    def _write_report(self) -> None:
        self._text(self.folder / "report.md", "\n".join(self._report) + "\n")

    @staticmethod
    def _text(path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")

    @staticmethod
    def _json(path: Path, values: Mapping[str, Any]) -> None:
        path.write_text(json.dumps(values, indent=1, default=str) + "\n", encoding="utf-8")
