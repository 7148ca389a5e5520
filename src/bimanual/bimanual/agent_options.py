"""Options of the verbs in which an agent may act: where its replies come from."""

from __future__ import annotations

import argparse

from bimanual.extras import require
from mllm_agent.providers.registry import NAMES, ProviderSettings


def add_agent_arguments(parser: argparse.ArgumentParser, switch: str, meaning: str) -> None:
    """``switch`` names the provider; the rest says which model, where."""
    parser.add_argument(switch, choices=NAMES, help=f"{meaning}: {', '.join(NAMES)}")
    parser.add_argument("--model", default="", help="name of the model at its endpoint (openai)")
    parser.add_argument(
        "--base-url", default="", help="address of that endpoint (openai; OPENAI_BASE_URL, or OpenAI's own)"
    )
    parser.add_argument("--replay", default="", metavar="DIR", help="log folder of an agent's run (replay)")


def agent_settings(args: argparse.Namespace, provider: str) -> ProviderSettings:
    """The settings that the options give; installs the client library where the provider needs it.

    Raises BimanualError for options that do not fit.
    """
    settings = ProviderSettings(provider, args.model, args.base_url, args.replay)
    if provider == "openai":
        require("llm")
    return settings
