"""Prediction in 16 bits: near that in 32, chosen by what the machine can, and noticed wherever it matters."""

from dataclasses import dataclass
from typing import NamedTuple

import pytest
import torch
from typer.testing import CliRunner

import ie_cli
from ie_cli import kb
from ie_cli.commands import app
from ie_cli.errors import IEError
from ie_cli.nn import device, precision
from ie_cli.nn.precision import choose, widened
from ie_cli.pipeline import work
from ie_cli.predicting import configure, predict
from ie_cli.records import Argument, Entity, Event, Link, Record, Relation, Span, dumps
from ie_cli.registry import load, names
from ie_cli.zoo import encoders, exported, folder
from ie_cli.zoo.encoders import EncoderSettings

CPU = torch.device("cpu")
NEAR = 0.03  # of a probability in bfloat16; the greatest difference measured is 0.0164, of relation_gplinker
TINY = {"characters": 8, "bigrams": 4, "words": 2, "hidden": 8, "layers": 1}
TEXTS = ["张三认识李四", "昨天王五在北京见到赵六。", "李四王五", "", "很久以前赵六和张三住在一起"]
PARTS = ["ner_pointer", "relation_gplinker", "event_gplinker"]


def annotated(text, one, other):
    """A text with two people, as entities with links, as a relation and as an event."""
    a, b = (Span(at, at + 2, "人物", text[at : at + 2]) for at in (one, other))
    return Record(
        text,
        entities=[Entity(s.start, s.end, s.type, s.text, link=Link(None)) for s in (a, b)],
        relations=[Relation("认识", a, b)],
        events=[Event("会面", a, [Argument(other, other + 2, None, b.text, role="对象")])],
    )


GIVEN = [  # mentions of which some have candidates, one has two
    Record(text, entities=[Entity(0, 2, None, text[:2])] if text else []) for text in TEXTS
]
RECORDS = [annotated(TEXTS[0], 0, 4), annotated(TEXTS[1], 2, 9), annotated(TEXTS[2], 0, 2)]


@pytest.fixture(scope="module")
def bert(pretrained):
    return EncoderSettings(str(pretrained("Bert")))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    place = tmp_path_factory.mktemp("kb") / "base"
    entries = [
        kb.Entry("1", "张三", about="认识李四的人"),
        kb.Entry("2", "张三", about="住在一起"),
        kb.Entry("3", "王五"),
    ]
    kb.build((kb.SourcedEntry("kb", i, entry) for i, entry in enumerate(entries)), place)
    return str(place)


OPTIONS = {
    "multi": {"settings": {part: {} for part in PARTS}},
    "relation_casrel": {"start_threshold": 0.1, "end_threshold": 0.1},
}


def made(task, encoder, base):
    """An untrained model that finds something, with scores of all heights."""
    module = load("ie_cli.tasks", task)
    options = OPTIONS.get(task, {}) | ({"kb": base} if hasattr(module.Settings, "kb") else {})
    torch.manual_seed(0)
    built = encoders.create(encoder, lambda: TEXTS)
    model = folder.build(task, built, module.Labels.of(RECORDS), module.Settings(**options))
    for name, weights in model.named_parameters():
        if not name.startswith("encoder."):
            torch.nn.init.normal_(weights, std=0.3)
    return model.eval().requires_grad_(False)


def finds(record):
    """What was found with its score, by what it says."""
    found = {("entity", e.start, e.end, e.type): e.score for e in record.entities or ()}
    found |= {("link", e.start, e.end, e.link.kb_id): e.link.score for e in record.entities or () if e.link}
    for r in record.relations or ():
        found["relation", r.predicate, r.subject.start, r.subject.end, r.object.start, r.object.end] = r.score
    for e in record.events or ():
        found["event", e.type, str(e.trigger), tuple(sorted((a.role, a.start, a.end) for a in e.arguments))] = e.score
    return {what: score for what, score in found.items() if score is not None}  # None: it was given


def in_precision(model, name):
    configure(model, precision=name)
    return found_by(model)


def found_by(model):
    return [finds(record) for record in predict(model, GIVEN if model.kind == "links" else map(Record, TEXTS))]


# --- Every task ----------------------------------------------------------------------------------


