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
    table = SCHEMES[scheme]
    closes = "end" in table.values()
    found: list[tuple[int, int, str]] = []
    defects: list[Defect] = []
    start, kind = None, None
    for i, tag in enumerate([*tags, "O"]):  # the O behind the last tag closes what is open
        prefix, tag_kind = split(tag)
        action = table.get(prefix) if tag_kind is not None else None
        if action is None and tag != "O":
            defects.append(Defect(i, UNKNOWN, f"tag '{tag}' is not {scheme.upper()}"))
        if action in ("inside", "end") and kind == tag_kind:
            if action == "end":
                found.append((start, i + 1, kind))
                start, kind = None, None
            continue
        if kind is not None:
            found.append((start, i, kind))
            if closes:
                defects.append(Defect(i - 1, UNCLOSED, f"'{tags[i - 1]}' is the last of its span but no end tag"))
            start, kind = None, None
        if action is None:
            continue
        if action in ("inside", "end"):
            defects.append(Defect(i, ORPHAN, f"'{tag}' continues no span of its type"))
        if action in ("single", "end"):
            found.append((i, i + 1, tag_kind))
        else:
            start, kind = i, tag_kind
    return found, defects


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
