"""Parameters with descriptors, ranges and read-only flags; unknown names are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node

from bimanual_core.errors import BimanualError, ConfigError

Value = str | float | int | bool


@dataclass(frozen=True)
class Parameter:
    """A parameter of a node. ``choices`` holds for texts; ``low`` and ``high`` for numbers."""

    name: str
    default: Value
    description: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    read_only: bool = True

    def descriptor(self) -> ParameterDescriptor:
        text = self.description + (f"; choices: {', '.join(self.choices)}" if self.choices else "")
        out = ParameterDescriptor(name=self.name, description=text, read_only=self.read_only)
        if self.low is not None and self.high is not None:
            if isinstance(self.default, float):
                out.floating_point_range = [FloatingPointRange(from_value=self.low, to_value=self.high)]
            else:
                out.integer_range = [IntegerRange(from_value=int(self.low), to_value=int(self.high), step=1)]
        return out


def declare(node: Node, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Declare ``parameters`` on ``node`` and return their values.

    Raises ConfigError for a value of the wrong type, outside its range or choices, and for a parameter given to the
    node that it does not have.
    """
    values = {p.name: _declare(node, p) for p in parameters}
    known = {*values, "use_sim_time", "start_type_description_service"}
    for name in node._parameter_overrides:
        if name not in known and not name.startswith("qos_overrides."):
            choices = ", ".join(sorted(known))
            raise ConfigError(f"node {node.get_name()} has no parameter {name!r}; parameters: {choices}")
    return values


def _declare(node: Node, parameter: Parameter) -> Any:
    try:
        value = node.declare_parameter(parameter.name, parameter.default, parameter.descriptor()).value
    except InvalidParameterTypeException:
        given = node._parameter_overrides[parameter.name].value
        kind = type(parameter.default).__name__
        raise ConfigError(f"{node.get_name()}.{parameter.name}: expected {kind}, got {given!r}") from None
    except InvalidParameterValueException:
        given = node._parameter_overrides[parameter.name].value
        raise ConfigError(
            f"{node.get_name()}.{parameter.name}: {given!r} is outside [{parameter.low:g}, {parameter.high:g}]"
        ) from None
    _check_choice(node, parameter, value)
    return value


def _check_choice(node: Node, parameter: Parameter, value: Any) -> None:
    if parameter.choices and value not in parameter.choices:
        raise ConfigError(
            f"{node.get_name()}.{parameter.name}: {value!r} is not a choice; choices: {', '.join(parameter.choices)}"
        )


def on_change(node: Node, parameters: Sequence[Parameter], apply: Callable[[Mapping[str, Any]], None]) -> None:
    """From now on ``apply`` hears of every change of the declared ``parameters`` that may change, with the values that
    all of them would have; the BimanualError it raises refuses the change, in its words."""
    changeable = {p.name: p for p in parameters if not p.read_only}

    def on_set(given: Sequence[Any]) -> SetParametersResult:
        changes = {p.name: p.value for p in given if p.name in changeable}
        if not changes:
            return SetParametersResult(successful=True)
        try:
            for name, value in changes.items():
                _check_choice(node, changeable[name], value)
            apply({name: node.get_parameter(name).value for name in changeable} | changes)
        except BimanualError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(on_set)