@pytest.mark.parametrize("task", names("ie_cli.tasks"))
def test_every_task_finds_in_16_bits_nearly_what_it_finds_in_32(task, bert, base):
    wide, narrow = (in_precision(made(task, bert, base), name) for name in ("float32", "bfloat16"))
    both = [(one[key], other[key]) for one, other in zip(wide, narrow, strict=True) for key in one.keys() & other]
    assert len(both) >= 0.9 * max(sum(map(len, wide)), sum(map(len, narrow))) > 0
    assert 0 < max(abs(a - b) for a, b in both) < NEAR


@pytest.mark.parametrize("task", sorted(set(names("ie_cli.tasks"))))
def test_16_bits_of_a_gpu_overflow_nowhere(task, bert, base):
    model = made(task, bert, base)
    wide = in_precision(made(task, bert, base), "float32")
    model.precision = torch.float16  # which `configure` keeps from a processor
    narrow = found_by(model)
    assert [one.keys() for one in narrow] == [one.keys() for one in wide]


def test_weights_and_decoding_stay_in_32_bits(bert, monkeypatch):
    model, seen = made("ner_pointer", bert, None), {}
    model.encoder.register_forward_hook(lambda *call: seen.update(cast=torch.is_autocast_enabled("cpu")))
    model.head.register_forward_hook(lambda *call: seen.update(head=call[2].pair.dtype))
    whole = model.decode
    monkeypatch.setattr(
        model, "decode", lambda scores, mask: seen.update(decoded=scores.pair.dtype) or whole(scores, mask)
    )
    in_precision(model, "float32")
    assert seen == {"cast": False, "head": torch.float32, "decoded": torch.float32}
    in_precision(model, "bfloat16")
    assert seen == {"cast": True, "head": torch.bfloat16, "decoded": torch.float32}
    assert {weights.dtype for weights in model.parameters()} == {torch.float32}


def test_a_model_that_was_never_configured_is_in_32_bits(bert):
    one, other = (made("ner_pointer", bert, None) for _ in range(2))
    configure(other)
    assert list(predict(one, map(Record, TEXTS))) == list(predict(other, map(Record, TEXTS)))


class Pair(NamedTuple):
    left: torch.Tensor
    right: tuple


@dataclass(frozen=True)
class Whole:
    pair: Pair
    parts: dict


def test_outputs_are_widened_wherever_they_are():
    half, whole, flags = torch.ones(2).half(), torch.ones(2).double(), torch.ones(2).bool()
    found = widened(Whole(Pair(half, (whole, half)), {"a": half.bfloat16(), "b": Pair(flags, ())}))
    assert isinstance(found, Whole) and isinstance(found.pair, Pair) and isinstance(found.parts["b"], Pair)
    assert found.pair.left.dtype == found.pair.right[1].dtype == found.parts["a"].dtype == torch.float32
    assert found.pair.right[0] is whole and found.parts["b"].left is flags


# --- What the machine can ------------------------------------------------------------------------


@pytest.mark.parametrize("name", device.BFLOAT16)
def test_one_of_the_two_instruction_sets_is_enough(name, monkeypatch):
    for each in device.BFLOAT16:
        monkeypatch.setattr(torch.cpu, each, lambda: False)
    assert not device.computes_bfloat16(CPU)
    monkeypatch.setattr(torch.cpu, name, lambda: True)
    assert device.computes_bfloat16(CPU)


def test_a_gpu_is_asked_whether_it_emulates(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: including_emulation)
    assert not device.computes_bfloat16(torch.device("cuda"))


@pytest.fixture(params=[True, False])
def able(request, monkeypatch):
    """A machine with instructions for bfloat16, and one without."""
    for module in (device, precision):
        monkeypatch.setattr(module, "computes_bfloat16", lambda where: request.param)
    return request.param


def test_auto_is_bfloat16_where_it_is_fast(able):
    assert choose("auto", CPU) == (torch.bfloat16 if able else torch.float32)
    assert choose("auto", CPU, fixed=True) == choose("float32", CPU, fixed=True) == torch.float32
    assert choose("bfloat16", CPU) == torch.bfloat16  # it was asked for
    assert choose("float16", torch.device("cuda")) == torch.float16


