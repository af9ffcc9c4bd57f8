"""README, CHANGELOG and recipes against the code, both ways."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

import ie_cli
from ie_cli import config
from ie_cli.commands import app
from ie_cli.registry import load, names
from ie_cli.training.recipe import Recipe
from ie_cli.zoo import catalogue, char
from ie_cli.zoo.encoders import BUILT_IN

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = sorted((ROOT / "data" / "results").glob("*.md"))


def commands(group, before: str = "") -> dict:
    """Every command by its words: `eval`, and `kb build` for one of a group."""
    found = {}
    for name, command in group.commands.items():
        inner = commands(command, f"{before}{name} ") if hasattr(command, "commands") else {before + name: command}
        found |= inner
    return found


def command_of(words: list[str]) -> str:
    """The command that an invocation calls."""
    return " ".join(words[:2]) if " ".join(words[:2]) in COMMANDS else words[0]


COMMANDS = commands(get_command(app))
RECIPES = sorted((ROOT / "data" / "configs").glob("*.yaml"))


def code_blocks() -> list[str]:
    return re.findall(r"```(?:bash|console|sh)\n(.*?)```", README, re.S)


def invocations() -> list[list[str]]:
    """Every `ie …` of README, results and the commands' help, as words; pipes and redirections end one."""
    found = []
    helps = [command.help for command in COMMANDS.values()]
    pages = "\n".join([README, *(path.read_text(encoding="utf-8") for path in RESULTS)])
    for line in "\n".join([*code_blocks(), *re.findall(r"`(ie [^`]+)`", pages), *helps]).splitlines():
        for part in re.split(r"[|;]|&&", line.strip().removeprefix("$ ").split(" #")[0]):
            words = shlex.split(part.split(">")[0])
            if words[:1] == ["ie"]:
                found.append(words[1:])
    return found


def rows(heading: str) -> list[str]:
    """First cells of the table under a heading."""
    section = README.split(f"{heading}\n", 1)[1].split("\n#", 1)[0]
    return re.findall(r"^\| `([^`]+)`", section, re.M)


def test_every_command_is_in_the_readme():
    assert {command_of(words) for words in invocations() if not words[0].startswith("-")} == set(COMMANDS)


@pytest.mark.parametrize("words", invocations(), ids=" ".join)
def test_every_flag_in_the_readme_exists(words):
    if words[0].startswith("-"):
        return
    known = {flag for p in COMMANDS[command_of(words)].params for flag in (*p.opts, *p.secondary_opts)} | {"--help"}
    assert {word.split("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)} <= known
    assert all((ROOT / word).exists() for word in words if word.startswith("data/"))


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("## 数据格式", names("ie_cli.formats")),
        ("## 任务与模型", names("ie_cli.tasks")),
    ],
)
def test_tables_name_what_exists(heading, known):
    assert rows(heading) == known


def test_the_writable_column_is_true():
    for name in names("ie_cli.formats"):
        module = load("ie_cli.formats", name)
        row = next(row for row in README.splitlines() if row.startswith(f"| `{name}` |"))
        assert row.rstrip("| ").endswith("✓") == (hasattr(module, "write") or hasattr(module, "write_folder")), name


def test_the_readme_names_the_encoders_that_exist():
    section = README.split("编码器由 `--encoder` 选择；", 1)[1].split("\n\n", 2)[1]
    named = set(re.findall(r"`([a-z0-9.-]+)`", section)) - {"ie", "models"}
    assert named == {*BUILT_IN, *catalogue.shipped(), *catalogue.ENCODERS}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_recipes_load_strictly_and_begin_with_their_command(path):
    recipe = config.build(Recipe, config.read(str(path)))
    load("ie_cli.tasks", recipe.task)
    config.build(load("ie_cli.tasks", recipe.task).Settings, recipe.model)
    if recipe.encoder.name in BUILT_IN:
        config.build(char.Options, recipe.encoder.options)
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(f"# ie train data/configs/{path.name} ")
    assert f"data/configs/{path.name}" in README


@pytest.mark.parametrize("path", [ROOT / "README.md", *RESULTS], ids=lambda path: path.name)
def test_pages_name_files_that_exist(path):
    text = path.read_text(encoding="utf-8")
    linked = [path.parent / target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    named = [ROOT / name for name in re.findall(r"`(?:python )?((?:data|tests|ie_cli)/[\w./-]+\.\w+)", text)]
    named = [file for file in named if file.stem != "x"]  # which a reader is to write
    assert [str(file) for file in [*linked, *named] if not file.exists()] == []


def test_every_page_of_results_is_linked_from_the_readme():
    assert [path.name for path in RESULTS if f"](data/results/{path.name})" not in README] == []


def test_changelog_speaks_of_this_version():
    assert f"## {ie_cli.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
