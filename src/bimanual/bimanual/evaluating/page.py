"""The summary of an evaluation as one HTML file: pictures inside, no script, nothing fetched from anywhere."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_tasks.failures import FAILURE_CLASSES
from bimanual_tasks.results import mean_rate

#: Failed seeds of a task that are listed with their reason.
MOST_LISTED = 20
SETTINGS = ("policy", "world", "randomisation", "robot")
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1c1e22; }
h1 { margin-bottom: .2rem; } h2 { margin-top: 2.5rem; border-top: 1px solid #d8dbe0; padding-top: 1.2rem; }
table { border-collapse: collapse; width: 100%; } .task { display: flex; flex-wrap: wrap; gap: 1.5rem; }
.task > img { width: 22rem; border-radius: 4px; } .task > div { flex: 1; min-width: 22rem; }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #e6e8ec; vertical-align: top; }
th:first-child, td:first-child, .left { text-align: left; } thead th { border-bottom: 2px solid #aab0ba; }
.all td { white-space: nowrap; } .all th { font-size: .9em; }
.bar { display: inline-block; position: relative; width: 7rem; height: .7rem; background: #eceef1; }
.bar b { position: absolute; top: 0; bottom: 0; background: #9cc3e6; } .bar i { position: absolute; top: -2px;
bottom: -2px; width: 2px; background: #174a7c; } .none { color: #a3a8b0; } .quiet { color: #5a606a; }
"""


def write_page(path: Path | str, reports: Sequence[Mapping[str, Any]], pictures: Mapping[str, bytes]) -> Path:
    """Write the page of ``reports``, with the JPEG of each task in ``pictures``. Raises BimanualError if it cannot be
    written."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(reports, pictures), encoding="utf-8")
    except OSError as error:
        raise BimanualError(f"cannot write {path}: {error}", ErrorCode.DATA_WRITE_FAILED) from None
    return path


def page(reports: Sequence[Mapping[str, Any]], pictures: Mapping[str, bytes]) -> str:
    """The HTML of ``reports``, of one evaluation each."""
    settings = ", ".join(f"{name} {_values(reports, name)}" for name in SETTINGS)
    episodes = sum(report["episodes"] for report in reports)
    contacts = sum(report["arm_arm_contacts"] for report in reports)
    head = (
        f"<h1>{100 * mean_rate(reports):.1f}% success</h1><p class='quiet'>the mean over {len(reports)} "
        f"task{'s' * (len(reports) != 1)}, {episodes} episodes; {escape(settings)}; {contacts} contacts of the two arms"
        " in all. Intervals are Wilson's, of 95%.</p>"
    )
    body = head + _table(reports) + "".join(_section(r, pictures.get(r["task"])) for r in reports)
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' "
        f"content='width=device-width'><title>Evaluation</title><style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def _values(reports: Sequence[Mapping[str, Any]], name: str) -> str:
    return "/".join(dict.fromkeys(str(report[name]) for report in reports))


def _table(reports: Sequence[Mapping[str, Any]]) -> str:
    """One row a task."""
    heads = ["task", "success", "interval", "", *FAILURE_CLASSES, "seconds", "drawn again"]
    rows = "".join(
        _row(
            f"<a href='#{escape(report['task'])}'>{escape(report['task'])}</a>",
            f"{report['succeeded']} of {report['episodes']}",
            _interval(report),
            _bar(report),
            *(_count(report["failures"].get(name, 0)) for name in FAILURE_CLASSES),
            f"{report['mean_seconds']:.1f}",
            f"{100 * report['reject_rate']:.1f}%",
        )
        for report in reports
    )
    return f"<table class='all'><thead>{_row(*heads, cell='th')}</thead><tbody>{rows}</tbody></table>"


def _section(report: Mapping[str, Any], picture: bytes | None) -> str:
    """A task: its picture, its figures, its failures."""
    name = escape(report["task"])
    image = ""
    if picture is not None:
        data = b64encode(picture).decode("ascii")
        image = f"<img alt='{name}: the first scene' src='data:image/jpeg;base64,{data}'>"
    figures = {
        "success": f"{report['succeeded']} of {report['episodes']}, {100 * report['success_rate']:.1f}%",
        "95% interval": _interval(report),
        **{f"failed: {kind}": str(count) for kind, count in report["failures"].items()},
        "mean stage score": f"{report['mean_stage_score']:.3f}",
        "simulated seconds to success, mean": f"{report['mean_seconds']:.2f}",
        "wall seconds an episode, mean": f"{report['mean_wall_seconds']:.2f}",
        "seeds whose scene was drawn again": f"{report['resampled']} ({100 * report['reject_rate']:.1f}%)",
        "draws rejected by the task's rules": str(report["rejected"]),
        "samples with arm-arm, other unintended contact": (
            f"{report['arm_arm_contacts']}, {report['unintended_contacts'] - report['arm_arm_contacts']}"
        ),
        "demonstrations that disagree with their instruction": str(report["disagreements"]),
    }
    rows = "".join(_row(escape(key), escape(value)) for key, value in figures.items())
    said = next((entry["instruction"] for entry in report["per_seed"] if entry["instruction"]), "")
    return (
        f"<h2 id='{name}'>{name} <span class='quiet'>({escape(report['variant'])})</span></h2>"
        f"<p class='quiet'>{escape(said)}</p><div class='task'>{image}<div><table>{rows}</table></div></div>"
        + _failed(report)
    )


def _failed(report: Mapping[str, Any]) -> str:
    failed = [entry for entry in report["per_seed"] if not entry["success"]]
    if not failed:
        return ""
    rows = "".join(
        f"<tr><td>{entry['seed']}</td><td class='left'>{escape(entry['failure'])}</td>"
        f"<td class='left'>{escape(entry['reason'])}</td></tr>"
        for entry in failed[:MOST_LISTED]
    )
    more = f"<p class='quiet'>and {len(failed) - MOST_LISTED} more</p>" if len(failed) > MOST_LISTED else ""
    heads = "<tr><th>failed seed</th><th class='left'>class</th><th class='left'>why</th></tr>"
    return f"<table><thead>{heads}</thead><tbody>{rows}</tbody></table>{more}"


def _interval(report: Mapping[str, Any]) -> str:
    low, high = report["ci95"]
    return f"{low:.2f}-{high:.2f}"


def _bar(report: Mapping[str, Any]) -> str:
    """The interval and the rate, drawn."""
    low, high = (100 * value for value in report["ci95"])
    rate = 100 * report["success_rate"]
    interval = f"<b style='left:{low:.1f}%;width:{high - low:.1f}%'></b>"
    return f"<span class='bar'>{interval}<i style='left:{rate:.1f}%'></i></span>"


def _count(count: int) -> str:
    return str(count) if count else "<span class='none'>0</span>"


def _row(*cells: str, cell: str = "td") -> str:
    """A row of cells that are HTML already."""
    return f"<tr>{''.join(f'<{cell}>{text}</{cell}>' for text in cells)}</tr>"
