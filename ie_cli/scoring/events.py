"""Events under the rules of the GPLinker scripts and of the contests.

The first three rules compare places (a span without offsets: its string), and each of a record's
items counts once. They are those of the scripts (kexue.fm/archives/8926).

event     Type, trigger and the set of (role, place) are those of a gold event. As in the scripts,
          events without a trigger are left out, on both sides, and counted in the remarks; but if no
          gold event has one (CCKS2019), they all count, and the arguments alone have to be the same.
argument  Type, role and place; of all events, whether they have a trigger or not.
trigger   Type and place.

The others compare the data set's own strings (see `locate.given`) and have no use for triggers.

duee      LIC2021's DuEE 1.0. A prediction is worth the F1 of its characters with the gold argument of
          its type and role, in lower case, of the alias (`alias`, a list in the argument) that is most
          like it; P = worth / predictions, R = worth / gold arguments. Shared characters count as
          often as both strings have them. The published rule does not say what several arguments of
          one type and role are compared with; here each is used once, in the assignment worth most
          (exact). Every argument of every event counts, also one that two events share.
duee_fin  LIC2021's DuEE-fin. Each gold event, as they stand in the record, takes without replacement
          the predicted event of its type with the most arguments right (type, role, string), on a
          draw the one with the fewest others; it takes none that has no argument right. Precision
          and recall are over all arguments, as often as they stand there.
lic2020   The measure of LIC2020's baseline (kexue.fm/archives/7321): one string for a type and role,
          and one role for a string (the last in the record), worth 2 LCS / (both lengths).
subject   CCKS2019: the pairs of type and argument string of a record, each counted once. In the part
          "whole records" all three rates are the accuracy: the share of records with no pair wrong
          or missing.

The rule of None is `subject` if no gold event has a trigger or more than one argument; else `duee_fin`
if the gold gives strings (`ie convert` marks such records `located`) or has no offsets; else
`argument`, which is defined for every model and moves from the first epoch on, when no event is
right as a whole. All are tallied until the end, so that the order of the records does not matter.

`types` are event types, or type/role where arguments are counted; `parts` are the types with one
event in the gold record, and those with several (see `_event_rows.enter`).
"""

from __future__ import annotations

import json
from typing import NamedTuple

from ie_cli.locate import LOCATED, given
from ie_cli.records import Event, Record
from ie_cli.scoring import _event_sets as sets
from ie_cli.scoring import _event_texts as texts
from ie_cli.scoring._counts import GOLD, PRED, CountsBase, Sheet
from ie_cli.scoring._event_rows import PARTS, Rows, enter
from ie_cli.scoring._score import Score, Tally

RULES = {
    "event": "type, trigger and all arguments (role, start, end) are equal; events with a trigger (GPLinker)",
    "argument": "event type, role, start and end are equal (GPLinker)",
    "trigger": "event type, start and end of the trigger are equal",
    "duee": "event type and role are equal; worth the F1 of the characters, best of the aliases (LIC2021's DuEE)",
    "duee_fin": "type, role and string are equal, each gold event matched with one prediction (LIC2021's DuEE-fin)",
    "lic2020": "event type and role are equal; worth the common subsequence (baseline of LIC2020)",
    "subject": "event type and string of the argument are equal; accuracy over records (CCKS2019)",
}


class Variant(NamedTuple):
    """A way of counting: what compares a record, its name in the signature, and what it counts."""

    rows: Rows
    signature: str
    items: str
    blank: Tally = Tally()


_WITHOUT_TRIGGER = "event, no gold trigger"  # how the rule `event` counts where the gold has no trigger
_VARIANTS = {
    "event": Variant(sets.triggered, "event(type,trigger,role,start,end)", "events"),
    _WITHOUT_TRIGGER: Variant(sets.events, "event(type,role,start,end)", "events"),
    "argument": Variant(sets.arguments, "argument(type,role,start,end)", "arguments"),
    "trigger": Variant(sets.triggers, "trigger(type,start,end)", "triggers"),
    "duee": Variant(texts.duee, "duee(type,role,charF1(text,alias))", "arguments", Tally(0.0)),
    "duee_fin": Variant(texts.duee_fin, "duee_fin(event,type,role,text)", "arguments"),
    "lic2020": Variant(texts.lic2020, "lic2020(type,role,LCS(text))", "arguments", Tally(0.0)),
    "subject": Variant(sets.subjects, "subject(type,text)", "arguments"),
}
_SIDE_BY_SIDE = {None: ("argument", "duee_fin", "subject"), "event": ("event", _WITHOUT_TRIGGER)}


