"""The page: nothing from outside, nothing unescaped, every text whole."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ie_cli.analysis.bootstrap import Resampling, intervals
from ie_cli.analysis.error_analysis import Errors, analysis_for, empty_analyses
from ie_cli.records import Argument, Entity, Event, Link, Record, Relation, Span
from ie_cli.report import curve, page
from ie_cli.scoring import counts_for

VOID = {"meta"}
EVIL = "<script>alert(1)</script>&amp;\"'{{ 7*7 }}张三"


class Elements(HTMLParser):
    """Checks that elements nest, and collects the texts of articles (without labels) and all start tags."""

    def __init__(self, html: str):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "p" and "article" in self.open:
            self.texts.append("")

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "article" in self.open and "p" in self.open and "small" not in self.open:
            self.texts[-1] += data


def entity(text, start, end, type_, **more) -> Entity:
    return Entity(start, end, type_, text[start:end], **more)


def page_of(scorer: str, some, *, training=None, **names) -> tuple[str, Errors]:
    found, counted = empty_analyses(scorer, None, keep=8), counts_for(scorer)
    for gold, pred in some:
        counted.add(gold, pred)
        for one in found:
            one.add(gold, pred)
    score = counted.score()
    errors = analysis_for(score, found)
    limits = intervals(score, Resampling(100))
    html = page.render(score, score.signature, limits, errors, names=names, notes=["a < b"], curve=training)
    return html, errors


def evil(*entities) -> Record:
    return Record(EVIL, "<b>1</b>", [entity(EVIL, *item) for item in entities])


@pytest.fixture(scope="module")
def html() -> str:
    some = [(evil((0, 8, "<i>"), (2, 5, 'x" onclick="y')), evil((4, 12, "<i>"), (0, 8, "b&c")))]
    return page_of("ner", some, gold="<dev>.jsonl")[0]


def test_everything_is_escaped(html):
    elements = Elements(html)
    tags = {tag for tag, _ in elements.tags}
    assert not tags & {"script", "b1", "dev", "i"}
    assert not [attrs for _, attrs in elements.tags if any(name.startswith("on") for name in attrs)]
    assert "{{ 7*7 }}" in html and "49" not in re.sub(r"<style>.*</style>", "", html, flags=re.S)
    assert elements.texts == [EVIL, EVIL]


def test_nothing_comes_from_outside(html):
    for tag, attrs in Elements(html).tags:
        assert tag not in {"script", "link", "img", "iframe", "object"}
        assert not attrs.keys() & {"src", "href", "data", "srcset"}
    assert not re.search(r"url\(|@import|https?://", html)
    assert "default-src 'none'" in html and "prefers-color-scheme: dark" in html


def test_the_figures_are_there(html):
    cells = re.sub(r"<[^>]+>", " ", html)
    assert "micro F1 0.0000" in cells and "a &lt; b" in html
    assert re.search(r"wrong both\s+1", cells)


def linked(start, kb_id) -> Record:
    return Record("零一二三四五", "1", [entity("零一二三四五", start, start + 2, None, link=Link(kb_id))])


def related(predicate) -> Record:
    text = "鲁迅写了呐喊"
    return Record(text, relations=[Relation(predicate, Span(0, 2, None, "鲁迅"), Span(4, 6, None, "呐喊"))])


def happened(role) -> Record:
    text = "甲收购乙"
    return Record(text, events=[Event("收购", None, [Argument(0, 1, None, "甲", role=role)])])


@pytest.mark.parametrize(
    ("scorer", "gold", "pred", "label"),
    [
        ("links", linked(0, "a<"), linked(0, None), "a&lt;"),
        ("relations", related("作者"), related("导演"), "作者·S"),
        ("events", happened("买方"), happened("卖方"), "买方"),
    ],
)
def test_every_kind_has_a_page(scorer, gold, pred, label):
    made, _ = page_of(scorer, [(gold, pred)])
    assert Elements(made).texts == [gold.text] * 2
    assert f"✗ {label}</small>" in made


def test_the_confusion_picture_has_every_item_of_its_types():
    texts = [("零一二", "A"), ("零一", "B"), ("零", "C")]
    some = [
        (Record(text, None, [entity(text, 0, 1, type_)]), Record(text, None, [entity(text, 0, 1, "A")]))
        for text, type_ in texts
    ]
    some.append((Record("甲", None, []), Record("甲", None, [entity("甲", 0, 1, "B")])))
    some.append((Record("乙", None, [entity("乙", 0, 1, "C")]), None))
    _, errors = page_of("ner", some)
    assert page.confusion(errors) == (
        ["A", "B", "C", None],
        [[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 1], [0, 1, 0, 0]],
        0,
    )


def test_of_many_types_only_the_common_ones_are_shown():
    text = "零一二三四五六七八九" * 3
    gold = Record(text, None, [entity(text, i, i + 1, f"T{i:02}") for i in range(25)])
    picture = page.confusion(page_of("ner", [(gold, gold)])[1])
    assert len(picture.types) == page.MOST_TYPES + 1 and picture.left_out == 5


def test_types_have_colours_of_their_own():
    text = "零一二三"
    gold = Record(text, None, [entity(text, i, i + 1, "甲乙丙丁"[i]) for i in range(4)])
    assert sorted(page.hues(page_of("ner", [(gold, gold)])[1]).values()) == [0, 90, 180, 270]


def test_a_run_has_its_curve(tmp_path, monkeypatch):
    figures = [(1, 0), (2, 0.5), (3, 0.25)]
    rows = [json.dumps({"epoch": i, "loss": 8 / i, "dev": {"micro": {"f1": f1}}}) for i, f1 in figures]
    (tmp_path / "metrics.jsonl").write_text("\n".join([*rows, '{"epoch": 4']), "utf-8")
    found = curve.find(tmp_path / "best")
    (tmp_path / "best").mkdir()
    monkeypatch.chdir(tmp_path / "best")
    assert found == curve.find(tmp_path) == curve.find(Path())
    assert found.f1 == "40.0,200.0 320.0,120.0 600.0,160.0"
    assert found.loss == "40.0,40.0 320.0,120.0 600.0,146.7"
    assert found.best.number == 2
    html, _ = page_of("ner", [(evil(), evil((0, 2, "A")))], training=found)
    assert f'points="{found.f1}"' in html and "best dev F1 0.5000 in epoch 2" in html
    Elements(html)


def test_without_a_run_there_is_no_curve(tmp_path):
    assert curve.find(None) is None
    assert curve.find(tmp_path) is None
    assert curve.draw([curve.Epoch(1, 1.0, 0.5)]) is None
