"""A check for the eye: figures in tables, findings in lines with their places."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ie_cli.checking.findings import Finding, Number, Section
from ie_cli.commands._terminal import visible

SHOWN = 30  # rows of a section
WIDE = 200  # columns where the output is no terminal: a cell is never cut there


def printed(sections: list[Section], findings: list[Finding]) -> str:
    """All of it as text, in colour only where a terminal wants it."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDE, soft_wrap=True)
    with console.capture() as drawn:
        for section in sections:
            console.print(_table(section, console.is_terminal))
            if len(section.rows) > SHOWN:
                console.print(f"… {len(section.rows) - SHOWN} more; --json has all\n", style="dim")
        for finding in findings:
            console.print(Text("\n").join(_lines(finding)), soft_wrap=True)
        console.print(_last(findings))
    return "".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines())


def _table(section: Section, terminal: bool) -> Table:
    shape = {"box": box.SIMPLE_HEAD} if terminal else {"box": None, "pad_edge": False}
    grid = Table(**shape)
    grid.add_column(section.title, no_wrap=True)
    for split in section.columns:
        grid.add_column(split, justify="right")
        if section.whole:
            grid.add_column("%", justify="right")
    for name in section.rows[:SHOWN]:
        grid.add_row(Text(visible(name)), *(Text(x) for split in section.columns for x in _cells(section, split, name)))
    if not terminal:
        grid.add_row()
    return grid


def _cells(section: Section, split: str, name: str) -> list[str]:
    """The number of a row in a split, and its share where the section has shares."""
    number: Number = section.columns[split].get(name, 0)
    if not section.whole:
        return [str(number)]
    whole = section.whole[split]
    return [str(number), f"{100 * number / whole:.1f}" if whole else "-"]


def _lines(finding: Finding) -> Iterator[Text]:
    """What was found, its places, and what to try."""
    whole = f" of {finding.of} ({_percent(finding.count / finding.of)})" if finding.of else ""
    mark, style = ("!!", "bold red") if finding.spoils else ("!", "bold yellow")
    yield Text(f"{mark} {finding.what}: {finding.count}{whole}", style)
    for example in finding.examples:
        yield Text(f"   {visible(example.place)}: {visible(example.shown)}")
    yield Text(f"   try: {finding.advice}", "green")


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 or not share else "<0.1%"


def _last(findings: list[Finding]) -> str:
    if not findings:
        return "nothing to look at"
    spoiling = sum(finding.spoils for finding in findings)
    return f"to look at: {len(findings)}, of which {spoiling} spoil training or its score (!!)"
