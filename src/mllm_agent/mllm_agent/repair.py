"""JSON as language models write it: fenced, with single quotes, Python's words, trailing text, or cut off.

Nothing is evaluated. What was cut off in the middle is dropped: a list keeps the entries that are complete.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from mllm_agent.words import shown

#: Limits on a reply: characters, nesting, and characters of one number.
MOST_CHARACTERS = 200_000
DEEPEST = 24
LONGEST_NUMBER = 40
#: Opening braces that are tried as the beginning of the object.
MOST_STARTS = 20

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"[A-Za-z_]\w*")
_WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
_SPACE = re.compile(r"(?:\s+|//[^\n]*(?:\n|$))+")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
#: What may follow a quote that ends a text; any other quote belongs to the text.
_AFTER_TEXT = re.compile(r"\s*(?:[,:}\]]|$)")


class ReplyError(ValueError):
    """A reply that holds no object that can be read; says where and why."""


def read_object(reply: str, key: str) -> dict[str, Any]:
    """The first JSON object of ``reply`` that has ``key``. Raises ReplyError in words that the model can act on."""
    if len(reply) > MOST_CHARACTERS:
        raise ReplyError(f"the reply has {len(reply)} characters, the limit is {MOST_CHARACTERS}")
    text = reply.rpartition("</think>")[2]
    problem = "the reply holds no JSON object"
    for number, start in enumerate(m.start() for m in re.finditer(r"\{", text)):
        if number >= MOST_STARTS:
            break
        try:
            found = _Reader(text, start).value(0).value
        except ReplyError as error:
            problem = str(error) if number == 0 else problem
            continue
        if isinstance(found, dict) and key in found:
            return found
        if number == 0:
            problem = f"the JSON object has no field {key!r}; its fields: {_names(found)}"
    raise ReplyError(problem)


def _names(found: Any) -> str:
    return ", ".join(shown(name) for name in list(found)[:8]) if isinstance(found, dict) and found else "none"


@dataclass(frozen=True)
class _Part:
    """A value, and whether all of it was there."""

    value: Any
    complete: bool = True


_NOTHING = _Part(None, complete=False)


class _Reader:
    """Reads one value from ``at`` on; what follows it does not matter."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at

    def value(self, depth: int) -> _Part:
        """The value here, with what it holds down to DEEPEST levels."""
        if depth > DEEPEST:
            raise ReplyError(f"the JSON is nested deeper than {DEEPEST} levels")
        mark = self._peek()
        if not mark:
            return _NOTHING
        if mark == "{":
            return self._object(depth)
        if mark == "[":
            return self._list(depth)
        if mark in "\"'":
            return self._string(mark)
        return self._number() or self._word()

    def _peek(self) -> str:
        space = _SPACE.match(self._text, self._at)
        if space:
            self._at = space.end()
        return self._text[self._at : self._at + 1]

    def _skip(self, mark: str) -> bool:
        if self._peek() != mark:
            return False
        self._at += 1
        return True

    def _object(self, depth: int) -> _Part:
        self._at += 1
        found: dict[str, Any] = {}
        while not self._skip("}"):
            if self._skip(","):
                continue
            mark = self._peek()
            key = self._string(mark) if mark and mark in "\"'" else self._key()
            if not key.complete:
                return _Part(found, complete=False)
            if not self._skip(":"):
                if not self._peek():
                    return _Part(found, complete=False)
                raise ReplyError(f"a ':' is missing after {shown(key.value)}")
            item = self.value(depth + 1)
            if item.complete or isinstance(item.value, list):
                found[key.value] = item.value
            if not item.complete:
                return _Part(found, complete=False)
        return _Part(found)

    def _list(self, depth: int) -> _Part:
        self._at += 1
        found: list[Any] = []
        while not self._skip("]"):
            if self._skip(","):
                continue
            item = self.value(depth + 1)
            if not item.complete:
                return _Part(found, complete=False)
            found.append(item.value)
        return _Part(found)

    def _key(self) -> _Part:
        """A key without quotes."""
        word = _WORD.match(self._text, self._at)
        if word is None:
            if self._at >= len(self._text):
                return _NOTHING
            raise ReplyError(f"a field's name is expected, not {shown(self._text[self._at : self._at + 20])}")
        self._at = word.end()
        return _Part(word.group())

    def _string(self, quote: str) -> _Part:
        parts: list[str] = []
        ends = re.compile(rf"[^\\{quote}]*")
        self._at += 1
        while True:
            plain = ends.match(self._text, self._at)
            if plain is not None:
                parts.append(plain.group())
                self._at = plain.end()
            mark = self._text[self._at : self._at + 1]
            if not mark:
                return _Part("".join(parts), complete=False)
            if mark == "\\":
                parts.append(self._escape())
                continue
            self._at += 1
            if _AFTER_TEXT.match(self._text, self._at):
                return _Part("".join(parts))
            parts.append(mark)

    def _escape(self) -> str:
        letter = self._text[self._at + 1 : self._at + 2]
        if letter == "u":
            digits = self._text[self._at + 2 : self._at + 6]
            self._at += 6
            if re.fullmatch(r"[0-9a-fA-F]{4}", digits):
                return chr(int(digits, 16))
            raise ReplyError(f"\\u{digits} is no character")
        self._at += 2
        return _ESCAPES.get(letter, letter)

    def _number(self) -> _Part | None:
        found = _NUMBER.match(self._text, self._at)
        if found is None:
            return None
        digits = found.group()
        self._at = found.end()
        if len(digits) > LONGEST_NUMBER:
            raise ReplyError(f"a number has {len(digits)} characters, the limit is {LONGEST_NUMBER}")
        whole = re.fullmatch(r"[+-]?\d+", digits) is not None
        return _Part(int(digits) if whole else float(digits), complete=self._at < len(self._text))

    def _word(self) -> _Part:
        word = _WORD.match(self._text, self._at)
        if word is not None and word.group() in _WORDS:
            self._at = word.end()
            return _Part(_WORDS[word.group()])
        if word is not None and word.end() == len(self._text):
            return _NOTHING  # cut off within a word
        raise ReplyError(f"a value is expected, not {shown(self._text[self._at : self._at + 20])}")
