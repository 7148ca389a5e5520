"""Filters of entities by name: regular expressions with a limit in length and time."""

import time
from contextlib import suppress

import pytest

from bimanual_core.errors import BimanualError
from bimanual_ros.entity_states import LONGEST_PATTERN, name_filter


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("", "block", True),
        ("^bl", "block", True),
        ("ck$", "block", True),
        ("^(red|blue)_[0-9]+$", "blue_12", True),
        ("^(red|blue)_[0-9]+$", "green_12", False),
        ("[[:alpha:]]+_[[:digit:]]", "cube_7", True),
    ],
)
def test_names_match_as_in_posix(pattern: str, name: str, matches: bool) -> None:
    assert name_filter(pattern)(name) is matches


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("[", "filter '[' is no regular expression: "),
        ("(" * 200, "is no regular expression: "),
        ("a{99999999999}", "is no regular expression: "),
        ("a" * (LONGEST_PATTERN + 1), "filter has 257 characters; at most 256"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, words: str) -> None:
    with pytest.raises(BimanualError, match="^filter") as caught:
        name_filter(pattern)
    assert words in str(caught.value)


@pytest.mark.parametrize("pattern", ["(?R)", "^(.?){60}x{60}$", "(a|a|b)*(a|b|a)*(aa|a)*c$"])
def test_a_catastrophic_pattern_takes_no_time(pattern: str) -> None:
    begin = time.monotonic()
    with suppress(BimanualError):  # it takes too long to match, or is found not to match in time
        assert not name_filter(pattern)("a" * 60)
    assert time.monotonic() - begin < 2.0
