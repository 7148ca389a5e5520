"""The RealSense library, loaded when it is needed, and what is plugged in."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

from bimanual_core.errors import ErrorCode
from bimanual_hardware.camera.source import CameraError, Profile

MEND = (
    "run ./bimanual doctor; by hand: pip install pyrealsense2, and as root: apt-get install libusb-1.0-0; "
    "source:=pattern needs neither"
)


def library() -> ModuleType:
    """pyrealsense2. Raises CameraError saying how to install it."""
    try:
        return importlib.import_module("pyrealsense2")
    except ImportError as error:
        raise CameraError(f"pyrealsense2 does not load ({error}); {MEND}", ErrorCode.HARDWARE_NOT_READY) from None


def connected_devices() -> list[Any]:
    """Every RealSense device of this machine as the library's objects."""
    return list(library().context().query_devices())


def info(device: Any, name: str) -> str:
    """One of a device's texts, such as ``serial_number``; empty where it has none."""
    key = getattr(library().camera_info, name)
    return str(device.get_info(key)) if device.supports(key) else ""


def name_of(device: Any) -> str:
    """A device in words: ``Intel RealSense D435 123456789012``."""
    return f"{info(device, 'name') or 'RealSense'} {info(device, 'serial_number')}".strip()


def pick(devices: Sequence[Any], serial: str) -> Any:
    """The device with this serial number, or the first if it is empty. Raises CameraError listing those there are."""
    for device in devices:
        if serial in ("", info(device, "serial_number")):
            return device
    there = ", ".join(name_of(device) for device in devices) or "none"
    wanted = f"no RealSense with serial number {serial!r} is connected" if serial else "no RealSense is connected"
    raise CameraError(f"{wanted}; connected: {there}")


def profiles(device: Any, stream: Any, pixels: Any) -> set[Profile]:
    """What a device offers for a kind of stream in one format of pixels."""
    found = set()
    for sensor in device.query_sensors():
        for offer in sensor.get_stream_profiles():
            if offer.stream_type() == stream and offer.format() == pixels and offer.is_video_stream_profile():
                video = offer.as_video_stream_profile()
                found.add(Profile(video.width(), video.height(), video.fps()))
    return found


def colour_profile(offers: Iterable[Profile], wanted: Profile, label: str) -> Profile:
    """``wanted`` if it is offered. Raises CameraError listing what is, first at the same rate."""
    offers = sorted(offers, key=lambda p: (p.fps != wanted.fps, p.width, p.height, p.fps))
    if wanted in offers:
        return wanted
    listed = ", ".join(str(offer) for offer in offers) or "none; is it plugged into a USB 3 port?"
    raise CameraError(f"{label} has no colour profile {wanted}; it offers: {listed}")


def depth_profile(offers: Iterable[Profile], colour: Profile, label: str) -> Profile:
    """The smallest offer at the colour's rate that is no coarser than the colour picture, or else the largest.

    Raises CameraError if there is none at this rate.
    """
    at_rate = sorted((p for p in offers if p.fps == colour.fps), key=lambda p: (p.width * p.height, p.width))
    if not at_rate:
        raise CameraError(f"{label} has no depth at {colour.fps} fps; rates: {sorted({p.fps for p in offers})}")
    fine = [p for p in at_rate if p.width >= colour.width and p.height >= colour.height]
    return fine[0] if fine else at_rate[-1]
