"""Images and camera infos as serialised messages of a fixed size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image

from bimanual_core.errors import BimanualError
from bimanual_core.intrinsics import Intrinsics
from bimanual_ros.cdr import CdrTemplate
from bimanual_ros.conversions.basics import header, stamp_ns

RGB, DEPTH = "rgb8", "16UC1"


def image_msg(at_ns: int, frame: str, encoding: str, height: int, width: int, data: NDArray[np.uint8]) -> Image:
    """An image; ``data`` holds its bytes (height * width * 3 for rgb8, * 2 for 16UC1 in mm)."""
    message = Image(header=header(at_ns, frame), height=height, width=width, encoding=encoding, is_bigendian=0)
    message.step = width * (3 if encoding == RGB else 2)
    # A numpy array assigned to the field is copied element by element; frombytes copies the block.
    message.data.frombytes(np.ascontiguousarray(data).tobytes())
    return message


def camera_info_msg(at_ns: int, frame: str, intrinsics: Intrinsics) -> CameraInfo:
    """Intrinsics of pictures as they leave the camera: not rectified, so R is the identity and P repeats K."""
    K = intrinsics.K
    info = CameraInfo(header=header(at_ns, frame), height=intrinsics.height, width=intrinsics.width)
    info.distortion_model = intrinsics.model
    info.d = [float(value) for value in intrinsics.D]
    info.k = K.ravel()
    info.r = np.eye(3).ravel()
    info.p = np.hstack([K, np.zeros((3, 1))]).ravel()
    return info


def intrinsics_of(message: CameraInfo) -> Intrinsics:
    """The intrinsics of a camera info. Raises BimanualError for one that describes no camera."""
    try:
        K, D = np.array(message.k).reshape(3, 3), np.array(message.d, dtype=np.float64)
        return Intrinsics(message.width, message.height, K, D, message.distortion_model)
    except ValueError as error:
        raise BimanualError(f"camera info of {message.header.frame_id!r}: {error}") from None


class CameraTemplates:
    """Serialised colour, depth and info messages of one camera, in its optical ``frame``."""

    def __init__(self, frame: str, intrinsics: Intrinsics) -> None:
        shape = (intrinsics.height, intrinsics.width)

        def colour(at_ns: int, data: NDArray[np.uint8]) -> Image:
            return image_msg(at_ns, frame, RGB, *shape, data)

        def depth(at_ns: int, data: NDArray[np.uint8]) -> Image:
            return image_msg(at_ns, frame, DEPTH, *shape, data)

        pixels = intrinsics.height * intrinsics.width
        self._colour = CdrTemplate(colour, {"data": (pixels * 3, np.uint8)})
        self._depth = CdrTemplate(depth, {"data": (pixels * 2, np.uint8)})
        self._info = CdrTemplate(lambda at_ns: camera_info_msg(at_ns, frame, intrinsics))

    def colour(self, at_ns: int, rgb: NDArray[np.uint8]) -> bytes:
        """``rgb`` (H, W, 3) uint8."""
        return self._colour.encode(at_ns, data=rgb.reshape(-1))

    def depth(self, at_ns: int, depth_mm: NDArray[np.uint16]) -> bytes:
        """``depth_mm`` (H, W) uint16 [mm]."""
        return self._depth.encode(at_ns, data=np.ascontiguousarray(depth_mm).reshape(-1).view(np.uint8))

    def info(self, at_ns: int) -> bytes:
        return self._info.encode(at_ns)


def rgb_of(message: Image) -> NDArray[np.uint8]:
    """Pixels (H, W, 3) of an rgb8 image, a copy."""
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3).copy()


def depth_of(message: Image) -> NDArray[np.uint16]:
    """Depth (H, W) [mm] of a 16UC1 image, a copy."""
    return np.frombuffer(message.data, np.uint16).reshape(message.height, message.width).copy()


def stamp_of(message: Image) -> int:
    """Stamp [ns] of an image."""
    return stamp_ns(message.header.stamp)
