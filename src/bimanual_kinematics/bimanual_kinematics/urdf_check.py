"""What a URDF must have before anything is computed with it: refused here in words, not later by wrong numbers."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Collection
from dataclasses import dataclass

from bimanual_core.errors import ConfigError

#: Joints that move: one axis, with limits.
MOVING = ("revolute", "prismatic")


@dataclass(frozen=True)
class Mimic:
    """A joint whose position is ``multiplier`` times that of the joint ``source``."""

    source: str
    multiplier: float


def checked_urdf(urdf: str, source: str, driven: Collection[str], arms: Collection[str]) -> dict[str, Mimic]:
    """The mimicking joints, by name, of a URDF in which the joints ``driven`` move by themselves, ``arms`` among them.

    Raises ConfigError, naming ``source``, the joint or link, and what would be right: a file that is no URDF; links
    that do not exist, hang in the air or have two parents; joints that move without being driven or mimicking one that
    is, or that are driven and missing; kinds other than fixed, revolute and prismatic; limits or axes that are missing
    or not finite; bodies that move and have no mass; offsets of mimicking joints.
    """
    return _Check(source, _root(urdf, source)).mimics(driven, arms)


def _root(urdf: str, source: str) -> ET.Element:
    try:
        root = ET.fromstring(urdf)
    except ET.ParseError as error:
        raise ConfigError(f"{source}: no XML: {error}") from None
    if root.tag != "robot":
        raise ConfigError(f"{source}: the root element is <{root.tag}>, a URDF's is <robot>")
    return root


class _Check:
    """One URDF; every refusal names its source."""

    def __init__(self, source: str, root: ET.Element) -> None:
        self._source = source
        self._links = self._by_name(root, "link")
        self._joints = self._by_name(root, "joint")

    def mimics(self, driven: Collection[str], arms: Collection[str]) -> dict[str, Mimic]:
        self._require_tree()
        for name in driven:
            if name not in self._joints:
                raise self._error(
                    f"the URDF has no joint {name!r}, which the robot's YAML names; its joints that move: "
                    f"{', '.join(n for n, joint in self._joints.items() if joint.get('type') in MOVING) or 'none'}"
                )
        found: dict[str, Mimic] = {}
        for name, joint in self._joints.items():
            kind = joint.get("type")
            if kind == "fixed":
                if name in driven:
                    raise self._error(f"joint {name!r} is fixed, but the robot's YAML moves it; make it revolute")
                continue
            self._require_moving(name, joint, kind)
            self._require_mass(name, joint, name in arms)
            mimic = joint.find("mimic")
            if mimic is not None:
                found[name] = self._mimic(name, mimic, driven)
            elif name not in driven:
                raise self._error(
                    f"joint {name!r} moves, but is neither one of the robot's YAML nor a mimic; make it fixed, name it "
                    "there, or give it a <mimic>"
                )
        return found

    def _by_name(self, root: ET.Element, tag: str) -> dict[str, ET.Element]:
        found: dict[str, ET.Element] = {}
        for element in root.findall(tag):
            name = element.get("name", "")
            if not name:
                raise self._error(f"a <{tag}> has no name")
            if name in found:
                raise self._error(f"{tag} {name!r} is there twice")
            found[name] = element
        return found

    def _require_tree(self) -> None:
        parents: dict[str, str] = {}
        for name, joint in self._joints.items():
            for end in ("parent", "child"):
                link = self._end(joint, end)
                if link not in self._links:
                    raise self._error(f"joint {name!r}: its {end} {link!r} is no link; links: {', '.join(self._links)}")
            child = self._end(joint, "child")
            if child in parents:
                raise self._error(f"link {child!r} is the child of two joints, {parents[child]!r} and {name!r}")
            parents[child] = name
        roots = [link for link in self._links if link not in parents]
        if len(roots) != 1:
            raise self._error(f"{len(roots)} links have no parent ({', '.join(roots) or 'none'}); it must be one")
        every_kind = {joint.get("type", "") for joint in self._joints.values()}
        reached = set(self._carried(roots[0], every_kind))
        loop = [link for link in self._links if link not in reached]
        if loop:
            raise self._error(f"links {', '.join(loop)} are joined in a loop that {roots[0]!r} does not lead to")

    def _require_moving(self, name: str, joint: ET.Element, kind: str | None) -> None:
        if kind not in MOVING:
            raise self._error(
                f"joint {name!r} is of type {kind!r}; a joint is fixed, {' or '.join(MOVING)} (a continuous one: "
                "revolute with limits)"
            )
        limit, axis = joint.find("limit"), joint.find("axis")
        if limit is None:
            raise self._error(f"joint {name!r} has no <limit>; give it lower, upper, velocity and effort")
        values = {key: self._number(name, f"limit {key}", limit.get(key)) for key in ("lower", "upper")}
        for key in ("velocity", "effort"):
            if key in limit.attrib:
                self._number(name, f"limit {key}", limit.get(key))
        if values["lower"] > values["upper"]:
            raise self._error(f"joint {name!r}: limit lower {values['lower']} is above upper {values['upper']}")
        if axis is not None:
            xyz = [self._number(name, "axis", value) for value in axis.get("xyz", "1 0 0").split()]
            if len(xyz) != 3 or not any(xyz):
                raise self._error(f"joint {name!r}: axis {axis.get('xyz')!r} is no direction; three numbers, not all 0")

    def _require_mass(self, name: str, joint: ET.Element, arm: bool) -> None:
        """Of what a joint carries: a frame without a body needs none, a link of an arm is a body."""
        links = self._carried(self._end(joint, "child"))
        bodies = [link for link in links if any(self._links[link].find(t) is not None for t in ("collision", "visual"))]
        masses = [self._mass(link) for link in links if self._links[link].find("inertial") is not None]
        if (arm or bodies) and sum(masses) <= 0.0:
            link = (bodies or links)[0]
            raise self._error(
                f"link {link!r}, which joint {name!r} moves, has no mass; give it an <inertial> with mass and inertia"
            )

    def _mass(self, link: str) -> float:
        inertial = self._links[link].find("inertial")
        mass = None if inertial is None else inertial.find("mass")
        inertia = None if inertial is None else inertial.find("inertia")
        text = None if mass is None else mass.get("value")
        value = _float(text)
        if not math.isfinite(value) or value < 0.0:
            raise self._error(f"link {link!r}: mass {text!r} is not a finite number of 0 or more [kg]")
        moments = {} if inertia is None else {key: _float(inertia.get(key)) for key in ("ixx", "iyy", "izz")}
        bad = next((key for key in ("ixx", "iyy", "izz") if not moments.get(key, math.nan) >= 0.0), None)
        if bad is not None or any(math.isinf(moment) for moment in moments.values()):
            raise self._error(f"link {link!r}: inertia {bad or 'inf'} is missing or not a finite number of 0 or more")
        return value

    def _carried(self, link: str, kinds: Collection[str] = ("fixed",)) -> list[str]:
        """A link and all that is joined to it by ``kinds``."""
        found = [link]
        for at in found:
            found += [
                self._end(joint, "child")
                for joint in self._joints.values()
                if joint.get("type", "") in kinds and self._end(joint, "parent") == at
            ]
        return found

    def _mimic(self, name: str, mimic: ET.Element, driven: Collection[str]) -> Mimic:
        source = mimic.get("joint", "")
        if name in driven:
            raise self._error(f"joint {name!r} mimics {source!r}, but the robot's YAML moves it by itself")
        if source not in driven:
            choices = ", ".join(driven)
            raise self._error(f"joint {name!r} mimics {source!r}, which is no driven joint; choices: {choices}")
        if self._number(name, "mimic offset", mimic.get("offset", "0")) != 0.0:
            raise self._error(
                f"joint {name!r}: a mimic's offset {mimic.get('offset')} is not supported; put it into the joint's "
                "origin"
            )
        return Mimic(source, self._number(name, "mimic multiplier", mimic.get("multiplier", "1")))

    def _number(self, joint: str, what: str, text: str | None) -> float:
        value = _float(text)
        if not math.isfinite(value):
            said = "missing" if text is None else f"{text!r}"
            raise self._error(f"joint {joint!r}: {what} is {said}; it must be a finite number")
        return value

    def _end(self, joint: ET.Element, end: str) -> str:
        element = joint.find(end)
        return "" if element is None else element.get("link", "")

    def _error(self, text: str) -> ConfigError:
        return ConfigError(f"{self._source}: {text}")


def _float(text: str | None) -> float:
    try:
        return math.nan if text is None else float(text)
    except ValueError:
        return math.nan