@pytest.mark.parametrize(
    ("name", "fixed", "reason"),
    [("float16", False, "needs a GPU"), ("float16", True, "exported"), ("bfloat16", True, "exported"),
     ("bf16", False, "Did you mean 'bfloat16'")],
)  # fmt: skip
def test_what_cannot_be_is_stated(name, fixed, reason):
    with pytest.raises(IEError, match=reason):
        choose(name, CPU, fixed=fixed)


# --- On the command line -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    place = tmp_path_factory.mktemp("models") / "tiny"
    folder.save(made("ner_pointer", EncoderSettings("char-bilstm", options=TINY), None), place)
    return str(place)


def run(model, *args):
    texts = "".join(f"{text}\n" for text in TEXTS * 20)
    return CliRunner().invoke(app, ["predict", "-m", model, "--text", *map(str, args)], input=texts)


def test_the_default_is_float32_and_auto_what_the_machine_can(model, able):
    plain, wide, narrow, auto = (run(model, *("--precision", name) * bool(name)) for name in
                                 ("", "float32", "bfloat16", "auto"))  # fmt: skip
    assert plain.stdout == wide.stdout != narrow.stdout
    assert auto.stdout == (narrow if able else wide).stdout
    assert plain.stderr == wide.stderr == auto.stderr == ""
    assert narrow.stderr == (
        "" if able else "note: this cpu has no instructions for bfloat16: slower than float32 here\n"
    )


def test_the_library_gives_the_same(model):
    told = run(model, "--precision", "bfloat16").stdout.splitlines()
    found = ie_cli.load(model, precision="bfloat16").predict(TEXTS * 20)
    assert [dumps(record) for record in found] == told
    with pytest.raises(IEError, match="float16 needs a GPU"):
        ie_cli.load(model, precision="float16")


def test_each_worker_gets_it_and_profile_tells_its_stages(model):
    one, two = (run(model, "--precision", "bfloat16", "--profile", "--workers", n) for n in (1, 2))
    assert one.stdout == two.stdout != run(model).stdout
    slow = not device.computes_bfloat16(CPU)
    assert two.stderr.count("note: this cpu has no instructions") == slow and "profile: encoder" in two.stderr


@pytest.mark.parametrize(
    ("name", "code", "reason"), [("float16", 1, "needs a GPU"), ("half", 2, "unknown precision 'half'")]
)
def test_mistakes_end_in_one_line(model, tmp_path, name, code, reason):
    result = run(model, "--precision", name, "-o", tmp_path / "out", "--workers", 2)
    assert result.exit_code == code and reason in result.stderr and result.stderr.count("\n") == 1
    assert result.stdout == "" and not list(tmp_path.iterdir())


def test_a_run_is_not_resumed_in_another_precision(model, tmp_path, monkeypatch):
    source, out = tmp_path / "in", tmp_path / "out"
    source.write_text("".join(f"{text}\n" for text in TEXTS * 200))
    whole = work.predict_chunk

    def stops(model, chunk, **options):
        if len(chunk) < 512:
            raise IEError("stopped")
        return whole(model, chunk, **options)

    with monkeypatch.context() as patch:
        patch.setattr(work, "predict_chunk", stops)
        assert "512 lines are done" in run(model, source, "-o", out, "--precision", "bfloat16").stderr
    for other in ("float32", "auto"):  # which is float32 on a machine without
        monkeypatch.setattr(precision, "computes_bfloat16", lambda where: False)
        refused = run(model, source, "-o", out, "--precision", other, "--resume")
        assert refused.exit_code == 1 and "had other --precision; start without --resume" in refused.stderr
    monkeypatch.setattr(precision, "computes_bfloat16", lambda where: True)
    assert run(model, source, "-o", out, "--precision", "auto", "--resume").exit_code == 0
    assert out.read_text() == run(model, source, "--precision", "bfloat16").stdout


def test_an_exported_model_has_its_own(model, tmp_path, able):
    pytest.importorskip("onnxruntime")
    out = str(tmp_path / "onnx")
    exported.export(model, tmp_path / "onnx", TEXTS)
    refused = run(out, "--precision", "bfloat16")
    assert refused.exit_code == 1 and refused.stdout == ""
    assert refused.stderr == "error: --precision bfloat16: an exported model has its own; leave the option out\n"
    assert run(out, "--precision", "auto").stdout == run(out).stdout != ""
    with pytest.raises(IEError, match="exported"):
        ie_cli.load(out, precision="bfloat16")
