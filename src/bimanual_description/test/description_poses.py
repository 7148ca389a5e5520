"""Poses of a URDF's frames, and of published tables, that the tests of the description share."""

import numpy as np
import pinocchio as pin


def poses(urdf_text, joints):
    """Poses (4, 4) of every frame at joints by name."""
    model = pin.buildModelFromXML(urdf_text)
    data = model.createData()
    q = pin.neutral(model)
    for name, value in joints.items():
        q[model.joints[model.getJointId(name)].idx_q] = value
    pin.framesForwardKinematics(model, data, q)
    return {frame.name: data.oMf[i].homogeneous for i, frame in enumerate(model.frames)}


def craig(table, q):
    """Last frame in the first (4, 4) of modified DH rows a [m], alpha [deg], d [m], theta offset [deg]."""
    T = np.eye(4)
    for (a, alpha, d, offset), angle in zip(table, q, strict=True):
        ca, sa = np.cos(np.radians(alpha)), np.sin(np.radians(alpha))
        c, s = np.cos(angle + np.radians(offset)), np.sin(angle + np.radians(offset))
        T = T @ np.array([[c, -s, 0, a], [s * ca, c * ca, -sa, -d * sa], [s * sa, c * sa, ca, d * ca], [0, 0, 0, 1]])
    return T


def denavit(table, q):
    """Last frame in the first (4, 4) of standard DH rows a [m], alpha [deg], d [m]."""
    T = np.eye(4)
    for (a, alpha, d), angle in zip(table, q, strict=True):
        ca, sa = np.cos(np.radians(alpha)), np.sin(np.radians(alpha))
        c, s = np.cos(angle), np.sin(angle)
        T = T @ np.array([[c, -s * ca, s * sa, a * c], [s, c * ca, -c * sa, a * s], [0, sa, ca, d], [0, 0, 0, 1]])
    return T
