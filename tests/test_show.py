import io
import subprocess
import sys

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from ie_cli.commands import app
from ie_cli.commands._show_record import render
from ie_cli.commands._terminal import style
from ie_cli.records import Argument, Entity, Event, Link, Record, Relation, Span, dumps

HOSPITAL = "张三丰在北京大学人民医院看病，后来去了武当山。"


def record(text: str, *spans, **fields) -> Record:
    """A record of (start, end, type) or (start, end, type, score)."""
    return Record(text, entities=[Entity(s, e, t, text[s:e], score=score[0] if score else None)
                                  for s, e, t, *score in spans], **fields)  # fmt: skip


NESTED = record(
    HOSPITAL, (0, 3, "人物", 0.98), (4, 12, "机构"), (4, 8, "学校"), (4, 6, "地点"), (19, 22, "地点"), id="a-1"
)

CASES = {
    "nested": (
        NESTED,
        60,
        """\
# a-1
张三丰在北京大学人民医院看病，后来去了武当山。
[----] 人物 0.98                      [----] 地点
        [--------------] 机构
        [------] 学校
        [--] 地点
""",
    ),
    "links": (
        Record(
            "比特币和以太坊与某币",
            entities=[
                Entity(0, 3, None, "比特币", score=0.93, link=Link("278410", 0.98)),
                Entity(4, 7, "物品", "以太坊", link=Link("7")),
                Entity(8, 10, None, "某币", link=Link(None, 0.7, "NIL_Other")),
            ],
        ),
        60,
        """\
比特币和以太坊与某币
[----] 0.93 → 278410 0.98
        [----] 物品 → 7
                [--] → NIL_Other 0.70
""",
    ),
    "wrapped": (  # a line ends before the wide character that would cross the edge
        NESTED,
        21,
        """\
# a-1
张三丰在北京大学人民
[----] 人物 0.98
   机构 [-----------
        [------] 学校
        [--] 地点
医院看病，后来去了武
---] 机构    地点 [-
当山。
---] 地点
""",
    ),
    "crossing, and a label that only fits into its bar": (
        record("零一二三四五六七八九", (0, 9, "AA"), (1, 10, "长长长")),
        20,
        """\
零一二三四五六七八九
[AA--------------]
  [长长长----------]
""",
    ),
    "narrow characters": (record("a b", (0, 1, "X"), (2, 3, "Y"), (1, 3, "Z")), 40, "a b\n| X\n [] Z\n  | Y\n"),
    "emoji, joiner, skin tone, flag": (
        record("👨\u200d👩👍🏽🇨🇳文", (0, 3, "家"), (3, 5, "好"), (5, 7, "国"), (7, 8, "文")),
        40,
        "👨👩👍CN文\n[--] 家 [] 文\n    [] 好\n      [] 国\n",
    ),
    "combining marks": (record("e\u0301文", (0, 2, "A"), (2, 3, "B")), 40, "e\u0301文\n| A\n [] B\n"),
    "newline, tab, carriage return": (
        record("一\t二\r\n三四", (0, 3, "A"), (5, 7, "B"), (3, 6, "C")),
        40,
        "一\\t二\\r\\n\n[----] A\n      [--- C\n三四\n-] C\n[--] B\n",
    ),
    "invisible characters": (record("一\u200b\u202e二\ufeff"), 40, "一\\u200b\\u202e二\\ufeff\n(no entities)\n"),
    "a value without a place": (
        Record("文", entities=[Entity(None, None, "价\n", "三\x1b[0m元", score=0.5)]),
        40,
        "文\n= 价\\n 0.50: 三\\x1b[0m元\n",
    ),
    "nobody looked": (Record("文"), 40, "文\n(not annotated)\n"),
    "nothing": (record(""), 40, "\n(no entities)\n"),
    "no type, label wider than the line": (
        record("文字", (0, 1, None), (1, 2, "很长很长很长很长很长很长的名字")),
        1,
        "文字\n[] (no type)\n很长很长很长很长很长\n",
    ),
}


BOOK = "《活着》是余华写的，雾里的人"


def at(text: str, part: str, type: str | None = None) -> Span:
    """The first place of a string."""
    start = text.index(part)
    return Span(start, start + len(part), type, part)


def relation(text: str, subject: str, predicate: str, object_: str, **fields) -> Relation:
    return Relation(predicate, at(text, subject, "作品"), at(text, object_, "人物"), **fields)


def argument(role: str, span: Span, score: float | None = None) -> Argument:
    return Argument(span.start, span.end, None, span.text, role=role, score=score)


