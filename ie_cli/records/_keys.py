"""What tells the spans of one text apart."""

from __future__ import annotations

from ie_cli.records._types import Span

SpanKey = tuple[int | None, int | None, str]
PlaceOrText = tuple[int, int] | tuple[None, str]


def span_key(span: Span) -> SpanKey:
    """Start, end and text: all that makes a span but its type."""
    return span.start, span.end, span.text


def place_or_text(span: Span) -> PlaceOrText:
    """(start, end); (None, text) of a span without offsets, which so equals no span that has a place."""
    return (None, span.text) if span.start is None else (span.start, span.end)
