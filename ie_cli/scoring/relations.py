"""Relations: triples (predicate, subject, object) with their further slots, a set per record.

In every rule the predicate has to be the same, and so have the names of the slots and the span of
each: of an object in several parts (DuIE 2.0) the whole counts. Types are not compared.

strict    Start and end are equal. A span without offsets matches one of the same text without offsets.
text      The rule of the articles (kexue.fm/archives/8888, bert4keras): BERT's token strings are equal,
          so case, accents and white space do not count. 《》 does, and so does a character that no
          vocabulary has: it equals itself only.
official  Baidu's scorer of LIC2019: equal in lower case and without one pair of 《》 around the whole.
          With an alias dictionary a prediction also equals the gold that the aliases of its spans reach,
          for precision and for recall; an alias is one way. Synonyms among the predictions count once; precision is
          taken over the predictions and recall over the gold, apart. Baidu's scorer keys its data
          by text, so that of repeated texts only the last counts: here all do, and they are reported.

`text` and `official` compare the data set's own strings (`locate.given`). A rule of None is `text`
if any gold record has strings for which `ie convert` found the places (the key `located`) or a span
without offsets, and `strict` otherwise. Both are tallied until that is known, so that the order of
the records does not matter.

`parts` of a score are the classes of overlap (`_triples.overlap_classes`). A wrong prediction is classed
among the predictions, a right one with the gold triple that it equals, so that they add up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable

from ie_cli.locate import LOCATED, given
from ie_cli.records import Record, Relation, Span, place_or_text
from ie_cli.scoring._aliases import Aliases
from ie_cli.scoring._counts import GOLD, PRED, CountsBase, Sheet
from ie_cli.scoring._score import Score, Tally
from ie_cli.scoring._strings import plain, tokens
from ie_cli.scoring._triples import PARTS, is_reached, match, overlap_classes, triple, without_synonyms

RULES = {
    "strict": "start and end of subject, object and slots are equal",
    "text": "strings are equal as BERT's tokens: case, accents and white space do not count (bert4keras)",
    "official": "strings are equal in lower case and without 《》 around them (Baidu's LIC2019 scorer)",
}
SIGNATURES = {"strict": "strict(start,end)", "text": "text(tokens)", "official": "official(LIC2019)"}


class Counts(CountsBase):
    """Tallies of relations.

    Args:
        aliases: for the rule `official` only; `_aliases.read` reads a file of them.
    """

    kind, part, rules, aliased = "relations", "relations", RULES, frozenset({"official"})

    def __init__(self, rule: str | None = None, *, aliases: Aliases | None = None):
        super().__init__(rule)
        self.aliases = aliases
        blank = Tally() if aliases is None else Tally(found=0)
        self._sheets = {name: Sheet(PARTS, blank) for name in ([rule] if rule else ["strict", "text"])}
        self._of_strings = self._repeated = 0
        self._texts: set[bytes] = set()  # 8 bytes a text, for the one rule that asks

    def score(self) -> Score:
        """The score of what was added so far, by the rule that was named or that this gold asks for."""
        rule = self.rule or ("text" if self._of_strings else "strict")
        signature = SIGNATURES[rule] + ("+value(text)" if any(self._sheets[rule].values) else "")
        if self.aliases is not None:
            signature += f"+alias:{self.aliases.digest}"
        remarks = {
            "gold records of strings, not annotated places, so the rule is 'text'": self._of_strings,
            "gold records that repeat an earlier text (Baidu's scorer keeps one of them)": self._repeated,
        }
        return self._score(self._sheets[rule], signature, remarks={what: n for what, n in remarks.items() if n})

    def _count(self, gold: Record, gold_items: list[Relation], pred_items: list[Relation]) -> None:
        self._digest(gold.text, sorted({_canonical(relation) for relation in gold_items}))
        if self.rule is None and _has_strings(gold, gold_items):
            self._of_strings += 1
            self._sheets.pop("strict", None)
        if self.rule == "official":
            self._note_text(gold.text)
        for rule, sheet in self._sheets.items():
            self._compare(rule, sheet, gold_items, pred_items)

    def _compare(self, rule: str, sheet: Sheet, gold_items: list[Relation], pred_items: list[Relation]) -> None:
        key = KEYS[rule]
        gold = overlap_classes(triple(relation, key) for relation in gold_items)
        every = overlap_classes(triple(relation, key) for relation in pred_items)
        pred = every if self.aliases is None else overlap_classes(without_synonyms(every, self.aliases))
        for item, part in pred.items():
            other = match(item, gold, self.aliases)
            sheet.add_pred(item.predicate, part if other is None else gold[other], other is not None)
        for item, part in gold.items():
            sheet.add_gold(item.predicate, part, is_reached(item, every, self.aliases))
        for side, relations, items in ((GOLD, gold_items, gold), (PRED, pred_items, pred)):
            sheet.repeats[side] += len(relations) - len(items)
            if rule == "strict":
                sheet.values[side] += sum(map(_unplaced, relations))

    def _note_text(self, text: str) -> None:
        key = hashlib.blake2b(text.encode(), digest_size=8).digest()
        self._repeated += key in self._texts
        self._texts.add(key)


# What makes two spans equal.
KEYS: dict[str, Callable[[Span], Hashable]] = {
    "strict": place_or_text,
    "text": lambda span: tokens(given(span)),
    "official": lambda span: plain(given(span)),
}


def _canonical(relation: Relation) -> str:
    """A relation for the digest: all that any rule compares, so that the digest is the same under all."""
    return json.dumps(triple(relation, lambda span: (span.start, span.end, given(span))))


def _has_strings(gold: Record, relations: list[Relation]) -> bool:
    return LOCATED in gold.extra or any(map(_unplaced, relations))


def _unplaced(relation: Relation) -> bool:
    return any(span.start is None for span in (relation.subject, relation.object, *relation.slots.values()))
