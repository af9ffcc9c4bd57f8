"""The commands of `ie`, one a file: `run` in commands/x.py is `ie x`, or `app` where x has commands of its own.

This is the only package that prints. Command bodies import what they need, so that `ie --help`
stays fast and `ie convert` never loads torch.
"""

from __future__ import annotations

import importlib

import typer

import ie_cli
from ie_cli.commands._shell import guarded
from ie_cli.registry import names


def _version(value: bool) -> None:
    if value:
        typer.echo(f"ie {ie_cli.__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Chinese information extraction in the shell: convert, train, predict, eval."""


def _build() -> typer.Typer:
    built = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown")
    built.callback()(_root)
    for name in names(__name__):
        module = importlib.import_module(f"{__name__}.{name}")
        if hasattr(module, "app"):
            built.add_typer(module.app, name=name)
        else:
            built.command(name)(guarded(module.run))
    return built


app = _build()
