"""Settings as dataclasses, read strictly: an unknown key is an error that names the nearest one."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TextIO, TypeVar

import yaml

from ie_cli.errors import FormatError, IEError, UsageError
from ie_cli.registry import unknown

T = TypeVar("T")


def build(kind: type[T], data: Any, where: str = "") -> T:
    """Fill a dataclass from nested plain data, checking names and types.

    Args:
        where: dotted path of `data` in the whole configuration, for messages.

    Raises:
        IEError: an unknown key, a missing one, or a value of the wrong type.
    """
    if not isinstance(data, dict):
        raise IEError(f"{where or 'the configuration'} must be a table of settings, found {data!r}")
    hints = typing.get_type_hints(kind)
    known = {f.name: f for f in dataclasses.fields(kind)}
    for key in data:
        if key not in known:
            raise IEError(_unknown(kind, where, str(key)))
    values = {key: _value(hints[key], value, _dotted(where, key)) for key, value in data.items()}
    missing = [name for name, f in known.items() if name not in values and _required(f)]
    if missing:
        raise IEError(f"the setting '{_dotted(where, missing[0])}' is missing")
    return kind(**values)


@contextlib.contextmanager
def naming(path: str | os.PathLike) -> Iterator[None]:
    """Name the file, once, in what is said of its settings.

    Raises:
        FormatError: in the place of any `IEError`.
    """
    try:
        yield
    except IEError as error:
        raise FormatError(path, None, str(error)) from None


def _unknown(kind: type, where: str, key: str) -> str:
    """One line for a setting that is not there; one that lies deeper under its name is suggested."""
    deeper = [name for name in _leaves(kind, where) if name.endswith(f".{key}") and name != _dotted(where, key)]
    if deeper:
        return f"unknown setting '{_dotted(where, key)}'. Did you mean '{deeper[0]}'?"
    return unknown("setting", key, [f.name for f in dataclasses.fields(kind)], prefix=_dotted(where, ""))


def _leaves(kind: type, where: str) -> list[str]:
    """Dotted names of all settings of a dataclass."""
    names: list[str] = []
    for name, hint in typing.get_type_hints(kind).items():
        inner = _leaves(hint, _dotted(where, name)) if dataclasses.is_dataclass(hint) else []
        names += inner or [_dotted(where, name)]
    return names


def _required(field: dataclasses.Field) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _dotted(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _value(hint: Any, value: Any, where: str) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in args:
            return None
        return _value(next(a for a in args if a is not type(None)), value, where)
    if value is None and (origin is dict or dataclasses.is_dataclass(hint)):
        value = {}  # a section of a recipe with nothing below it
    if dataclasses.is_dataclass(hint):
        return build(hint, value, where)
    if origin is list and isinstance(value, list):
        return [_value(args[0], item, f"{where}[{i}]") for i, item in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return value
    if hint is float and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)  # YAML reads 2e-5 as a string
        except ValueError:
            pass
    elif hint is Any or _is(value, hint):
        return value
    raise IEError(f"the setting '{where}' must be {_name(hint)}, found {value!r}")


def _is(value: Any, hint: Any) -> bool:
    """Whether a value is of a plain type; to Python true is a number, here it is none."""
    if not isinstance(hint, type) or typing.get_origin(hint):  # Python 3.10 takes list[str] for a type
        return False
    return isinstance(value, hint) and isinstance(value, bool) == (hint is bool)


def _name(hint: Any) -> str:
    names = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    origin = typing.get_origin(hint) or hint
    return names.get(hint) or {list: "a list", dict: "a table of settings"}.get(origin, str(hint))


def check(
    settings: Any,
    ranges: Mapping[str, Callable[[Any], bool]],
    choices: Mapping[str, Sequence[str]],
    where: str = "",
) -> None:
    """Check values by their dotted names: numbers against a condition, words against the known ones.

    Args:
        where: dotted path of `settings` in the whole configuration, for messages.

    Raises:
        IEError: the first that does not fit.
    """
    for name, fits in ranges.items():
        if not fits(value := _at(settings, name)):
            raise IEError(f"the setting '{_dotted(where, name)}' cannot be {value}")
    for name, known in choices.items():
        if (value := _at(settings, name)) not in known:
            raise IEError(unknown(_dotted(where, name), value, known))


def _at(settings: Any, dotted: str) -> Any:
    return functools.reduce(getattr, dotted.split("."), settings)


class _Loader(yaml.SafeLoader):
    """Builds no objects, and refuses a key that is there twice, of which PyYAML takes the last (YAML 1.2, 3.2.1.3)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for key in keys:
            if key.value in seen:
                message = f"the key '{key.value}' is there twice"
                raise yaml.constructor.ConstructorError(None, None, message, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _plain(source: str | TextIO) -> Any:
    """What a YAML document says.

    Raises:
        YAMLError: it is none.
    """
    loader = _Loader(source)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def read(path: str) -> dict[str, Any]:
    """A YAML file as plain data; no objects are built.

    Raises:
        FormatError: no such file, not YAML, or no table of settings.
    """
    try:
        with open(path, encoding="utf-8") as stream:
            data = _plain(stream)
    except FileNotFoundError:
        raise FormatError(path, None, "no such file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise FormatError(path, mark and mark.line + 1, f"not YAML: {getattr(error, 'problem', error)}") from None
    if not isinstance(data, dict | None):
        raise FormatError(path, None, f"is not a table of settings (KEY: VALUE lines), but {data!r:.40}")
    return data or {}


def override(data: dict[str, Any], assignment: str) -> None:
    """Apply `train.lr=2e-5` to nested plain data, in place; the value is read as YAML."""
    dotted, equals, text = assignment.partition("=")
    if not equals:
        raise UsageError(f"--set takes KEY=VALUE, found '{assignment}'")
    try:
        put(data, dotted.strip(), _plain(text))
    except yaml.YAMLError:
        raise UsageError(f"--set {assignment}: the value is not YAML") from None


def put(data: dict[str, Any], dotted: str, value: Any) -> None:
    """Set a value of nested plain data by its dotted key, in place."""
    *parents, last = dotted.split(".")
    for parent in parents:
        if data.get(parent) is None:
            data[parent] = {}
        data = data[parent]
        if not isinstance(data, dict):
            raise IEError(f"the setting '{dotted}': '{parent}' is not a table of settings")
    data[last] = value
