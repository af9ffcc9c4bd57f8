"""Relations and events for the eye: which of their spans get bars, and the lines that follow the text.

    活着 -作者-> 余华 0.93
    周迅 -饰演-> 杜拉拉  inWork: 杜拉拉升职记
    竞赛行为-夺冠 0.80  触发词 夺冠 | 冠军 中国队 | 时间 昨天 | 赛制 =淘汰赛

`=` stands before a value that has no place in the text, as it does for entities.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.text import Text

from ie_cli.commands._terminal import breaks, scored, style, visible
from ie_cli.records import Entity, Event, Record, Relation, Span

INDENT = "    "  # of the lines that go on with a relation or an event
Named = tuple[str, Span]  # what a span is for, and the span


def marks(record: Record) -> list[Entity]:
    """Every span with a place, as an entity of its type or role: each once, and none where an entity is."""
    entities = [entity for entity in record.entities or () if entity.start is not None]
    taken = {(entity.start, entity.end) for entity in entities}
    others = {
        (span.start, span.end, name): Entity(span.start, span.end, name, span.text)
        for name, span in _named(record)
        if span.start is not None and (span.start, span.end) not in taken
    }
    return [*entities, *others.values()]


def relation_lines(relation: Relation, width: int) -> list[Text]:
    """Subject, predicate and object, the slots behind them."""
    subject, object_, *slots = _parts(relation)
    arrow = f" -{visible(relation.predicate)}-> "
    head = Text.assemble(_value(*subject), arrow, _value(*object_), scored("", relation.score))
    fields = [Text.assemble(f"{visible(name)}: ", _value(kind, slot))
              for name, (kind, slot) in zip(relation.slots, slots, strict=True)]  # fmt: skip
    return _filled(head, fields, width)


def event_lines(event: Event, width: int) -> list[Text]:
    """The type, then trigger and arguments in the order in which they are given."""
    fields = [] if event.trigger is None else [Text.assemble("触发词 ", _value(*_trigger(event)))]
    fields += [Text.assemble(f"{visible(a.role)} ", _value(a.role, a), scored("", a.score)) for a in event.arguments]
    head = Text.assemble((scored(visible(event.type), event.score), style(event.type)))
    return _filled(head, fields, width)


# --- Names and values ----------------------------------------------------------------------------


def _named(record: Record) -> Iterator[Named]:
    for relation in record.relations or ():
        yield from _parts(relation)
    for event in record.events or ():
        if event.trigger is not None:
            yield _trigger(event)
        yield from ((argument.role, argument) for argument in event.arguments)


def _parts(relation: Relation) -> Iterator[Named]:
    """Subject, object and slots under their types, which not every data set gives."""
    parts = {"subject": relation.subject, "object": relation.object}
    for name, span in [*parts.items(), *relation.slots.items()]:
        yield span.type or name, span


def _trigger(event: Event) -> Named:
    return event.trigger.type or event.type, event.trigger


def _value(name: str, span: Span) -> Text:
    return Text.assemble((f"{'=' if span.start is None else ''}{visible(span.text)}", f"bold {style(name)}"))


# --- Lines ---------------------------------------------------------------------------------------


def _filled(head: Text, fields: Iterable[Text], width: int) -> list[Text]:
    """The head and as many fields behind it as there is room for, the others in indented lines below."""
    lines, gap = [head], "  "
    for field in fields:
        if lines[-1].cell_len + cell_len(gap) + field.cell_len > width:
            lines.append(Text(INDENT))
            gap = gap.lstrip()
        lines[-1].append(gap).append_text(field)
        gap = " | "
    return [part for line in lines for part in _broken(line, width)]


def _broken(line: Text, width: int) -> list[Text]:
    """The line itself, or, where it alone is too wide, its parts."""
    if line.cell_len <= width:
        return [line]
    shown = line.plain
    first, *others = (line[a:b] for a, b in breaks(shown, list(shown), width - len(INDENT)))
    return [first, *(Text(INDENT).append_text(other) for other in others)]