AUTHOR = relation(BOOK, "活着", "作者", "余华", slots={"inWork": at(BOOK, "雾", "影视")}, score=0.93)
NO_PLACE, LONG = (Span(None, None, None, text) for text in ("淘汰\n赛", "很长的内容很长的内容"))
MATCH = "昨天中国队夺冠"
WON = Event(
    "竞赛行为-夺冠",
    at(MATCH, "夺冠"),
    [argument("冠军", at(MATCH, "中国队"), 0.9), argument("时间", at(MATCH, "昨天")), argument("赛制", NO_PLACE)],
    score=0.8,
)
ESCAPES = Relation(
    "a\tb",
    Span(None, None, None, "\x1b[0m"),
    Span(0, 1, None, "文"),
    slots={"名\r": Span(None, None, None, "值\u202e"), "短": Span(0, 1, None, "文")},
)

LINKED = {
    "only relations": (
        Record(BOOK, relations=[AUTHOR]),
        60,
        """\
《活着》是余华写的，雾里的人
  [--] 作品         [] 影视
          [--] 人物
活着 -作者-> 余华 0.93  inWork: 雾
""",
    ),
    "only events": (
        Record(MATCH, events=[WON, Event("空", None)]),
        60,
        """\
昨天中国队夺冠
[--] 时间 [--] 竞赛行为-夺冠
    [----] 冠军
竞赛行为-夺冠 0.80  触发词 夺冠 | 冠军 中国队 0.90
    | 时间 昨天 | 赛制 =淘汰\\n赛
空
""",
    ),
    "a bar is not drawn again, neither an entity's nor one of the same type": (
        Record(
            BOOK,
            entities=[Entity(1, 3, "书", "活着", score=0.5), Entity(None, None, "价", "三元")],
            relations=[AUTHOR, relation(BOOK, "活着", "人物", "余华")],
        ),
        60,
        """\
《活着》是余华写的，雾里的人
  [--] 书 0.50      [] 影视
          [--] 人物
= 价: 三元
活着 -作者-> 余华 0.93  inWork: 雾
活着 -人物-> 余华
""",
    ),
    "one place in two roles": (
        Record(MATCH, events=[Event("赛", None, [argument(r, at(MATCH, "中国队")) for r in ("冠军", "选手")])]),
        60,
        "昨天中国队夺冠\n    [----] 冠军\n    [----] 选手\n赛  冠军 中国队 | 选手 中国队\n",
    ),
    "escapes, and names of parts without a type": (
        Record("文", relations=[ESCAPES]),
        60,
        "文\n[] object\n[] 短\n=\\x1b[0m -a\\tb-> 文  名\\r: =值\\u202e | 短: 文\n",
    ),
    "fields that do not fit, and one wider than the line": (
        Record(MATCH, events=[Event("夺冠", None, [argument("时间", at(MATCH, "昨天")), argument("很长的角色", LONG),
                                                  argument("末", NO_PLACE)])]),
        20,
        """\
昨天中国队夺冠
[--] 时间
夺冠  时间 昨天
    | 很长的角色
     =很长的内容很长
    的内容
    | 末 =淘汰\\n赛
""",
    ),
    "a head wider than the line": (
        Record("文", relations=[Relation("很长的谓词", Span(None, None, None, "长的主语"), Span(0, 1, "A", "文"))]),
        20,
        "文\n[] A\n=长的主语 -很长\n    的谓词-> 文\n",
    ),
    "looked for and not found": (
        Record("文", entities=[], relations=[], events=[]), 40, "文\n(no entities)\n(no relations)\n(no events)\n",
    ),
    "only looked for relations": (Record("文", relations=[]), 40, "文\n(no relations)\n"),
    "relations, and no entities": (
        Record(BOOK[:6], entities=[], relations=[relation(BOOK, "活着", "r", "是")]),
        40,
        "《活着》是余\n  [--] 作品\n        [] 人物\n活着 -r-> 是\n(no entities)\n",
    ),
}  # fmt: skip
CASES |= LINKED


@pytest.mark.parametrize(("made", "width", "expected"), CASES.values(), ids=CASES)
def test_plain_output(made, width, expected):
    assert render(made, width).plain == expected


