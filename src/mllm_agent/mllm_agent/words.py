"""How what a model wrote is quoted back: short, on one line, and always text that can be stored and sent."""

from __future__ import annotations

#: Characters of a quoted value, and of one line of feedback.
MOST_SHOWN = 60
MOST_LINE = 600


def shown(value: object) -> str:
    """A value as it is quoted in a sentence."""
    if isinstance(value, str):
        return plain(repr(value[: MOST_SHOWN + 1]), MOST_SHOWN)
    if isinstance(value, list | tuple) and len(value) <= 16:
        return plain("[" + ", ".join(_brief(item) for item in value) + "]", 2 * MOST_SHOWN)
    return plain(_brief(value), MOST_SHOWN)


def plain(text: str, most: int = MOST_LINE) -> str:
    """One line of at most ``most`` characters, without control characters and lone surrogates."""
    if len(text) > most:
        text = text[: most - 3] + "..."
    text = "".join(c if c.isprintable() else " " for c in text)
    return text.encode("utf-8", "replace").decode("utf-8")


def _brief(value: object) -> str:
    if isinstance(value, dict):
        return f"an object with {len(value)} fields"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, int) and value.bit_length() > 200:
        return "a huge number"
    return f"{value:.5g}" if isinstance(value, float) else repr(value)[:MOST_SHOWN]
