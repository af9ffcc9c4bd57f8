"""The library gives what the command gives."""

import pytest
from typer.testing import CliRunner

import ie_cli
from ie_cli.commands import app
from ie_cli.errors import IEError
from ie_cli.records import Entity, Record, dumps

TEXTS = ["浙商银行企业信贷部叶老桂博士", "", "他在 A\u3000b 上海😀大学"]


@pytest.mark.parametrize("threshold", [None, 0.1])
def test_the_same_results_as_on_the_command_line(threshold):
    args = [] if threshold is None else ["--threshold", str(threshold)]
    told = CliRunner().invoke(app, ["predict", "--text", *args], input="\n".join(TEXTS) + "\n").stdout
    extract = ie_cli.load(threshold=threshold)
    assert [dumps(record) for record in extract.predict(TEXTS)] == told.splitlines()
    assert dumps(extract(TEXTS[0])) == told.splitlines()[0]
    assert extract.task == "ner_pointer" and "company" in extract.labels


def test_texts_may_be_records_or_what_stands_in_a_line():
    data = {"id": 3, "text": TEXTS[0], "source": "x"}
    one, other = ie_cli.load().predict([Record(TEXTS[0], id=3, extra={"source": "x"}), data])
    assert one == other and one.id == 3 and one.extra == {"source": "x"} and one.entities
    with pytest.raises(ValueError, match="'text' is missing"):
        list(ie_cli.load().predict([{"id": 1}]))


@pytest.mark.parametrize("wrong", ["\ud800", Record("上海", entities=[Entity(0, 1, "name", "海")])])
def test_what_the_command_rejects_is_an_error(wrong):
    with pytest.raises(ValueError, match=r"half a surrogate pair|text\[0:1\] is '上', not '海'"):
        ie_cli.load()(wrong)


@pytest.mark.parametrize("wrong", [TEXTS[0], Record(TEXTS[0]), {"text": TEXTS[0]}])
def test_one_text_is_not_several(wrong):
    with pytest.raises(TypeError, match="put the one in a list"):
        ie_cli.load().predict(wrong)


@pytest.mark.parametrize("wrong", [None, 3, b"a"])
def test_what_is_no_text(wrong):
    with pytest.raises(TypeError, match="a text is a string"):
        ie_cli.load()(wrong)


@pytest.mark.parametrize("threshold", [0, 1, 7, float("nan")])
def test_a_threshold_out_of_range(threshold):
    with pytest.raises(IEError, match="lies between 0 and 1"):
        ie_cli.load(threshold=threshold)


def test_it_reads_no_further_than_it_must():
    def texts():
        for i in range(10_000):
            taken.append(i)
            yield "上海"

    taken: list[int] = []
    next(ie_cli.load().predict(texts()))
    assert len(taken) < 1000


def test_no_such_model():
    with pytest.raises(IEError, match="no model 'nowhere'"):
        ie_cli.load("nowhere")


def test_the_example_of_the_package_is_true():
    example = ie_cli.__doc__.split(">>> ")[2]
    code, wanted = example.strip().split("\n")
    assert repr(eval(code, {"ie_cli": ie_cli})) == wanted.strip()
