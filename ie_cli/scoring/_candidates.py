"""What predicted links were chosen from: accuracy by the number of candidates, and their recall.

    {"start": 0, "end": 2, "text": "苹果", "link": {"kb_id": "10001"},
     "candidates": [{"kb_id": "10001", "score": 0.9}, {"kb_id": "10002", "score": 0.1}]}

NIL, which is a candidate of every mention, is not counted among them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping

from ie_cli.records import CANDIDATES, Entity, place_or_text
from ie_cli.scoring._score import Tally

FIRST = (1, 2, 5, 10)  # of recall@k
MANY = "2+ candidates"  # the mentions that are ambiguous
SIZES = {"0 candidates": 0, "1 candidate": 1, "2-4 candidates": 4, "5-9 candidates": 9}  # name -> at most
MOST = "10+ candidates"


class CandidateTallies:
    """Tallies of links by what they were chosen from; empty where no prediction says so."""

    def __init__(self):
        self._any = False
        names = [*SIZES, MOST, MANY, *(f"recall@{k}" for k in FIRST), "recall@all"]
        self._tallies = {name: Tally() for name in names}

    def add(
        self, wanted: Mapping[Hashable, Entity], answers: Mapping[Hashable, Entity], pred_items: list[Entity]
    ) -> None:
        """Count the links of one record.

        Args:
            wanted: the gold by what is compared.
            answers: the predictions on gold mentions likewise.
            pred_items: all predicted entities.
        """
        ids = {
            place_or_text(entity): _ids(entity)
            for entity in pred_items
            if isinstance(entity.extra.get(CANDIDATES), list)
        }
        self._any |= bool(ids)
        for entity in wanted.values():
            some = ids.get(place_or_text(entity))
            for tally in self._sized(some):
                tally.add_gold()
            if entity.link.kb_id is not None:
                self._recall(entity.link.kb_id, some)
        for key, entity in answers.items():
            for tally in self._sized(ids.get(place_or_text(entity))):
                tally.add_pred(key in wanted)

    def parts(self) -> dict[str, Tally]:
        """The tallies that have anything."""
        return {name: tally for name, tally in self._tallies.items() if self._any and (tally.n_gold or tally.n_pred)}

    def _recall(self, kb_id: str, ids: list[str] | None) -> None:
        for k in (*FIRST, None):
            tally = self._tallies[f"recall@{k or 'all'}"]
            tally.add_gold()
            if ids is not None:
                tally.add_pred(kb_id in ids[:k])

    def _sized(self, ids: list[str] | None) -> Iterator[Tally]:
        """The tallies for a number of candidates; none where it is not known."""
        if ids is None:
            return
        yield self._tallies[next((name for name, most in SIZES.items() if len(ids) <= most), MOST)]
        if len(ids) > 1:
            yield self._tallies[MANY]


def _ids(entity: Entity) -> list[str]:
    """The candidates' ids, the likeliest first: by score where all have one, else as they stand."""
    some = [item for item in entity.extra[CANDIDATES] if isinstance(item, dict) and isinstance(item.get("kb_id"), str)]
    if all(isinstance(item.get("score"), (int, float)) for item in some):
        some.sort(key=lambda item: -item["score"])
    return [item["kb_id"] for item in some]
