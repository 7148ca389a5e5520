"""Raw image messages into the compressed ones that a bag holds, and back into arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_data.cdr import decode, encode
from bimanual_data.image_codec import DEPTH_FORMAT, JPEG_FORMAT, decode_depth, decode_jpeg, encode_depth, encode_jpeg
from bimanual_data.typestore import default_typestore

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
COLOUR_SUFFIX = "/compressed"
DEPTH_SUFFIX = "/compressedDepth"


@dataclass(frozen=True)
class Encoded:
    """A message ready for the bag."""

    topic: str
    type: str
    data: bytes


def compress(topic: str, data: bytes) -> Encoded:
    """The CompressedImage of an Image's CDR bytes, with the header kept: JPEG for rgb8 and bgr8, PNG for 16UC1.

    Images of other encodings stay as they are. Raises BimanualError if the bytes are no Image or sizes disagree.
    """
    message = decode(IMAGE, data)
    if message.encoding in ("rgb8", "bgr8"):
        rgb = _pixels(topic, message, 3).reshape(message.height, message.width, 3)
        if message.encoding == "bgr8":
            rgb = rgb[:, :, ::-1]
        return colour_message(topic, message.header, rgb)
    if message.encoding == "16UC1":
        order = ">u2" if message.is_bigendian else "<u2"
        depth = _pixels(topic, message, 2).view(order).astype(np.uint16, copy=False)
        return depth_message(topic, message.header, depth)
    return Encoded(topic, IMAGE, data)


def colour_message(topic: str, header: Any, rgb: NDArray[np.uint8]) -> Encoded:
    """The CompressedImage (JPEG) of a picture (H, W, 3) that ``topic`` would carry as an Image."""
    return _encoded(topic + COLOUR_SUFFIX, header, JPEG_FORMAT, encode_jpeg(rgb))


def depth_message(topic: str, header: Any, depth_mm: NDArray[np.uint16]) -> Encoded:
    """The CompressedImage (PNG with image_transport's header) of depth (H, W) [mm]; as :func:`colour_message`."""
    return _encoded(topic + DEPTH_SUFFIX, header, DEPTH_FORMAT, encode_depth(depth_mm))


def _pixels(topic: str, message: Any, bytes_per_pixel: int) -> NDArray[np.uint8]:
    """Bytes (H, W * bytes_per_pixel) without the padding at the ends of lines."""
    row = message.width * bytes_per_pixel
    if message.step < row or len(message.data) != message.step * message.height or not row:
        raise BimanualError(
            f"{topic}: {len(message.data)} bytes, step {message.step} do not fit "
            f"{message.width} x {message.height} {message.encoding}",
            ErrorCode.DATA_INVALID,
        )
    lines = np.asarray(message.data, np.uint8).reshape(message.height, message.step)
    return np.ascontiguousarray(lines[:, :row])


def _encoded(topic: str, header: Any, format_: str, data: bytes) -> Encoded:
    make = default_typestore().types[COMPRESSED_IMAGE]
    message = make(header=header, format=format_, data=np.frombuffer(data, np.uint8))
    return Encoded(topic, COMPRESSED_IMAGE, encode(COMPRESSED_IMAGE, message))


def colour_of(message: Any) -> NDArray[np.uint8]:
    """Image (H, W, 3) uint8 RGB of a decoded CompressedImage."""
    return decode_jpeg(bytes(message.data))


def depth_of(message: Any) -> NDArray[np.uint16]:
    """Depth (H, W) uint16 [mm] of a decoded CompressedImage with image_transport's depth header."""
    return decode_depth(bytes(message.data))