@pytest.mark.parametrize("width", range(20, 60))
def test_no_line_is_wider_than_the_terminal(width):
    made = record(HOSPITAL * 3, *((i, i + 1 + i % 9, f"类型{i % 4}", 0.5) for i in range(50)))
    short, whole = at(HOSPITAL, "北京"), at(HOSPITAL, HOSPITAL)
    made.relations = [Relation("谓词" * n, short, whole, {"s" * n: short}) for n in range(9)]
    several = [argument("角色", at(HOSPITAL, HOSPITAL[:n])) for n in range(1, 20)]
    made.events = [Event("e" * n, None, several) for n in range(1, 30)]
    assert max(map(cell_len, render(made, width).plain.splitlines())) <= width


def test_no_escape_sequence_of_the_data_reaches_the_terminal():
    attack = "\x1b[31m红\x1b]0;title\x07\x9b2J"
    whole, nowhere = Entity(0, len(attack), attack, attack), Entity(None, None, attack, attack)
    links = [Relation(attack, whole, nowhere, {attack: nowhere})]
    found = [Event(attack, whole, [argument(attack, nowhere)])]
    made = Record(attack, attack, [whole, nowhere], links, found)
    assert not {"\x1b", "\x07", "\x9b"} & set(render(made, 40).plain)
    screen = io.StringIO()
    Console(file=screen, color_system=None, force_terminal=True).print(render(made, 40), soft_wrap=True)
    assert not {"\x07", "\x9b"} & set(screen.getvalue())
    assert "\x1b[31m" not in screen.getvalue()


def test_markup_in_the_data_is_text():
    assert render(record("[red]文[/]", (5, 6, "[bold]")), 40).plain == "[red]文[/]\n     [] [bold]\n"


def test_the_innermost_span_gives_its_colour():
    made = record("北京大学", (0, 4, "机构"), (0, 2, "地点"))
    line = render(made, 40).split("\n")[0]
    last = {range(span.start, span.end): str(span.style) for span in line.spans}
    assert list(last.values()) == [f"bold {style(e.type)}" for e in made.entities]


def test_values_have_the_colour_of_their_bars_and_what_is_between_them_has_none():
    line = render(Record(MATCH, events=[WON]), 60).split("\n")[3]
    coloured = {line.plain[span.start : span.end]: str(span.style) for span in line.spans}
    names = {"竞赛行为-夺冠 0.80": "竞赛行为-夺冠", "夺冠": "竞赛行为-夺冠", "中国队": "冠军"}
    assert coloured == {shown: f"{'' if ' ' in shown else 'bold '}{style(name)}" for shown, name in names.items()}
    assert not line.style


def test_colours_do_not_change_between_runs():
    assert [style(name) for name in ("人物", "地点", None)] == ["color(94)", "color(68)", "color(1)"]


# --- The command ---------------------------------------------------------------------------------


def show(*args, **kwargs):
    return CliRunner().invoke(app, ["show", *args], **kwargs)


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "60")


LINES = "".join(f"{dumps(record(text, (0, 1, '姓')))}\n" for text in ("张三", "李四", "王五"))


def test_records_from_stdin_and_from_files(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(LINES, "utf-8")
    expected = "张三\n[] 姓\n\n李四\n[] 姓\n\n王五\n[] 姓\n\n"
    assert show(input=LINES).stdout == show(str(path)).stdout == expected
    assert show(str(path), "-", input=LINES).stdout == expected * 2


def test_limit_counts_over_all_files(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(LINES, "utf-8")
    assert show(str(path), str(path), "--limit", "4").stdout.count("姓") == 4
    assert show(str(path), "--limit", "0").stdout == ""


def test_unreadable_lines_are_named_and_passed_over():
    result = show(input="{broken\n" + LINES)
    assert result.exit_code == 3
    assert result.stdout.count("姓") == 3
    assert "skipped: -:1: not JSON" in result.stderr


def test_stated_errors_and_wrong_usage():
    assert show("nowhere.jsonl").exit_code == 1
    assert show("--limit", "-1", input=LINES).exit_code == 2


def test_colour_can_be_forced_and_refused(monkeypatch):
    assert "\x1b[" not in show(input=LINES).stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in show(input=LINES).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in show(input=LINES).stdout


def test_each_record_is_shown_while_stdin_is_open_and_a_closed_pipe_ends_quietly():
    command = [sys.executable, "-m", "ie_cli", "show"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdin.write(LINES.encode())
        running.stdin.flush()
        assert running.stdout.readline().decode() == "张三\n"
        running.stdout.close()
        try:
            running.stdin.write(LINES.encode() * 1000)
            running.stdin.close()
        except BrokenPipeError:
            pass
        assert running.stderr.read() == b""
