"""Paths for the tests of timing, and an independent look at what a controller samples of a trajectory."""

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from bimanual_planner.timing.geometry import GeometricPath

JOINTS = tuple(f"joint{i}" for i in range(1, 15))
_DENSE = 24  # looks at each segment
_MANY = 50  # points between two waypoints
_NEAREST = 6  # of them that are looked at more closely
_LOOKS = 1500  # at most, for distances from the path


def curve(seed, corners=5, size=0.4, joints=6):
    """A smooth path (15 corners, joints) [rad] through random corners."""
    rng = np.random.default_rng(seed)
    points = np.cumsum(rng.normal(size=(corners, joints)) * size, axis=0)
    return CubicSpline(np.arange(corners), points)(np.linspace(0, corners - 1, 15 * corners))


def dense_quintic(trajectory):
    """Positions, velocities, accelerations and jerks (M, n) of the quintics through a trajectory's points, solved for
    as equations rather than by the formulas under test."""
    h = np.diff(trajectory.times)
    ends = np.zeros((6, 6))  # value, slope and bend of u^0..u^5 at u = 0 and u = 1
    for k in range(6):
        ends[0, k], ends[1, k], ends[2, k] = float(k == 0), float(k == 1), 2.0 * (k == 2)
        ends[3, k], ends[4, k], ends[5, k] = 1.0, k, k * (k - 1)
    scale = h[:, None]
    q, v, a = trajectory.positions, trajectory.velocities, trajectory.accelerations
    left = [np.zeros_like(q[1:]), v[:-1] * scale, a[:-1] * scale**2]
    right = [np.diff(q, axis=0), v[1:] * scale, a[1:] * scale**2]
    c = np.einsum("ij,jmn->imn", np.linalg.inv(ends), np.array(left + right))
    u = np.linspace(0.0, 1.0, _DENSE + 1)
    found = []
    for order in range(4):
        powers = np.zeros((len(u), 6))
        for k in range(order, 6):
            powers[:, k] = np.prod(np.arange(k, k - order, -1.0)) * u ** (k - order)
        values = np.einsum("uk,kmn->mun", powers, c) / scale[:, None] ** order
        if order == 0:
            values = values + q[:-1, None]
        found.append(values.reshape(-1, values.shape[2]))
    return found


def extremes(trajectory, velocity, acceleration, jerk):
    """The largest shares of the limits (n,) that speeds, accelerations and jerks take up, looked at densely."""
    _, v, a, j = dense_quintic(trajectory)
    return [float(np.max(np.abs(x) / limit)) for x, limit in ((v, velocity), (a, acceleration), (j, jerk))]


def along_path(path, q):
    """Where (M,) on a curved path it is nearest to the joints (M, n), and the largest distance [rad] of all.

    The nearest of many points on the path, which may be on different branches where it nearly meets itself, then the
    nearest of ever denser points around each of them.
    """
    n, m = path.dof, len(q)
    gaps = np.diff(path.knots)
    many = np.append((path.knots[:-1, None] + gaps[:, None] * (np.arange(_MANY) / _MANY)).ravel(), path.length)
    index = cKDTree(path.at(many)[:, :n]).query(q, k=_NEAREST)[1]
    before, after = np.maximum(index - 1, 0), np.minimum(index + 1, len(many) - 1)
    s, reach = many[index], np.maximum(many[after] - many[index], many[index] - many[before])
    for _ in range(4):
        tried = np.clip(s[..., None] + reach[..., None] * np.linspace(-1.0, 1.0, 21), 0.0, path.length)
        off = np.abs(path.at(tried.ravel())[:, :n].reshape(*tried.shape, n) - q[:, None, None]).max(axis=3)
        best = np.argmin(off, axis=2)[..., None]
        s, nearest = (np.take_along_axis(values, best, axis=2)[..., 0] for values in (tried, off))
        reach = reach / 10.0
    branch = np.argmin(nearest, axis=1)
    return s[np.arange(m), branch], float(nearest[np.arange(m), branch].max())


def off_path(trajectory, waypoints):
    """The largest distance [rad] of what is sampled from the path through the waypoints."""
    path = GeometricPath(waypoints, waypoints.shape[1])
    q = dense_quintic(trajectory)[0]
    q = q[:: max(_DENSE // 4, len(q) // _LOOKS)]
    if path.straight:
        return _off_line(path, q)
    if path.dof > 1:
        return along_path(path, q)[1]
    # One joint is off its path where it goes further than the path does.
    on_path = path.at(np.linspace(0.0, path.length, 200_000))
    return float(max(on_path.min() - q.min(), q.max() - on_path.max()))


def _off_line(path, q):
    whole = path.end - path.start
    share = np.clip((q - path.start) @ whole / max(whole @ whole, 1e-300), 0.0, 1.0)
    return float(np.abs(q - path.start - share[:, None] * whole).max())