class Counts(CountsBase):
    """Tallies of events, or of their parts, as the rule has it."""

    kind, part, rules = "events", "events", RULES

    def __init__(self, rule: str | None = None):
        super().__init__(rule)
        names = _SIDE_BY_SIDE.get(rule, (rule,))
        self._sheets = {name: _sheet(name) for name in names}
        self._gold = GoldTraits()
        self._without_trigger = [0, 0]  # events without a trigger, of the gold and the predictions

    def score(self) -> Score:
        """The score of what was added so far, by the rule that was named or that its gold asks for."""
        name, remarks = self._choice()
        sheet, variant = self._sheets[name], _VARIANTS[name]
        values = "+value(text)" if any(sheet.values) else ""
        return self._score(sheet, variant.signature + values, items=variant.items, remarks=remarks)

    def _count(self, gold: Record, gold_events: list[Event], pred_events: list[Event]) -> None:
        self._digest(gold.text, sorted(map(_canonical, gold_events)))
        self._gold.see(gold, gold_events)
        self._without_trigger[GOLD] += sum(event.trigger is None for event in gold_events)
        self._without_trigger[PRED] += sum(event.trigger is None for event in pred_events)
        for name, sheet in self._sheets.items():
            enter(_VARIANTS[name].rows(gold_events, pred_events, sheet), gold_events, pred_events, sheet)

    def _choice(self) -> tuple[str, dict[str, int]]:
        """The variant that counts, and what is to be said about it."""
        if self.rule is None:
            return self._gold.rule()
        if self.rule == "event" and not self._gold.triggers:
            return _WITHOUT_TRIGGER, {}
        if self.rule in ("event", "trigger"):
            sides = zip(("gold", "predicted"), self._without_trigger, strict=True)
            return self.rule, {f"{side} events without a trigger, left out": n for side, n in sides if n}
        return self.rule, {}


class GoldTraits:
    """What the gold as a whole is like, as far as the rule depends on it."""

    def __init__(self):
        self.triggers = self.arguments = self.placed = self.grouped = self.located = 0

    def see(self, gold: Record, events: list[Event]) -> None:
        """Take in the events of one record."""
        self.located += LOCATED in gold.extra
        for event in events:
            self.triggers += event.trigger is not None
            self.arguments += len(event.arguments)
            self.placed += sum(argument.start is not None for argument in event.arguments)
            self.grouped += len(event.arguments) > 1

    def rule(self) -> tuple[str, dict[str, int]]:
        """The rule for this gold, with its reason where it is not the usual one."""
        if self.arguments and not self.triggers and not self.grouped:
            return "subject", {"gold events of one argument and no trigger, so the rule is 'subject'": self.arguments}
        if self.located:
            return "duee_fin", {"gold records that give strings, not places, so the rule is 'duee_fin'": self.located}
        if self.arguments and not self.placed:
            return "duee_fin", {"gold arguments, none with a place, so the rule is 'duee_fin'": self.arguments}
        return "argument", {}


def _sheet(name: str) -> Sheet:
    return Sheet((*PARTS, sets.WHOLE) if name == "subject" else PARTS, _VARIANTS[name].blank)


def _canonical(event: Event) -> str:
    """An event for the digest: all that any rule compares, so that the digest is the same for all rules."""
    spans = [(argument.role, argument) for argument in event.arguments]
    spans += [] if event.trigger is None else [("", event.trigger)]
    parts = (json.dumps([role, span.start, span.end, given(span), span.extra.get("alias")]) for role, span in spans)
    return json.dumps([event.type, *sorted(parts)])
