"""List the catalogue of objects, show one, or draw a picture of all of them with their annotation.

`assets`: a table of the classes; `assets show CLASS [ID]`: one asset's numbers; `assets sheet --out FILE`: the picture.
A folder of RoboTwin assets joins the catalogue with `--folder`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bimanual.output import note, print_json
from bimanual_assets import asset_class, asset_ids, class_names, get_asset
from bimanual_assets.catalog import KINDS
from bimanual_assets.importing import register_folder
from bimanual_assets.schema import document_of
from bimanual_core.errors import BimanualError

ACTIONS = ("list", "show", "sheet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", default="list", choices=ACTIONS, help="what to do; list when left out")
    parser.add_argument("names", nargs="*", metavar="NAME", help="show: class and id; sheet: only these classes")
    parser.add_argument("--kind", choices=KINDS, help="only classes of this kind")
    parser.add_argument("--folder", action="append", default=[], metavar="DIR", help="also assets in RoboTwin's format")
    parser.add_argument("--out", default="assets.png", metavar="FILE", help="sheet: where the picture goes (png, jpg)")
    parser.add_argument("--tile", type=int, default=120, help="sheet: pixels of one asset")
    parser.add_argument("--columns", type=int, default=12, help="sheet: assets in a row")
    parser.add_argument("--json", action="store_true", help="print one JSON object last")


def run(args: argparse.Namespace) -> int:
    for folder in args.folder:
        found = register_folder(Path(folder), keep_going=True)
        for file, reason in found.left_out.items():
            note(f"left out {file}: {reason}")
        note(f"{folder}: {', '.join(found.classes) or 'nothing that can be used'}")
    result = {"list": _list, "show": _show, "sheet": _sheet}[args.action](args)
    if args.json:
        print_json({"success": True, **result})
    return 0


def _list(args: argparse.Namespace) -> dict[str, Any]:
    rows = [_row(name) for name in class_names(args.kind)]
    if not args.json:
        table = Table()
        for title in ("class", "kind", "ids", "held out", "parts", "mass [g]", "contacts", "functional points"):
            table.add_column(title, no_wrap=title == "class")
        for row in rows:
            table.add_row(
                *(row["name"], row["kind"], " ".join(row["ids"]), " ".join(row["held_out"]), str(row["parts"])),
                *(" - ".join(f"{1000 * mass:.0f}" for mass in row["mass"]), " ".join(row["groups"])),
                " ".join(row["functional"]),
            )
        Console().print(table)
    return {"classes": rows}


def _row(name: str) -> dict[str, Any]:
    found = asset_class(name)
    # a plain box is as large as its scale says: one of 5 cm, as an example
    scale = (0.05, 0.05, 0.05) if name == "box" else (1.0, 1.0, 1.0)
    assets = [get_asset(name, asset_id, scale) for asset_id in found.ids]
    masses = [round(asset.mass, 4) for asset in assets]
    return {
        "name": name,
        "kind": found.kind,
        "ids": list(found.ids),
        "held_out": list(found.held_out),
        "descriptions": [asset.description for asset in assets],
        "parts": max(len(asset.shapes) for asset in assets),
        "mass": sorted({min(masses), max(masses)}),
        "groups": sorted({contact.group for asset in assets for contact in asset.annotation.contacts}),
        "functional": list(assets[0].annotation.functional_names.values()),
    }


def _show(args: argparse.Namespace) -> dict[str, Any]:
    class_name = args.names[0] if args.names else "bottle"
    asset = get_asset(class_name, args.names[1] if len(args.names) > 1 else None)
    values = document_of(asset).model_dump(mode="json")
    if not args.json:
        Console().print_json(data=values)
    return {"asset": values}


def _sheet(args: argparse.Namespace) -> dict[str, Any]:
    # SAPIEN is loaded for pictures only
    from bimanual_sim_bridge.asset_pictures import sheet

    names = args.names or [name for name in class_names(args.kind) if name != "box"]
    assets = [get_asset(name, asset_id) for name in names for asset_id in asset_ids(name)]
    start = time.monotonic()
    picture = sheet(assets, args.tile, args.columns)
    try:
        picture.save(args.out, quality=80)  # formats without a quality pass over it
    except (OSError, ValueError) as error:
        raise BimanualError(f"cannot write {args.out}: {error}") from None
    seconds = time.monotonic() - start
    note(f"{len(assets)} assets in {seconds:.1f} s: {args.out}")
    return {"assets": len(assets), "picture": args.out, "seconds": round(seconds, 2)}
