"""Tagging schemes as tables: which tags open, continue and close a span."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# prefix -> what it does. "start" opens a span, "inside" and "end" continue one, "single" is a span.
SCHEMES: dict[str, dict[str, str]] = {
    "bio": {"B": "start", "I": "inside"},
    "bmes": {"B": "start", "M": "inside", "E": "end", "S": "single"},
    "bioes": {"B": "start", "I": "inside", "E": "end", "S": "single"},
}


@dataclass(frozen=True)
class Defect:
    """A tag that does not follow from the one before: its index, the cause and what is wrong with it."""

    index: int
    cause: str
    reason: str


UNKNOWN = "tag outside the scheme"  # read as O
ORPHAN = "continuation that nothing opened"  # read as an opening
UNCLOSED = "span without its end tag"  # read as ending where it stops


def split(tag: str) -> tuple[str, str | None]:
    """`B-PER.NAM` -> ("B", "PER.NAM"); `O` -> ("O", None)."""
    prefix, dash, kind = tag.partition("-")
    return prefix, kind if dash else None


def detect(tags: Iterable[str]) -> str | None:
    """The scheme whose prefixes cover the tags seen, or None where no scheme does."""
    seen = {split(tag)[0] for tag in tags} - {"O"}
    return next((name for name, table in SCHEMES.items() if seen <= table.keys()), None)


def decode(tags: Sequence[str], scheme: str) -> tuple[list[tuple[int, int, str]], list[Defect]]:
    """Tags of one sentence to spans (start, end exclusive, type), and the defects met on the way.

    A continuation that nothing opened (an orphan I-, or I- of another type) opens a span of its own,
    as conlleval and seqeval's default mode do; it is reported, so the caller can count it. So is a
    span that stops without the end tag its scheme asks for.
    """
    decoder = _Decoder(tags, scheme)
    for i in range(len(tags)):
        decoder.read(i)
    decoder.stop(len(tags))
    return decoder.spans, decoder.defects


class _Decoder:
    """The spans and defects of the tags read so far, and the span that is open: its start and type."""

    def __init__(self, tags: Sequence[str], scheme: str):
        self._tags, self._scheme, self._table = tags, scheme, SCHEMES[scheme]
        self._start, self._kind = 0, None  # no type: none is open
        self.spans: list[tuple[int, int, str]] = []
        self.defects: list[Defect] = []

    def read(self, i: int) -> None:
        """The tag at `i`; the tags before it have been read."""
        action, kind = self._action(i)
        if action not in ("inside", "end"):
            self.stop(i)
        elif kind != self._kind:
            self.stop(i)
            self._add(i, ORPHAN, f"'{self._tags[i]}' continues no span of its type")
        if action is None:
            return
        if self._kind is None:
            self._start, self._kind = i, kind
        if action in ("single", "end"):
            self._close(i + 1)

    def stop(self, end: int) -> None:
        """End the span that is open, if any, before the tag at `end`, which does not continue it."""
        if self._kind is None:
            return
        self._close(end)
        if "end" in self._table.values():
            self._add(end - 1, UNCLOSED, f"'{self._tags[end - 1]}' is the last of its span but no end tag")

    def _action(self, i: int) -> tuple[str | None, str | None]:
        """What the tag does, None for O, and its type."""
        tag = self._tags[i]
        prefix, kind = split(tag)
        action = self._table.get(prefix) if kind is not None else None
        if action is None and tag != "O":
            self._add(i, UNKNOWN, f"tag '{tag}' is not {self._scheme.upper()}")
        return action, kind

    def _close(self, end: int) -> None:
        self.spans.append((self._start, end, self._kind))
        self._kind = None

    def _add(self, i: int, cause: str, reason: str) -> None:
        self.defects.append(Defect(i, cause, reason))


def encode(
    spans: Iterable[tuple[int, int, str]], length: int, scheme: str
) -> tuple[list[str], list[tuple[int, int, str]]]:
    """Spans to tags, and the spans that flat tags cannot hold (nested in or overlapping another).

    Where spans compete the longer wins, then the earlier, then the type that sorts first.
    """
    by_action = {action: prefix for prefix, action in SCHEMES[scheme].items()}
    tags, left = ["O"] * length, []
    for start, end, kind in sorted(spans, key=lambda s: (s[0] - s[1], s)):
        if any(tag != "O" for tag in tags[start:end]):
            left.append((start, end, kind))
            continue
        inside = by_action["inside"]
        prefixes = [by_action["start"], *[inside] * (end - start - 2), by_action.get("end", inside)]
        if end - start == 1:
            prefixes = [by_action.get("single", by_action["start"])]
        tags[start:end] = [f"{prefix}-{kind}" for prefix in prefixes]
    return tags, left
