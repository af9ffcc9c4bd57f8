"""Settings are read strictly: what is not meant is not taken for something else."""

from dataclasses import asdict, dataclass, field
from typing import Any

import pytest
import yaml

from ie_cli import config
from ie_cli.errors import FormatError, IEError


@dataclass
class Inner:
    lr: float = 1e-3
    epochs: int = 10
    half: bool = False
    name: str | None = None
    rate: float | None = None


@dataclass
class Outer:
    task: str
    train: Inner = field(default_factory=Inner)
    files: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    anything: Any = None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, Inner()),
        ({"lr": 2, "epochs": 3}, Inner(lr=2.0, epochs=3)),
        ({"lr": "2e-5"}, Inner(lr=2e-5)),  # YAML 1.1 reads 2e-5 as text
        ({"rate": "1e-3", "name": "x"}, Inner(rate=1e-3, name="x")),
        ({"rate": None, "name": None}, Inner()),
        ({"half": True}, Inner(half=True)),
    ],
)
def test_values(data, expected):
    found = config.build(Inner, data)
    assert found == expected
    assert {name: type(x) for name, x in vars(found).items()} == {name: type(x) for name, x in vars(expected).items()}


def test_nested_values():
    data = {"task": "x", "train": {"epochs": 2}, "files": ["a"], "options": {"b": [1]}, "anything": {1: 2}}
    found = config.build(Outer, data)
    assert found == Outer("x", Inner(epochs=2), ["a"], {"b": [1]}, {1: 2})
    assert config.build(Outer, asdict(found)) == found


BAD = [
    ({"task": 1}, "the setting 'task' must be text, found 1"),
    ({"task": None}, "the setting 'task' must be text, found None"),
    ({}, "the setting 'task' is missing"),
    ({"task": "x", "train": {"epochs": 1.5}}, "the setting 'train.epochs' must be a whole number, found 1.5"),
    ({"task": "x", "train": {"epochs": "3"}}, "the setting 'train.epochs' must be a whole number, found '3'"),
    ({"task": "x", "train": {"epochs": True}}, "the setting 'train.epochs' must be a whole number, found True"),
    ({"task": "x", "train": {"lr": "fast"}}, "the setting 'train.lr' must be a number, found 'fast'"),
    ({"task": "x", "train": {"lr": False}}, "the setting 'train.lr' must be a number, found False"),
    ({"task": "x", "train": {"rate": [1]}}, "the setting 'train.rate' must be a number, found [1]"),
    ({"task": "x", "train": {"half": 1}}, "the setting 'train.half' must be true or false, found 1"),
    ({"task": "x", "train": {"half": "yes"}}, "the setting 'train.half' must be true or false, found 'yes'"),
    ({"task": "x", "train": 3}, "train must be a table of settings, found 3"),
    ({"task": "x", "files": "a.jsonl"}, "the setting 'files' must be a list, found 'a.jsonl'"),
    ({"task": "x", "files": ["a", 2]}, "the setting 'files[1]' must be text, found 2"),
    ({"task": "x", "options": ["a"]}, "the setting 'options' must be a table of settings, found ['a']"),
    ([], "the configuration must be a table of settings, found []"),
    (
        {"task": "x", "train": {"epoch": 3}},
        "unknown setting 'train.epoch'. Did you mean 'train.epochs'? "
        "Known: train.lr, train.epochs, train.half, train.name, train.rate",
    ),
    (
        {"task": "x", "train": {"clip": 3}},  # near to none, although `train.clip` is to `train.lr`
        "unknown setting 'train.clip'. Known: train.lr, train.epochs, train.half, train.name, train.rate",
    ),
    ({"task": "x", "epochs": 1}, "unknown setting 'epochs'. Did you mean 'train.epochs'?"),
    (
        {"task": "x", 7: 1},
        "unknown setting '7'. Known: task, train, files, options, anything",
    ),
]


def test_a_section_with_nothing_below_it_is_empty():
    data = {"task": "x", "train": None, "options": None}
    assert config.build(Outer, data) == config.build(Outer, {"task": "x"})
    config.override(data, "train.epochs=3")
    assert config.build(Outer, data).train.epochs == 3


@pytest.mark.parametrize(("data", "message"), BAD, ids=[message[:50] for _, message in BAD])
def test_what_is_refused(data, message):
    with pytest.raises(IEError) as error:
        config.build(Outer, data)
    assert str(error.value) == message


def test_messages_name_the_place_they_are_told():
    message = r"^a/model\.json: the setting 'encoder\.epochs' must be a whole number"
    with pytest.raises(FormatError, match=message), config.naming("a/model.json"):
        config.build(Inner, {"epochs": "3"}, "encoder")


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("train.lr=2e-5", {"train": {"lr": "2e-5", "epochs": 1}}),
        ("train.epochs = 3", {"train": {"epochs": 3}}),
        ("task=ner", {"task": "ner", "train": {"epochs": 1}}),
        ("a.b.c=[1, x]", {"a": {"b": {"c": [1, "x"]}}, "train": {"epochs": 1}}),
        ("train.name=a=b", {"train": {"epochs": 1, "name": "a=b"}}),
        ("train.name=", {"train": {"epochs": 1, "name": None}}),
        ("train={epochs: 4}", {"train": {"epochs": 4}}),
    ],
)
def test_override(assignment, expected):
    data = {"train": {"epochs": 1}}
    config.override(data, assignment)
    assert data == expected


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("train.lr", "--set takes KEY=VALUE, found 'train.lr'"),
        ("train.lr=[1", "--set train.lr=[1: the value is not YAML"),
        ("model={head: a, head: b}", "--set model={head: a, head: b}: the value is not YAML"),
        ("task.name=x", "the setting 'task.name': 'task' is not a table of settings"),
        ("task.a.b=x", "the setting 'task.a.b': 'task' is not a table of settings"),
    ],
)
def test_override_that_cannot_be(assignment, message):
    with pytest.raises(IEError) as error:
        config.override({"task": "ner"}, assignment)
    assert str(error.value) == message


def test_read(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text("# nothing\n", "utf-8")
    assert config.read(str(path)) == {}
    path.write_text("task: 实体\ntrain: {lr: 2e-5}\n", "utf-8")
    assert config.read(str(path)) == {"task": "实体", "train": {"lr": "2e-5"}}
    path.write_text(yaml.safe_dump(asdict(Outer("x"))), "utf-8")
    assert config.build(Outer, config.read(str(path))) == Outer("x")


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        (b"a: 1\nb: [1\n", ":3", "not YAML"),
        (b"train: {lr: 1}\ntask: a\ntrain: {epochs: 1}\n", ":3", "not YAML: the key 'train' is there twice"),
        (b"a: \xff\n", "", "not YAML"),
        (b"!!python/object/apply:os.getcwd []\n", ":1", "not YAML"),  # nothing is ever built from a file
        (b"- a\n- b\n", "", "is not a table of settings"),
        (b"just words\n", "", "is not a table of settings"),
    ],
)
def test_read_of_what_is_no_recipe(content, place, reason, tmp_path):
    path = tmp_path / "r.yaml"
    path.write_bytes(content)
    with pytest.raises(FormatError) as error:
        config.read(str(path))
    assert str(error.value).startswith(f"{path}{place}: {reason}") and "\n" not in str(error.value)


def test_read_of_nothing(tmp_path):
    with pytest.raises(FormatError, match=r"nothing\.yaml: no such file"):
        config.read(str(tmp_path / "nothing.yaml"))
