"""What a browser is to the page: a websocket that takes in the scene and the panel, and presses buttons."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import viser
import zstandard
from viser import _messages
from websockets.sync.client import connect

#: As a browser tells where it looks from; the page takes nobody for a viewer before.
_CAMERA = _messages.ViewerCameraMessage(
    wxyz=(1.0, 0.0, 0.0, 0.0),
    position=(1.0, 1.0, 1.0),
    fov=1.0,
    near=0.01,
    far=100.0,
    image_height=480,
    image_width=640,
    look_at=(0.0, 0.0, 0.0),
    up_direction=(0.0, 0.0, 1.0),
)


class Browser:
    """``gui`` and ``nodes`` hold the newest properties of the panel's elements and of the scene's nodes."""

    def __init__(self, address: str) -> None:
        protocol: Any = f"viser-v{viser.__version__}"
        url = address.replace("http://", "ws://")
        self._socket = connect(url, subprotocols=[protocol], max_size=None, compression=None)
        self.gui: dict[str, dict[str, Any]] = {}
        self.nodes: dict[str, dict[str, Any]] = {}
        self._send(_CAMERA)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def until(self, predicate: Callable[[], Any], what: str, seconds: float = 10.0) -> Any:
        """Take in messages until ``predicate()`` is true and return it; TimeoutError naming ``what``."""
        end = time.monotonic() + seconds
        while True:
            value = predicate()
            if value:
                return value
            left = end - time.monotonic()
            if left <= 0.0:
                raise TimeoutError(f"the page did not show {what} within {seconds:.0f} s")
            try:
                self._take(self._socket.recv(timeout=min(left, 0.2)))
            except TimeoutError:
                continue

    def press(self, label: str) -> None:
        """Press the button with ``label``."""
        self._update(label, True)

    def tick(self, label: str, value: bool = True) -> None:
        """Tick or clear the box with ``label``."""
        self._update(label, value)

    def shows(self, words: str) -> bool:
        """Whether the panel says ``words``."""
        return any(words in str(element.get("content", "")) for element in self.gui.values())

    def element(self, label: str) -> dict[str, Any]:
        """The newest element called ``label``; empty where there is none."""
        return next((e for e in self.gui.values() if e.get("label") == label), {})

    def _update(self, label: str, value: bool) -> None:
        kinds = ("GuiButtonMessage", "GuiCheckboxMessage")
        uuid = next(u for u, e in self.gui.items() if e.get("label") == label and e["type"] in kinds)
        self._send(_messages.GuiUpdateMessage(uuid, {"value": value}))

    def _send(self, message: Any) -> None:
        self._socket.send(msgspec.msgpack.encode(message.as_serializable_dict()))

    def _take(self, raw: Any) -> None:
        size, packed = (int.from_bytes(raw[i : i + 8], "little") for i in (0, 8))
        inner = zstandard.ZstdDecompressor().decompress(raw[16 : 16 + packed], max_output_size=size)
        for message in msgspec.msgpack.decode(inner)["messages"]:
            self._learn(message)

    def _learn(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "GuiUpdateMessage":
            self.gui.setdefault(message["uuid"], {}).update(message["updates"])
        elif kind == "GuiRemoveMessage":
            self.gui.pop(message["uuid"], None)
        elif kind.startswith("Gui") and "props" in message:
            self.gui[message["uuid"]] = {"type": kind, **message["props"]}
        elif kind == "RemoveSceneNodeMessage":
            self.nodes.pop(message["name"], None)
        elif "name" in message:
            self.nodes.setdefault(message["name"], {}).update(message)
