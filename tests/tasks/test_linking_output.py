"""Links from probabilities."""

from ie_cli.records import Link
from ie_cli.tasks._linking_inputs import Candidate
from ie_cli.tasks._linking_output import answer


def candidates(*names):
    return [Candidate(name, []) for name in names]


def test_the_likeliest_is_chosen_beyond_the_digits_that_are_shown():
    assert answer([0.49996, 0.50004], candidates("A"), None, 5) == (Link("A", 0.5), [{"kb_id": "A", "score": 0.5}])
    link, told = answer([0.1, 0.44997, 0.45003], candidates("A", "B"), "x", 5)
    assert (link, [entry["kb_id"] for entry in told]) == (Link("B", 0.45), ["B", "A"])


def test_nil_wins_a_tie_and_padding_is_no_candidate():
    assert answer([0.5, 0.5], candidates("A"), "人物", 5).link == Link(None, 0.5, "人物")
    assert answer([0.3, 0.2, 0.5], candidates("A"), None, 0) == (Link(None, 0.3), [])
