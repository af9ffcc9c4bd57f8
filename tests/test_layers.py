"""Imports point down only, and nothing but the commands prints. Read from the source, nothing is imported."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "ie_cli"
# From the bottom up; a module may import from its own layer and from those below it.
LAYERS = [
    {"", "errors", "registry", "compressed", "lost_causes"},
    {
        "records",
        "overlaps",
        "voting",
        "tags",
        "locate",
        "graph",
        "matching",
        "lengths",
        "metrics",
        "files",
        "config",
        "threads",
        "streaming",
        "writing",
        "stopwatch",
    },
    {"formats", "kb", "scoring", "checking"},
    {"text", "analysis", "report"},
    {"nn"},
    {"tasks"},
    {"zoo", "training", "pretraining", "predicting", "pipeline", "extractor"},
    {"commands", "__main__"},
]
LEVEL = {name: level for level, layer in enumerate(LAYERS) for name in layer}
# What a layer must not import although it lies below, or although it is not ours.
FORBIDDEN = {
    "nn": {"ie_cli.records", "ie_cli.text", "ie_cli.formats", "ie_cli.scoring", "transformers", "datasets", "jieba"},
    "formats": {"torch", "transformers", "datasets", "ie_cli.scoring", "ie_cli.kb"},
    "scoring": {"torch", "transformers", "datasets", "ie_cli.formats", "ie_cli.kb"},
    "kb": {"torch", "transformers", "datasets", "ie_cli.scoring"},
    "analysis": {"torch", "transformers", "datasets", "ie_cli.report", "ie_cli.text"},
    "report": {"torch", "transformers", "datasets", "ie_cli.text"},
    "checking": {"torch", "transformers", "datasets", "ie_cli.formats", "ie_cli.kb"},
    "files": {"torch"},
    "records": {"torch"},
    "config": {"torch"},
    "streaming": {"torch"},
    "text": {"ie_cli.records", "datasets"},
}
HEAVY = {"torch", "transformers", "datasets", "jieba", "safetensors"}
HEAVY |= {"ie_cli.training", "ie_cli.pretraining", "ie_cli.predicting", "ie_cli.extractor"}
MODULES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))


def part(path: Path) -> str:
    """The layer's name of a module: its folder, or the module itself at the top."""
    return path.parts[0] if len(path.parts) > 1 else path.stem.replace("__init__", "")


def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def imported(nodes) -> list[str]:
    """Full names of what is imported; `from ie_cli import x` counts as ie_cli.x."""
    found = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            whole = node.module in ("ie_cli", "ie_cli.zoo", "ie_cli.training", "ie_cli.pretraining")
            found += [f"{node.module}.{alias.name}" if whole else node.module for alias in node.names]
    return found


def type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def when_loaded(path: Path) -> list[ast.AST]:
    """The statements that run when a module is imported, without those for type checkers."""
    return [node for node in tree(path).body if not type_checking(node)]


def is_one_of(name: str, prefixes) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def test_every_module_has_a_layer():
    assert {part(path) for path in MODULES if path.parts[0] != "shipped"} <= LEVEL.keys()


# The package itself is the lowest layer, for its version, and gives `load` to those outside.
@pytest.mark.parametrize("path", [path for path in MODULES if path.parts != ("__init__.py",)], ids=str)
def test_imports_point_down(path):
    for name in imported(ast.walk(tree(path))):
        if is_one_of(name, {"ie_cli"}):
            other = name.split(".")[1] if "." in name else ""
            other = other if other in LEVEL else ""  # ie_cli.__version__
            assert LEVEL[other] <= LEVEL[part(path)], f"{path} imports {name}"


@pytest.mark.parametrize("path", [p for p in MODULES if part(p) in FORBIDDEN], ids=str)
def test_layers_know_nothing_of_what_is_not_theirs(path):
    bad = [n for n in imported(ast.walk(tree(path))) if is_one_of(n, FORBIDDEN[part(path)])]
    assert not bad, f"{path} imports {bad}"


@pytest.mark.parametrize("path", [p for p in MODULES if part(p) == "commands"], ids=str)
def test_commands_import_what_is_heavy_only_when_they_run(path):
    assert not [n for n in imported(when_loaded(path)) if is_one_of(n, HEAVY)]


@pytest.mark.parametrize("path", [p for p in MODULES if part(p) != "commands"], ids=str)
def test_only_commands_print(path):
    calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    written = {ast.unparse(call.func) for call in calls}
    assert not written & {"print", "typer.echo", "sys.stdout.write", "sys.stderr.write", "click.echo", "rprint"}


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_nothing_is_unpickled_and_no_foreign_code_is_run(path):
    text = ast.unparse(tree(path))  # without comments
    names = {ast.unparse(node.func) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)}
    assert not names & {"torch.load", "pickle.load", "pickle.loads", "yaml.load", "yaml.unsafe_load", "eval", "exec"}
    assert "trust_remote_code=True" not in text


def test_the_check_itself_finds_what_it_should():
    code = (
        "import torch\nfrom ie_cli import records\nfrom ie_cli.zoo import folder\ndef f():\n    import ie_cli.tasks.x"
    )
    found = imported(ast.walk(ast.parse(code)))
    assert set(found) == {"torch", "ie_cli.records", "ie_cli.zoo.folder", "ie_cli.tasks.x"}
    assert is_one_of("torch.nn", {"torch"}) and not is_one_of("torchvision", {"torch"})
