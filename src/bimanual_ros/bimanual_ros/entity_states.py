"""sim/get_entities_states: which entities a request means, and how they stand and move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import regex
from geometry_msgs.msg import Twist

from bimanual_core.errors import BimanualError
from bimanual_core.observation import ObjectState
from bimanual_ros.conversions.basics import header, pose_msg, vector
from bimanual_ros.conversions.scene import WORLD
from bimanual_ros.simulator import Simulator
from simulation_interfaces.msg import Bounds, EntityCategory, EntityFilters, EntityState, Result
from simulation_interfaces.srv import GetEntitiesStates

#: A pattern has at most so many characters, and so much time in all [s]: some patterns take time without end.
LONGEST_PATTERN, PATTERN_S = 256, 0.05
_CATEGORIES = {
    EntityCategory.CATEGORY_OBJECT: "object",
    EntityCategory.CATEGORY_ROBOT: "robot",
    EntityCategory.CATEGORY_HUMAN: "human",
    EntityCategory.CATEGORY_DYNAMIC_OBJECT: "dynamic object",
    EntityCategory.CATEGORY_STATIC_OBJECT: "static object",
}


class UnsupportedFilterError(BimanualError):
    """A kind of filter that this simulator does not offer."""


def entities_states(simulator: Simulator, response: GetEntitiesStates.Response, filters: EntityFilters) -> Any:
    """Fill ``response`` with the entities that pass ``filters``: the objects of the scene."""
    try:
        names = _wanted(simulator.objects().objects, filters)
    except UnsupportedFilterError as error:
        response.result = Result(result=Result.RESULT_FEATURE_UNSUPPORTED, error_message=str(error))
        return response
    except BimanualError as error:
        response.result = Result(result=Result.RESULT_OPERATION_FAILED, error_message=str(error))
        return response
    snapshot, twists = simulator.objects(), simulator.twists()
    for name in names:
        state = EntityState(header=header(snapshot.stamp_ns, WORLD))
        state.pose = pose_msg(snapshot.objects[name].T_world_object)
        state.twist = Twist(linear=vector(twists[name][:3]), angular=vector(twists[name][3:]))
        response.entities.append(name)
        response.states.append(state)
    response.result.result = Result.RESULT_OK
    return response


def _wanted(objects: dict[str, ObjectState], filters: EntityFilters) -> list[str]:
    """Names of the objects that pass. Raises BimanualError saying which filter is wrong."""
    if filters.tags.tags:
        raise UnsupportedFilterError(f"entities have no tags here, so {', '.join(filters.tags.tags)} cannot be found")
    if filters.bounds.type != Bounds.TYPE_EMPTY:
        raise UnsupportedFilterError(
            f"bounds of type {filters.bounds.type} cannot be searched; choices: {Bounds.TYPE_EMPTY} (everywhere)"
        )
    kinds = _kinds(filters.categories)
    matches = name_filter(filters.filter)
    return [name for name, item in objects.items() if _is_of(item, kinds) and matches(name)]


def _kinds(categories: Sequence[EntityCategory]) -> set[int]:
    wanted = {int(c.category) for c in categories}
    unknown = wanted - set(_CATEGORIES)
    if unknown:
        choices = ", ".join(f"{number} ({name})" for number, name in _CATEGORIES.items())
        raise BimanualError(f"unknown category {min(unknown)}; choices: {choices}")
    return wanted


def _is_of(item: ObjectState, kinds: set[int]) -> bool:
    """A fixed object is a static one; both are objects."""
    mine = {EntityCategory.CATEGORY_OBJECT} | ({EntityCategory.CATEGORY_STATIC_OBJECT} if item.fixed else set())
    return not kinds or bool(kinds & mine)


def name_filter(pattern: str) -> Callable[[str], bool]:
    """Whether a name holds the regular expression ``pattern``; an empty one matches all.

    Raises BimanualError for what is no regular expression, here or, where it takes too long, at the match.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise BimanualError(f"filter has {len(pattern)} characters; at most {LONGEST_PATTERN}")
    try:
        compiled = regex.compile(pattern)
    except (regex.error, RecursionError) as error:
        raise BimanualError(f"filter {pattern!r} is no regular expression: {error}") from None

    def matches(name: str) -> bool:
        try:
            return compiled.search(name, timeout=PATTERN_S) is not None
        except (TimeoutError, RecursionError, MemoryError):
            raise BimanualError(f"filter {pattern!r} takes too long to match; use a simpler one") from None

    return matches
