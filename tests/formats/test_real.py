"""The real files, where they are at hand: counts as their README states them, and every span its slice."""

from pathlib import Path

import pytest

from ie_cli import records, registry
from ie_cli.errors import Report

NER = Path(__file__).parents[3] / "shared" / "data" / "ner"
if not NER.is_dir():
    pytest.skip("no real data beside the repository", allow_module_level=True)

# format, file, records, entities, what was reported (kind, cause) -> count
ORPHAN = ("mended", "continuation that nothing opened")
UNCLOSED = ("mended", "span without its end tag")
HALVES = ("mended", "two halves of a surrogate pair on two lines, joined")
FILES = [
    ("cluener", "cluener/train.json", 10748, 23971, {}),
    ("cluener", "cluener/dev.json", 1343, 3072, {}),
    ("conll", "resume/train.char.bmes", 3821, 13440, {ORPHAN: 2, UNCLOSED: 2}),
    ("conll", "resume/dev.char.bmes", 463, 1497, {}),
    ("conll", "resume/test.char.bmes", 477, 1630, {}),
    ("conll", "weibo/weiboNER.conll.train", 1350, 1391, {ORPHAN: 21, HALVES: 6}),
    ("conll", "weibo/weiboNER.conll.dev", 270, 305, {ORPHAN: 4, HALVES: 8}),
    ("conll", "weibo/weiboNER.conll.test", 270, 320, {ORPHAN: 10, HALVES: 8}),
    ("conll", "weibo/weiboNER_2nd_conll.train", 1350, 1895, {ORPHAN: 10}),
    ("conll", "weibo/weiboNER_2nd_conll.dev", 270, 389, {}),
    ("conll", "weibo/weiboNER_2nd_conll.test", 270, 418, {ORPHAN: 4}),
    ("cmeee", "cmeee/CMeEE_dev_first2500.json", 2500, 10089, {}),
    ("cmeee", "cmeee/chip2020_train_data.txt", 15000, 61794, {("lost", "end before start"): 2}),
    ("ccks_clinical", "ccks2019_clinical/subtask1_training_part1.txt", 400, 7342, {}),
]


@pytest.mark.parametrize(("name", "file", "texts", "entities", "reported"), FILES)
def test_counts_and_spans(name, file, texts, entities, reported):
    report, seen, found = Report(), 0, 0
    ids = set()
    for record in registry.load("ie_cli.formats", name).read(str(NER / file), report):
        records.check(record)
        seen, found = seen + 1, found + len(record.entities)
        ids.add(record.id)
    assert (seen, found, len(ids)) == (texts, entities, texts)
    assert dict(report.reasons) == reported


PLACES = [
    ("conll", "resume/train.char.bmes", 62392, "M-ORG"),
    ("conll", "weibo/weiboNER.conll.train", 5873, "surrogate"),
    ("conll", "weibo/weiboNER_2nd_conll.train", 1266, "I-PER.NOM"),
    ("cmeee", "cmeee/chip2020_train_data.txt", 6052, "ends before it begins"),
    ("cmeee", "cmeee/chip2020_train_data.txt", 6422, "ends before it begins"),
]


@pytest.mark.parametrize(("name", "file", "line", "reason"), PLACES)
def test_known_defects_are_reported_with_their_line(name, file, line, reason):
    problems = []
    for _ in registry.load("ie_cli.formats", name).read(str(NER / file), Report(problems.append)):
        pass
    assert [p for p in problems if p.line == line and reason in p.reason]


def test_an_emoji_in_two_halves_is_one_character():
    reader = registry.load("ie_cli.formats", "conll")
    texts = [record.text for record in reader.read(str(NER / "weibo/weiboNER.conll.train"), Report())]
    assert any("💋" in text for text in texts)


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_the_word_positions_of_weibo_v2_are_not_in_the_texts(part):
    plain, segmented = (
        [record.text for record in registry.load("ie_cli.formats", "conll").read(str(NER / file), Report())]
        for file in (f"weibo/weiboNER.conll.{part}", f"weibo/weiboNER_2nd_conll.{part}")
    )
    digits = [sum(c.isdigit() for text in texts for c in text) for texts in (plain, segmented)]
    assert digits[1] < 1.1 * digits[0]


def test_msra_is_streamed():
    """The first of 50,658 sentences comes before the file has been read; counting all takes too long here."""
    report = Report()
    found = registry.load("ie_cli.formats", "conll").read(str(NER / "msra/train.txt"), report)
    assert next(found).text.startswith("当希望工程救助的百万儿童")
    assert report.counts == {}
