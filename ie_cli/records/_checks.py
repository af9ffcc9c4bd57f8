"""What holds of every record."""

from __future__ import annotations

from collections.abc import Iterator

from ie_cli.files import has_lone_surrogate
from ie_cli.records._types import Record, Span


def spans(record: Record) -> Iterator[tuple[str, Span]]:
    """Every span of a record with its path (`entities[0]`, `relations[2].subject`, …)."""
    for i, entity in enumerate(record.entities or ()):
        yield f"entities[{i}]", entity
    for i, relation in enumerate(record.relations or ()):
        yield f"relations[{i}].subject", relation.subject
        yield f"relations[{i}].object", relation.object
        for name, span in relation.slots.items():
            yield f"relations[{i}].slots[{name}]", span
    for i, event in enumerate(record.events or ()):
        if event.trigger is not None:
            yield f"events[{i}].trigger", event.trigger
        for j, argument in enumerate(event.arguments):
            yield f"events[{i}].arguments[{j}]", argument


def check(record: Record) -> None:
    """Raise ValueError unless the text is valid Unicode and every placed span equals its slice."""
    if has_lone_surrogate(record.text):
        raise ValueError("'text' holds half a surrogate pair, which is no character")
    for name, span in spans(record):
        reason = span_error(record.text, span)
        if reason:
            raise ValueError(f"{name}: {reason}")


def span_error(text: str, span: Span) -> str | None:
    """Why a span does not fit its text, or None. A span without offsets fits if it has a string."""
    if span.start is None:
        return None if span.text else "has neither offsets nor text; give its string or leave it out"
    if not 0 <= span.start < span.end <= len(text):
        return f"offsets [{span.start}, {span.end}) are outside a text of {len(text)} characters or empty"
    if text[span.start : span.end] != span.text:
        return f"text[{span.start}:{span.end}] is '{text[span.start : span.end]}', not '{span.text}'"
    return None
