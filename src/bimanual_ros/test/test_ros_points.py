"""Point clouds of pictures: where the points are, their colours, lenses, and nothing where no depth is."""

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, PointCloud2

from bimanual_core.errors import BimanualError
from bimanual_core.intrinsics import Intrinsics, pinhole
from bimanual_core.robot import CameraSpec
from bimanual_ros.conversions.basics import stamp_ns
from bimanual_ros.images import camera_info_msg, intrinsics_of
from bimanual_ros.points import PointsBuilder, points_of

CAMERA = pinhole(CameraSpec("head", "base_link", (0, 0, 1), (0, 0, 0), width=8, height=6))
rng = np.random.default_rng(4)


def pictures(intrinsics):
    shape = (intrinsics.height, intrinsics.width)
    return rng.integers(0, 256, (*shape, 3), dtype=np.uint8), rng.integers(200, 3000, shape, dtype=np.uint16)


def test_points_project_back_to_their_pixels_with_their_colours():
    rgb, depth = pictures(CAMERA)
    depth[2, 3] = depth[5, 7] = 0
    message = deserialize_message(serialize_message(PointsBuilder("f", CAMERA).message(7, rgb, depth)), PointCloud2)
    assert (stamp_ns(message.header.stamp), message.header.frame_id) == (7, "f")
    assert (message.height, message.width, message.is_dense, message.point_step) == (1, 46, True, 16)
    assert message.row_step == len(message.data) == 46 * 16
    assert [(f.name, f.offset) for f in message.fields] == [("x", 0), ("y", 4), ("z", 8), ("rgb", 12)]
    points = points_of(message)
    rows, columns = np.nonzero(depth)
    seen = CAMERA.K @ np.stack([points["x"] / points["z"], points["y"] / points["z"], np.ones(46)])
    assert np.allclose(seen[0], columns, atol=1e-4)
    assert np.allclose(seen[1], rows, atol=1e-4)
    assert np.allclose(points["z"] * 1000.0, depth[rows, columns])
    colours = np.stack([points["rgb"] >> 16 & 255, points["rgb"] >> 8 & 255, points["rgb"] & 255], axis=1)
    assert np.array_equal(colours, rgb[rows, columns])


def test_nothing_seen_is_an_empty_cloud():
    rgb, depth = pictures(CAMERA)
    message = PointsBuilder("f", CAMERA).message(0, rgb, np.zeros_like(depth))
    assert (message.width, len(message.data)) == (0, 0)


@pytest.mark.parametrize(
    ("model", "D"), [("plumb_bob", [0.12, -0.25, 0.002, -0.003, 0.08]), ("equidistant", [0.05, -0.02, 0.003, 0.001])]
)
def test_lens_distortion_is_taken_out(model, D):
    K = np.array([[300.0, 0, 159.5], [0, 300.0, 119.5], [0, 0, 1]])
    intrinsics = Intrinsics(320, 240, K, np.array(D), model)
    points = PointsBuilder("f", intrinsics).points(
        np.zeros((240, 320, 3), np.uint8), np.full((240, 320), 1000, np.uint16)
    )
    # Through the models as OpenCV and ROS define them, written out for single points.
    for row, column in ((0, 0), (120, 160), (239, 10), (30, 310)):
        x, y, _, _ = (float(v) for v in points[row * 320 + column])
        r2 = x * x + y * y
        if model == "plumb_bob":
            k1, k2, p1, p2, k3 = D
            radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
            u = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
            v = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
        else:
            r, theta = np.sqrt(r2), np.arctan(np.sqrt(r2))
            bent = theta * (1 + D[0] * theta**2 + D[1] * theta**4 + D[2] * theta**6 + D[3] * theta**8)
            u, v = x * bent / r, y * bent / r
        assert (300 * u + 159.5, 300 * v + 119.5) == pytest.approx((column, row), abs=2e-3)


def test_camera_infos_carry_the_lens():
    K = np.array([[301.0, 0, 159.5], [0, 302.0, 119.5], [0, 0, 1]])
    given = Intrinsics(320, 240, K, np.array([0.1, 0.2, 0.3, 0.4]), "equidistant")
    message = camera_info_msg(5, "head", given)
    assert np.array_equal(np.array(message.p).reshape(3, 4), np.hstack([K, np.zeros((3, 1))]))
    assert intrinsics_of(message).same_as(given)
    with pytest.raises(BimanualError, match="camera info of '': a picture of 0 x 0 pixels"):
        intrinsics_of(CameraInfo())


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"width": 0}, "at least 1 x 1"),
        ({"K": np.zeros((3, 3))}, "positive focal lengths"),
        ({"K": np.full((3, 3), np.nan)}, "finite"),
        ({"model": "rational"}, "models: plumb_bob, equidistant"),
        ({"D": np.zeros(4)}, "plumb_bob has 5 finite coefficients"),
    ],
)
def test_intrinsics_that_are_none_are_refused(change, text):
    good = {"width": 8, "height": 6, "K": CAMERA.K, "D": np.zeros(5), "model": "plumb_bob"}
    with pytest.raises(ValueError, match=text):
        Intrinsics(**{**good, **change})
