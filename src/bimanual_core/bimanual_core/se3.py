"""SE(3): homogeneous transforms, quaternions (xyzw) and screw motions, in plain numpy.

``T_a_b`` is a (4, 4) array that maps coordinates in frame b to frame a. Twists are (6,) arrays
[rotation, translation] as in Lynch & Park, "Modern Robotics" (2017), chapter 3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
_SMALL_ANGLE = 1e-9


def make_T(xyz: ArrayLike, quat_xyzw: ArrayLike = (0.0, 0.0, 0.0, 1.0)) -> Array:
    """Transform from a translation (3,) [m] and a unit quaternion (4,) xyzw."""
    T = np.eye(4)
    T[:3, :3] = rotation_from_quat(quat_xyzw)
    T[:3, 3] = np.asarray(xyz, dtype=float)
    return T


def from_rotation(R: ArrayLike, xyz: ArrayLike = (0.0, 0.0, 0.0)) -> Array:
    """Transform from a rotation matrix (3, 3) and a translation (3,) [m]."""
    T = np.eye(4)
    T[:3, :3] = np.asarray(R, dtype=float)
    T[:3, 3] = np.asarray(xyz, dtype=float)
    return T


def inverse(T: Array) -> Array:
    """Inverse of a rigid transform."""
    out = np.eye(4)
    R_t = T[:3, :3].T
    out[:3, :3] = R_t
    out[:3, 3] = -R_t @ T[:3, 3]
    return out


def rotation_from_quat(quat_xyzw: ArrayLike) -> Array:
    """Rotation matrix (3, 3) of a quaternion xyzw, which is normalised first.

    Raises ValueError for a quaternion of length zero or with non-finite parts.
    """
    q = np.asarray(quat_xyzw, dtype=float)
    norm = float(np.linalg.norm(q))
    if q.shape != (4,) or not np.isfinite(norm) or norm < 1e-12:
        raise ValueError(f"not a quaternion xyzw: {np.array2string(q, precision=4)}")
    x, y, z, w = q / norm
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def quat_from_rotation(R: ArrayLike) -> Array:
    """Quaternion xyzw with w >= 0 of a rotation matrix (3, 3) (Shepperd, 1978)."""
    m = np.asarray(R, dtype=float)
    trace = m[0, 0] + m[1, 1] + m[2, 2]
    pick = int(np.argmax([m[0, 0], m[1, 1], m[2, 2], trace]))
    if pick == 3:
        q = np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], 1 + trace])
    else:
        i, j, k = pick, (pick + 1) % 3, (pick + 2) % 3
        q = np.empty(4)
        q[i] = 1 + m[i, i] - m[j, j] - m[k, k]
        q[j] = m[j, i] + m[i, j]
        q[k] = m[k, i] + m[i, k]
        q[3] = m[k, j] - m[j, k]
    q /= np.linalg.norm(q)
    return -q if q[3] < 0 else q


def xyz_quat(T: Array) -> tuple[Array, Array]:
    """Translation (3,) [m] and quaternion xyzw (4,) of a transform."""
    return T[:3, 3].copy(), quat_from_rotation(T[:3, :3])


def as_sent(T: Array) -> Array:
    """``T`` as position and quaternion carry it, free of what their conversion adds in the last bits.

    The rotation moves by at most 1e-12 rad or so. ``as_sent(make_T(*xyz_quat(as_sent(T))))`` is ``as_sent(T)`` bit for
    bit, so poses that pass through this are the same in process and across the graph.
    """
    xyz, q = xyz_quat(T)
    size = np.abs(q)
    # The first of the largest parts follows from the other three; near ties must not depend on the last bits.
    largest = int(np.argmax(size > size.max() - 1e-9))
    q = np.round(q if q[largest] > 0 else -q, 12)
    q[largest] = 0.0
    q[largest] = np.sqrt(1.0 - q @ q)
    return make_T(xyz, q)


def rotation_from_rpy(rpy: ArrayLike) -> Array:
    """Rotation of URDF roll, pitch, yaw [rad]: Rz(yaw) Ry(pitch) Rx(roll)."""
    r, p, y = np.asarray(rpy, dtype=float)
    return rotation_about((0, 0, 1), y) @ rotation_about((0, 1, 0), p) @ rotation_about((1, 0, 0), r)


def rotation_about(axis: ArrayLike, angle: float) -> Array:
    """Rotation by ``angle`` [rad] about ``axis`` (3,), normalised first (Rodrigues)."""
    a = np.asarray(axis, dtype=float)
    K = skew(a / np.linalg.norm(a))
    return np.eye(3) + np.sin(angle) * K + (1 - np.cos(angle)) * (K @ K)


def skew(v: ArrayLike) -> Array:
    """Cross-product matrix (3, 3) of a vector (3,)."""
    x, y, z = np.asarray(v, dtype=float)
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def log_rotation(R: Array) -> Array:
    """Rotation vector (3,) [rad] of a rotation matrix, angle in [0, pi]."""
    x, y, z, w = quat_from_rotation(R)
    v = np.array([x, y, z])
    sin_half = float(np.linalg.norm(v))
    if sin_half < _SMALL_ANGLE:
        return 2.0 * v
    return v * (2.0 * np.arctan2(sin_half, w) / sin_half)


def log_SE3(T: Array) -> Array:
    """Twist (6,) [rotation rad, translation m] whose exponential is ``T`` (Lynch & Park, eq. 3.91-3.93)."""
    w = log_rotation(T[:3, :3])
    angle = float(np.linalg.norm(w))
    if angle < 1e-7:
        return np.concatenate([w, T[:3, 3]])
    K = skew(w)
    half = 0.5 * angle
    coefficient = (1.0 - half / np.tan(half)) / (angle * angle)
    V_inv = np.eye(3) - 0.5 * K + coefficient * (K @ K)
    return np.concatenate([w, V_inv @ T[:3, 3]])


def exp_SE3(twist: ArrayLike) -> Array:
    """Transform reached by following ``twist`` (6,) [rotation, translation] for unit time."""
    xi = np.asarray(twist, dtype=float)
    w, v = xi[:3], xi[3:]
    angle = float(np.linalg.norm(w))
    T = np.eye(4)
    K = skew(w)
    if angle < 1e-7:
        T[:3, :3] = np.eye(3) + K
        T[:3, 3] = v + 0.5 * (K @ v)
        return T
    a2 = angle * angle
    KK = K @ K
    T[:3, :3] = np.eye(3) + np.sin(angle) / angle * K + (1 - np.cos(angle)) / a2 * KK
    V = np.eye(3) + (1 - np.cos(angle)) / a2 * K + (angle - np.sin(angle)) / (a2 * angle) * KK
    T[:3, 3] = V @ v
    return T


def screw_between(T_world_a: Array, T_world_b: Array) -> Array:
    """Body twist (6,) of the constant screw motion from pose a to pose b, in the frame of a."""
    return log_SE3(inverse(T_world_a) @ T_world_b)


def screw_pose(T_world_a: Array, twist: Array, s: float) -> Array:
    """Pose at fraction ``s`` in [0, 1] of the constant screw ``twist`` that starts at ``T_world_a``."""
    return T_world_a @ exp_SE3(np.asarray(twist) * s)


def screw_poses(T_world_a: Array, twist: Array, shares: ArrayLike) -> Array:
    """Poses (N, 4, 4) of :func:`screw_pose` at fractions (N,), at once."""
    s = np.asarray(shares, dtype=float)[:, None, None]
    w, v = np.asarray(twist, dtype=float)[:3], np.asarray(twist, dtype=float)[3:, None]
    angle = float(np.linalg.norm(w))
    K = skew(w / angle) if angle >= 1e-7 else skew(w)
    turn = s * angle
    # Lynch & Park, eq. 3.88, of the unit axis; without a turn its first terms.
    one, two = (np.sin(turn), 1.0 - np.cos(turn)) if angle >= 1e-7 else (s, 0.0 * s)
    drift, lag = (two / angle, (turn - np.sin(turn)) / angle) if angle >= 1e-7 else (0.5 * s * s, 0.0 * s)
    T = np.tile(np.eye(4), (len(s), 1, 1))
    T[:, :3, :3] += one * K + two * (K @ K)
    T[:, :3, 3:] = (s * np.eye(3) + drift * K + lag * (K @ K)) @ v
    found: Array = T_world_a @ T
    return found


def pose_error(T_a: Array, T_b: Array) -> tuple[float, float]:
    """Distance [m] and angle [rad] between two poses."""
    R = T_a[:3, :3].T @ T_b[:3, :3]
    return float(np.linalg.norm(T_a[:3, 3] - T_b[:3, 3])), float(np.linalg.norm(log_rotation(R)))


def is_transform(T: ArrayLike, tolerance: float = 1e-6) -> bool:
    """Whether ``T`` is a finite, proper rigid transform (4, 4)."""
    m = np.asarray(T, dtype=float)
    if m.shape != (4, 4) or not np.all(np.isfinite(m)):
        return False
    R = m[:3, :3]
    orthogonal = np.allclose(R @ R.T, np.eye(3), atol=tolerance) and np.linalg.det(R) > 0
    return bool(orthogonal and np.allclose(m[3], [0, 0, 0, 1], atol=tolerance))


def look_along(xyz: ArrayLike, forward: ArrayLike, up: ArrayLike = (0.0, 0.0, 1.0)) -> Array:
    """Pose of a camera *link* (x forward, y left, z up) at ``xyz`` that looks along ``forward``."""
    x = np.asarray(forward, dtype=float)
    x = x / np.linalg.norm(x)
    y = np.cross(np.asarray(up, dtype=float), x)
    y = y / np.linalg.norm(y)
    return from_rotation(np.column_stack([x, y, np.cross(x, y)]), xyz)


#: From a camera link (x forward, y left, z up) to its optical frame (z forward, x right, y down), REP-103.
R_link_optical = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
