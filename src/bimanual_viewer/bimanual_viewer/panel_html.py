"""The panel's words and tables as HTML. All that comes from the graph is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from bimanual_viewer.state import GraphState, Request

#: A node that said nothing for this long [s] is silent; joints come a hundred times a second.
NODE_SILENT_S, JOINTS_SILENT_S, ANSWER_S = 4.0, 1.0, 1.0
_COLOURS = {"ok": "#2b8a3e", "warn": "#e67700", "error": "#c92a2a", "stale": "#868e96", "silent": "#c92a2a"}


def safety_banner(state: GraphState) -> str:
    """Whether the robot may move, and why not."""
    if state.stopped is None:
        return _banner("#868e96", "SAFETY UNKNOWN", "nothing was heard on safety/state")
    if state.stopped:
        return _banner("#c92a2a", "STOPPED", state.stop_reason or "no reason was given")
    return _banner("#2b8a3e", "READY", "the robot may move")


def request_line(request: Request | None, now: float) -> str:
    """What became of the last press of a button."""
    if request is None:
        return ""
    if request.answer:
        return _small(f"{escape(request.name)}: {escape(request.answer)}")
    waited = now - request.asked
    if waited > ANSWER_S:
        words = f"{escape(request.name)}: no answer for {waited:.0f} s. Use the emergency stop of the robot itself"
        return _small(f'<b style="color:{_COLOURS["error"]}">{words}</b>')
    return _small(f"{escape(request.name)}: asked")


def robot_line(state: GraphState, now: float) -> str:
    """Whether joints come in, and how time goes."""
    quiet = now - state.joints_heard
    resting = state.simulation.get("state") == "resting"
    if quiet > JOINTS_SILENT_S and not resting:
        return _small(f'<b style="color:{_COLOURS["error"]}">no joint_states for {quiet:.0f} s</b>')
    words = ", ".join(f"{key} {value}" for key, value in state.simulation.items())
    return _small(f"simulation: {escape(words)}" if words else "joint_states come in")


def table(rows: Mapping[str, str], empty: str) -> str:
    """Names and values."""
    if not rows:
        return _small(escape(empty))
    cells = "".join(
        f'<tr><td style="color:#868e96;padding-right:0.8em;vertical-align:top">{escape(name)}</td>'
        f'<td style="overflow-wrap:anywhere">{escape(value)}</td></tr>'
        for name, value in rows.items()
    )
    return _small(f"<table>{cells}</table>")


def owners(state: GraphState) -> dict[str, str]:
    """Who holds each arm."""
    return {arm: owner or "free" for arm, owner in state.owners.items()}


def health(state: GraphState, now: float) -> str:
    """Every node with its level; one that fell silent says so."""
    if not state.nodes and not state.dropped:
        return _small("nothing was heard on /diagnostics")
    rows = []
    for name, node in sorted(state.nodes.items()):
        quiet = now - node.heard
        level, words = node.level, node.message
        if quiet > NODE_SILENT_S:
            level, words = "silent", f"silent for {quiet:.0f} s (last: {node.message})"
        rows.append(_health_row(level, name, words))
    rows += [_health_row("warn", topic, f"a message was dropped: {why}") for topic, why in state.dropped.items()]
    return _small(f"<table>{''.join(rows)}</table>")


def _health_row(level: str, name: str, words: str) -> str:
    return (
        f'<tr><td><b style="color:{_COLOURS[level]}">{level}</b></td><td style="padding:0 0.6em">{escape(name)}</td>'
        f'<td style="overflow-wrap:anywhere">{escape(words)}</td></tr>'
    )


def _banner(colour: str, word: str, reason: str) -> str:
    return (
        f'<div style="background:{colour};color:white;border-radius:4px;padding:0.5em 0.8em;margin:0 0.8em">'
        f'<b>{word}</b><br/><span style="font-size:0.85em;overflow-wrap:anywhere">{escape(reason)}</span></div>'
    )


def _small(words: str) -> str:
    return f'<div style="font-size:0.85em;padding:0 0.8em">{words}</div>'
