"""Show the live graph in a web page: the moving robot, objects, cameras, plots, health, and a stop button.

Joins the graph of this ROS_DOMAIN_ID, as ``up`` runs it; Ctrl-C ends the page and leaves the graph alone.
"""

from __future__ import annotations

import argparse
import importlib
import os

from bimanual.graph.description import GRAPHS
from bimanual.graph.environment import graph_environment
from bimanual_core.errors import BimanualError

TARGETS = ("graph",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", help="what to show: graph")
    parser.add_argument("--graph", choices=GRAPHS, default="sim", help="which graph it is")
    parser.add_argument("--robot", default="cobot_magic", help="robot YAML of bimanual_description")
    parser.add_argument("--namespace", default="", help="namespace of the graph")
    parser.add_argument("--port", type=int, default=8080, help="port of the page; 0: any that is free")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to serve on; others than this machine may press STOP"
    )
    parser.add_argument("--network", action="store_true", help="the graph was started with network:=true")
    parser.add_argument("--patience", type=float, default=10.0, help="how long to wait for the graph [s]")


def ros_arguments(args: argparse.Namespace) -> list[str]:
    """``--ros-args ...`` of the viewer's node."""
    values = {"robot": f"'{args.robot}'", "graph": f"'{args.graph}'", "host": f"'{args.host}'"}
    numbers = {"port": args.port, "patience": float(args.patience)}
    words = ["--ros-args"]
    for name, value in {**values, **numbers}.items():
        words += ["-p", f"{name}:={value}"]
    if args.namespace:
        words += ["-r", f"__ns:=/{args.namespace.strip('/')}"]
    return words


def run(args: argparse.Namespace) -> int:
    if args.target not in TARGETS:
        raise BimanualError(
            f"cannot show {args.target!r}: `view` shows the live graph only (`bimanual view graph`); "
            "open an episode's MCAP file in Foxglove, or play it with `ros2 bag play` for RViz"
        )
    # This process takes part in the graph, so it needs the same transport; set before ROS is loaded.
    os.environ.update(graph_environment(args.network, private_domain=False))
    return int(importlib.import_module("bimanual_viewer.node").main(ros_arguments(args)))
