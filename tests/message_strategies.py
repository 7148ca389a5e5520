"""Messages of any interface with whatever its fields can hold, for hypothesis."""

import importlib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

Strategy = st.SearchStrategy[Any]
_ARRAY = re.compile(r"(?P<item>.+)\[(?P<size>\d+)\]$")
_SEQUENCE = re.compile(r"sequence<(?P<item>.+?)(?:, (?P<most>\d+))?>$")
_BOUNDED = re.compile(r"w?string<\d+>$")
_WHOLE = re.compile(r"(?P<unsigned>u?)int(?P<bits>\d+)$")

#: Numbers that break what was not made for them, among harmless ones.
NUMBERS = (0.0, 1.0, -1.0, 0.05, 0.5, math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, -0.0, 1e9, math.pi)
#: Texts of the kind that breaks parsers, shells, paths, formats and terminals.
NASTY = (
    "",
    " ",
    "\n",
    "%s%n{0}{x!r}",
    "'; DROP TABLE x; --",
    "$(touch pwned)",
    "../../../../etc/passwd",
    "\u202e\u0000\uffff",
    "ﬀ🦾\u0301",
    "/" * 300,
    "a" * 5000,
    "(a+)+$",
    "[",
    "{" * 200,
    "null",
    "nan",
    "-1",
    "__class__",
)
#: Lists have at most so many items, and one of so many has very many.
MOST_ITEMS, VERY_MANY, RARELY = 4, 300, 15


def numbers(bits: int) -> Strategy:
    """Floats that a message of so many bits takes: not finite, huge, tiny, plain."""
    limit = 3.4028234e38 if bits == 32 else math.inf
    fits = [n for n in NUMBERS if math.isnan(n) or math.isinf(n) or abs(n) <= limit]
    return st.one_of(st.sampled_from(fits), st.floats(width=bits), st.floats(-2.0, 2.0, width=bits))


def texts(words: Sequence[str]) -> Strategy:
    """Words that mean something to the graph, nasty ones and any others."""
    plain = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    known = [st.sampled_from([*words])] if words else []
    return st.one_of(*known, st.sampled_from(NASTY), plain)


def whole_numbers(bits: int, unsigned: bool) -> Strategy:
    low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    edges = sorted({v for v in (low, low + 1, -1, 0, 1, 2, 3, 255, 300, high) if low <= v <= high})
    return st.one_of(st.sampled_from(edges), st.integers(low, high))


class Messages:
    """Strategies for messages. ``words`` are texts that mean something; ``fields`` replaces the strategy of fields by
    their name."""

    def __init__(self, words: Sequence[str] = (), fields: Mapping[str, Strategy] | None = None) -> None:
        self._words = words
        self._fields = dict(fields or {})
        self._made: dict[str, Strategy] = {}

    def of(self, kind: Any) -> Strategy:
        """Messages of a class."""
        fields = kind.get_fields_and_field_types()
        parts = {name: self._of_field(name, text) for name, text in fields.items()}
        return st.builds(kind, **parts)

    def spoiled(self, good: Callable[[], Any]) -> Strategy:
        """Good messages with one or two of their values replaced, at any depth."""
        paths = list(_paths(good()))
        if not paths:
            return st.builds(good)
        return st.lists(st.sampled_from(paths).flatmap(self._replacement), min_size=1, max_size=2).map(
            lambda changes: _changed(good(), changes)
        )

    def _replacement(self, path: tuple[Any, ...]) -> Strategy:
        *way, (name, text) = path
        return st.tuples(st.just((*way, name)), self._of_field(name, text))

    def _of_field(self, name: str, text: str) -> Strategy:
        return self._fields[name] if name in self._fields else self.of_type(text)

    def of_type(self, text: str) -> Strategy:
        """Values of a field's type, as rosidl writes it."""
        if text not in self._made:
            self._made[text] = self._new(text)
        return self._made[text]

    def _new(self, text: str) -> Strategy:
        if match := _ARRAY.fullmatch(text):
            return st.lists(self.of_type(match["item"]), min_size=int(match["size"]), max_size=int(match["size"]))
        if match := _SEQUENCE.fullmatch(text):
            return self._lists(match["item"], int(match["most"]) if match["most"] else None)
        if text in ("double", "float"):
            return numbers(64 if text == "double" else 32)
        if match := _WHOLE.fullmatch(text):
            return whole_numbers(int(match["bits"]), bool(match["unsigned"]))
        if text == "boolean":
            return st.booleans()
        if text == "octet":
            return st.binary(min_size=1, max_size=1)
        if text in ("string", "wstring") or _BOUNDED.fullmatch(text):
            return texts(self._words)
        package, name = text.split("/")
        return self.of(getattr(importlib.import_module(f"{package}.msg"), name))

    def _lists(self, item: str, most: int | None) -> Strategy:
        one = self.of_type(item)
        few = st.lists(one, max_size=min(MOST_ITEMS, most or MOST_ITEMS))
        if most is not None:
            return few
        many = one.map(lambda value: [value] * VERY_MANY)
        # Rarely: nested, they grow beyond all bounds.
        return st.integers(0, RARELY).flatmap(lambda n: many if n == RARELY else few)


def _paths(message: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each field at any depth, with the name and type of the field at its end."""
    for name, text in message.get_fields_and_field_types().items():
        yield (*way, (name, text))
        value = getattr(message, name)
        if hasattr(value, "get_fields_and_field_types"):
            yield from _paths(value, (*way, name))
        elif isinstance(value, list):
            for i, item in enumerate(value):
                if hasattr(item, "get_fields_and_field_types"):
                    yield from _paths(item, (*way, name, i))
        if text in ("sequence<double>", "sequence<string>"):
            yield from ((*way, name, (i, text[9:-1])) for i in range(len(value)))


def _changed(message: Any, changes: Sequence[tuple[tuple[Any, ...], Any]]) -> Any:
    for (*way, last), value in changes:
        # An earlier change may have taken away what a later one is about.
        with suppress(AttributeError, IndexError, TypeError):
            place = message
            for step in way:
                place = place[step] if isinstance(step, int) else getattr(place, step)
            if isinstance(last, int):
                place[last] = value
            else:
                setattr(place, last, value)
    return message
