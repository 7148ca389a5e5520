"""SE(3) maths against its definitions, on random poses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.spatial.transform import Rotation

from bimanual_core import se3

finite = st.floats(-2, 2, allow_nan=False)
vectors = st.tuples(finite, finite, finite).map(np.array)


@given(vectors, vectors)
def test_exp_is_the_matrix_exponential_and_log_its_inverse(w: np.ndarray, v: np.ndarray) -> None:
    twist = np.concatenate([w, v])
    hat = np.zeros((4, 4))
    hat[:3, :3], hat[:3, 3] = se3.skew(w), v
    T = se3.exp_SE3(twist)
    assert np.allclose(T, expm(hat), atol=1e-8)
    if np.linalg.norm(w) < np.pi - 1e-3:
        assert np.allclose(se3.log_SE3(T), twist, atol=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_quaternion_order_is_xyzw(seed: int) -> None:
    rotation = Rotation.random(random_state=seed)
    quat_xyzw = rotation.as_quat(canonical=True)
    assert np.allclose(se3.rotation_from_quat(quat_xyzw), rotation.as_matrix(), atol=1e-12)
    assert np.allclose(se3.quat_from_rotation(rotation.as_matrix()), quat_xyzw, atol=1e-9)


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_half_turns_survive_the_round_trip(axis: tuple[int, int, int]) -> None:
    R = se3.rotation_about(axis, np.pi)
    assert np.allclose(se3.rotation_from_quat(se3.quat_from_rotation(R)), R, atol=1e-12)
    assert np.linalg.norm(se3.log_rotation(R)) == pytest.approx(np.pi)


@pytest.mark.parametrize("bad", [(0, 0, 0, 0), (np.nan, 0, 0, 1), (1, 0, 0)])
def test_bad_quaternions_are_refused(bad: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="not a quaternion xyzw"):
        se3.rotation_from_quat(bad)


def test_rpy_follows_urdf() -> None:
    rpy = (0.3, -0.8, 1.9)
    assert np.allclose(se3.rotation_from_rpy(rpy), Rotation.from_euler("xyz", rpy).as_matrix())


def test_a_screw_starts_and_ends_at_its_poses_and_keeps_its_axis() -> None:
    a = se3.make_T((0.1, 0.2, 0.3), (0.1, 0.2, 0.3, 0.9))
    b = se3.make_T((-0.4, 0.1, 0.9), (0.5, -0.2, 0.1, 0.8))
    twist = se3.screw_between(a, b)
    assert np.allclose(se3.screw_pose(a, twist, 0.0), a)
    assert np.allclose(se3.screw_pose(a, twist, 1.0), b)
    half = se3.screw_pose(a, twist, 0.5)
    assert np.allclose(se3.screw_between(a, half), se3.screw_between(half, b), atol=1e-9)


@pytest.mark.parametrize(
    "twist", [(0.3, -1.2, 0.5, 0.1, 0.2, -0.3), (0.0, 0.0, 0.0, 0.1, 0.2, -0.3), (1e-9, 0, 0, 1, 0, 0)]
)
def test_poses_of_a_screw_at_once_are_those_one_by_one(twist):
    start, shares = se3.make_T((0.1, 0.2, 0.3), (0.0, 0.6, 0.0, 0.8)), np.linspace(0.0, 1.0, 7)
    one_by_one = [se3.screw_pose(start, np.array(twist), s) for s in shares]
    np.testing.assert_allclose(se3.screw_poses(start, np.array(twist), shares), one_by_one, atol=1e-12)


def test_look_along_points_x_forward_and_z_up() -> None:
    T = se3.look_along((0, 0, 1), (0, 1, -1))
    assert np.allclose(T[:3, 0], np.array([0, 1, -1]) / np.sqrt(2))
    assert T[2, 2] > 0
    assert se3.is_transform(T)
    optical_z = (T[:3, :3] @ se3.R_link_optical)[:, 2]
    assert np.allclose(optical_z, T[:3, 0])


@given(vectors, vectors)
def test_a_pose_survives_sending_bit_for_bit(w: np.ndarray, v: np.ndarray) -> None:
    T = se3.exp_SE3(np.concatenate([w, v]))
    sent = se3.as_sent(T)
    assert np.allclose(sent, T, atol=1e-11)
    xyz, quat_xyzw = se3.xyz_quat(sent)
    assert np.array_equal(se3.as_sent(se3.make_T(xyz, quat_xyzw)), sent)
    assert np.array_equal(se3.as_sent(se3.make_T(xyz, -quat_xyzw)), sent)
