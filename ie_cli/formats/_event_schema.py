"""Event schemas as they are published: which types of events there are, and which roles each has.

    {"event_type": "公司上市", "role_list": [{"role": "上市公司"}, {"role": "环节", "enum_items": ["筹备上市"]}]}

One type a line, or an array of them, on one line or many. A role with `enum_items` is a choice between
these and has no place in the text.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from ie_cli.errors import FormatError
from ie_cli.formats._reading import Row, items
from ie_cli.formats._schema import rows, string
from ie_cli.records import Argument, Event
from ie_cli.registry import unknown

Roles = dict[str, list[str]]  # role -> the values to choose from; none: any text
Schema = dict[str, Roles]  # by type of event


def load(path: str | os.PathLike) -> Schema:
    """The schema in a file. A row that cannot be read is a `FormatError`: half a schema misleads."""
    schema: Schema = {}
    for line, row in rows(path):
        try:
            roles = schema.setdefault(string(row, "event_type"), {})
            roles.update(map(_role, items(row.get("role_list"), list, "role_list")))
        except ValueError as error:
            raise FormatError(path, line, f"{error}; expected an event schema") from None
    if not schema:
        raise FormatError(path, None, "no event types in this schema")
    return schema


def _role(item: Any) -> tuple[str, list[str]]:
    role = string(item, "role")
    choices = items(item.get("enum_items", []), list, "enum_items")
    if not all(isinstance(choice, str) for choice in choices):
        raise ValueError("'enum_items' are no strings")
    return role, choices


def checked(row: Row, event: Event, schema: Schema) -> Event | None:
    """The event with the roles that the schema has; None (reported as lost) if it lacks the type."""
    if event.type not in schema:
        row.lost(unknown("event type", event.type, schema), cause="event type that the schema does not have")
        return None
    roles = schema[event.type]
    return replace(event, arguments=[a for a in event.arguments if _known(row, event.type, a, roles)])


def _known(row: Row, kind: str, argument: Argument, roles: Roles) -> bool:
    """Whether there is such a role; a choice that it does not have is only reported."""
    if argument.role not in roles:
        reason = f"{kind}: {unknown('role', argument.role, roles)}"
        row.lost(reason, cause="role that the schema does not have")
    elif roles[argument.role] and argument.text not in roles[argument.role]:
        reason = f"{argument.role}: {unknown('choice', argument.text, roles[argument.role])}; kept as it is"
        row.mended(reason, cause="choice that the schema does not have")
    return argument.role in roles
