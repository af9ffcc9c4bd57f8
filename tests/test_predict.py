"""`ie predict` against the shell contract, in real processes where signals and pipes matter."""

import functools
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ie_cli import files, kb
from ie_cli.commands import app
from ie_cli.pipeline.job import Job
from ie_cli.pipeline.lines import Line
from ie_cli.tasks import ner_pointer, relation_casrel
from ie_cli.tasks._relations import LinkType
from ie_cli.writing import PUT_OFF, TERMINATING
from ie_cli.zoo import encoders, folder

TEXTS = ["张伟住在北京市", "", "A b\t😀\ufeff c", "他在上海大学读书" * 80]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """An untrained model that finds some spans everywhere: enough to see what goes in and out."""
    import torch

    torch.manual_seed(0)
    options = {"characters": 8, "bigrams": 4, "words": 2, "hidden": 8, "layers": 1}
    encoder = encoders.create(encoders.EncoderSettings("char-bilstm", options=options), lambda: TEXTS)
    labels = ner_pointer.Labels(["name", "address"], [0.3, 0.3])
    made = folder.build("ner_pointer", encoder, labels, ner_pointer.Settings(head_size=4))
    place = tmp_path_factory.mktemp("models") / "tiny"
    folder.save(made, place)
    return place


@functools.cache
def worker_of(model):
    return Job(str(model)).worker()


def predict(model, *args, stdin=""):
    return CliRunner().invoke(app, ["predict", "-m", str(model), *map(str, args)], input=stdin)


def start(model, *args, **kwargs):
    command = [sys.executable, "-m", "ie_cli", "predict", "-m", str(model), *map(str, args)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    settings = {"env": os.environ | {"OMP_NUM_THREADS": "1"}, "preexec_fn": _hear}
    return subprocess.Popen(command, **(settings | pipes | kwargs))


def _hear():
    """What runs in the background of a shell ignores Ctrl-C, what nohup runs SIGHUP, and so would their children."""
    for number in PUT_OFF:
        signal.signal(number, signal.SIG_DFL)


def lines(texts):
    return "".join(
        json.dumps({"id": i, "text": t, "note": [i]}, ensure_ascii=False) + "\n" for i, t in enumerate(texts)
    )


def test_one_line_out_per_line_in_with_ids_and_unknown_keys_kept(model):
    result = predict(model, "--threshold", 0.05, stdin=lines(TEXTS))
    assert result.exit_code == 0, result.output
    rows = [json.loads(row) for row in result.stdout.splitlines()]
    assert [(r["id"], r["text"], r["note"]) for r in rows] == [(i, t, [i]) for i, t in enumerate(TEXTS)]
    found = [(r["text"], e) for r in rows for e in r["entities"]]
    assert found
    assert all(text[e["start"] : e["end"]] == e["text"] and 0 < e["score"] <= 1 for text, e in found)


def test_a_threshold_that_a_model_does_not_have_is_refused(tmp_path):
    options = {"characters": 8, "bigrams": 4, "words": 2, "hidden": 8, "layers": 1}
    encoder = encoders.create(encoders.EncoderSettings("char-bilstm", options=options), lambda: TEXTS)
    labels = relation_casrel.Labels([LinkType("住在", None, None, None, 1)])
    folder.save(folder.build("relation_casrel", encoder, labels, relation_casrel.Settings()), tmp_path / "casrel")
    refused = predict(tmp_path / "casrel", "--threshold", 0.3, stdin=lines(TEXTS))
    assert refused.exit_code == 1 and "several thresholds" in refused.stderr
    assert predict(tmp_path / "casrel", stdin=lines(TEXTS)).exit_code == 0


def test_a_knowledge_base_is_for_models_that_link(model):
    refused = predict(model, "--kb", "nowhere", stdin=lines(TEXTS))
    assert refused.exit_code == 1 and "--kb: ner_pointer does not link" in refused.stderr


def test_a_higher_threshold_keeps_a_subset(model):
    low, high = (
        {(r["id"], e["start"], e["end"], e["type"]) for r in map(json.loads, out.splitlines()) for e in r["entities"]}
        for out in (predict(model, "--threshold", t, stdin=lines(TEXTS)).stdout for t in (0.05, 0.3))
    )
    assert high < low


def test_a_broken_line_is_rejected_and_the_rest_goes_on(model, tmp_path):
    broken = lines(TEXTS[:1]) + '{"id": 7\n' + "\n" + '{"id": 9}\n' + lines(TEXTS[2:3])
    result = predict(model, stdin=broken)
    assert result.exit_code == 3
    assert len(result.stdout.splitlines()) == 2
    assert [row.split(": ")[1] for row in result.stderr.splitlines()[:3]] == ["-:2", "-:3", "-:4"]
    rejects = tmp_path / "rejects.jsonl"
    assert predict(model, "--rejects", rejects, stdin=broken).exit_code == 3
    rows = [json.loads(row) for row in rejects.read_text().splitlines()]
    assert [(r["line"], r["raw"]) for r in rows] == [(2, '{"id": 7'), (3, ""), (4, '{"id": 9}')]
    assert [r["reason"] for r in rows[1:]] == ["an empty line, which is no record", "the key 'text' is missing"]


def test_bytes_that_are_no_text_are_rejected(model):
    bad = '{"text": "好"}\n'.encode() + b'{"text": "\xff"}\n' + b'{"text": "\\ud800"}\n'
    result = predict(model, stdin=bad)
    assert result.exit_code == 3
    assert len(result.stdout.splitlines()) == 1
    assert "-:2: not UTF-8" in result.stderr and "half a surrogate pair" in result.stderr.splitlines()[1]


def test_plain_text_lines(model):
    result = predict(model, "--text", stdin="张伟\r\n\n北京\u2028上海\n")
    assert [json.loads(row)["text"] for row in result.stdout.strip().split("\n")] == ["张伟", "", "北京\u2028上海"]


def test_output_file_appears_whole_and_never_over_an_input(model, tmp_path):
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(lines(TEXTS))
    assert predict(model, source, "-o", out).exit_code == 0
    assert out.read_text() == predict(model, source).stdout
    refused = predict(model, source, "-o", source)
    assert refused.exit_code == 1 and "is an input, too" in refused.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_of_a_link_what_it_points_to_is_written(model, tmp_path):
    real, link = tmp_path / "real.jsonl", tmp_path / "link.jsonl"
    link.symlink_to(real)
    for _ in ("not there yet", "there"):
        assert predict(model, "-o", link, stdin=lines(TEXTS)).exit_code == 0
        assert link.is_symlink() and real.read_text() == predict(model, stdin=lines(TEXTS)).stdout
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.jsonl", "real.jsonl"]


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs /proc")
@pytest.mark.parametrize("command", [["predict", "-m", "MODEL"], ["convert", "jsonl"]])
def test_the_name_of_an_open_stream_is_written_to_and_not_replaced(model, tmp_path, command):
    """As root a link like /dev/stdout would be replaced by a file, for every program of the machine."""
    stdout, red = tmp_path / "stdout", tmp_path / "redirected"
    stdout.symlink_to("/proc/self/fd/1")
    args = [str(model) if arg == "MODEL" else arg for arg in command]
    with red.open("wb") as stream:
        subprocess.run(
            [sys.executable, "-m", "ie_cli", *args, "-o", str(stdout)],
            input=lines(TEXTS).encode(), stdout=stream, stderr=subprocess.DEVNULL, check=True,
        )  # fmt: skip
    assert stdout.is_symlink() and [json.loads(row)["text"] for row in red.read_text().splitlines()] == TEXTS
    assert sorted(p.name for p in tmp_path.iterdir()) == ["redirected", "stdout"]


@pytest.mark.parametrize("named", [True, False])
def test_an_input_that_its_own_output_is_appended_to_is_refused(model, tmp_path, named):
    source = tmp_path / "in.jsonl"
    source.write_text(lines(TEXTS))
    with source.open("rb") as stdin, source.open("ab") as stdout:
        process = start(model, *[source] * named, stdin=stdin, stdout=stdout)
        _, err = process.communicate()
    assert (process.returncode, source.read_text()) == (1, lines(TEXTS))
    assert err == b"error: standard output: is an input, too; name another output\n"


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["nothing.jsonl"], "nothing.jsonl: no such file"),
        (["FOLDER"], "is a folder; name the files in it"),
        (["EMPTY", "-o", "FOLDER/no/out.jsonl"], "No such file or directory"),
        (["EMPTY", "-m", "nowhere"], "no model 'nowhere'"),
    ],
)
def test_mistakes_end_in_one_line(model, tmp_path, args, reason):
    (tmp_path / "empty").touch()
    args = [a.replace("FOLDER", str(tmp_path)).replace("EMPTY", str(tmp_path / "empty")) for a in args]
    result = predict(model, *args)
    assert result.exit_code == 1
    assert reason in result.stderr and result.stderr.count("\n") == 1


def test_an_empty_file_gives_nothing(model, tmp_path):
    (tmp_path / "empty").touch()
    result = predict(model, tmp_path / "empty")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_lines_come_while_the_pipe_is_open(model):
    process = start(model)
    process.stdin.write(lines(TEXTS[:1]).encode())
    process.stdin.flush()
    ready, _, _ = select.select([process.stdout], [], [], 60)
    assert ready and json.loads(process.stdout.readline())["text"] == TEXTS[0]
    assert process.poll() is None
    out, _ = process.communicate(lines(TEXTS[1:2]).encode())
    assert json.loads(out)["text"] == "" and process.returncode == 0


def test_head_ends_it_quietly(model, tmp_path):
    source = tmp_path / "many.jsonl"
    source.write_text(lines(TEXTS[:1] * 20_000))
    process = start(model, source)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == -signal.SIGPIPE
    assert process.stderr.read() == b""


def test_ctrl_c_leaves_whole_lines(model):
    process = start(model)
    process.stdin.write(lines(TEXTS * 50).encode())
    process.stdin.flush()
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out = first + process.stdout.read()
    assert process.wait(60) == 130
    assert b"Traceback" not in process.stderr.read()
    assert out.endswith(b"\n") and all(json.loads(row) for row in out.splitlines())


@pytest.mark.parametrize("number", TERMINATING, ids=lambda number: number.name)
def test_other_signals_leave_whole_lines_too(model, number):
    process = start(model)
    process.stdin.write(lines(TEXTS * 50).encode())
    process.stdin.flush()
    first = process.stdout.readline()
    process.send_signal(number)
    out = first + process.stdout.read()
    assert process.wait(60) == 128 + number
    assert process.stderr.read() == b"" and out.endswith(b"\n")


def test_several_workers_give_what_one_gives(model, tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text(lines(TEXTS[:3] * 200) + "broken\n" + lines(TEXTS))
    results = [start(model, source, "--workers", n).communicate() for n in (1, 2)]
    assert results[0] == results[1]
    assert results[0][0].count(b"\n") == 604 and b"in.jsonl:601: not JSON" in results[0][1]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_was_killed_is_resumed_without_loss(model, tmp_path, workers):
    source, out, rejects = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "rejects"
    source.write_text((lines(TEXTS[:3] * 200) + "broken\n") * 4)  # five blocks
    args = [source, "-o", out, "--rejects", rejects, "--fields", "id,entities", "--workers", workers]
    process = start(model, *args)
    journal = tmp_path / ".out.jsonl.part.json"
    while not journal.exists() and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    assert not out.exists() and json.loads(journal.read_text())["lines"] > 0
    refused = predict(model, *args[:3], "--text", "--resume")
    assert refused.exit_code == 1 and "had other --text, --fields, --rejects; start" in refused.stderr
    resumed = predict(model, *args[:7], "--resume")
    assert resumed.exit_code == 3 and resumed.stderr.endswith(f"lines rejected: 4; they are in {rejects}\n")
    assert out.read_text() == predict(model, source, "--fields", "id,entities").stdout
    assert [json.loads(row)["line"] for row in rejects.read_text().splitlines()] == [601, 1202, 1803, 2404]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl", "rejects"]


def interrupted(model, monkeypatch, *args):
    """A run that Ctrl-C ends behind its first block."""
    from ie_cli.pipeline import work

    whole = work.Worker.__call__

    def once(worker, block):
        if block[0].number > 1:
            raise KeyboardInterrupt
        return whole(worker, block)

    with monkeypatch.context() as patched:
        patched.setattr(work.Worker, "__call__", once)
        assert predict(model, *args).exit_code == 130


@pytest.mark.parametrize("change", ["weights", "--kb", "rejects", "nothing"])
def test_a_run_is_not_resumed_with_what_has_changed(model, tmp_path, monkeypatch, change):
    copy, source, rejects = shutil.copytree(model, tmp_path / "model"), tmp_path / "in", tmp_path / "rejects"
    source.write_text("broken\n" + lines(TEXTS[:1] * 600))
    args = [source, "-o", tmp_path / "out", "--rejects", rejects]
    interrupted(copy, monkeypatch, *args)
    if change == "weights":
        weights = (copy / folder.WEIGHTS).read_bytes()
        (copy / folder.WEIGHTS).write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    elif change == "--kb":
        args += ["--kb", str(built(tmp_path / "kb"))]
    elif change == "rejects":
        rejects.unlink()
    done = predict(copy, *args, "--resume")
    expected = {
        "weights": (1, "the interrupted run had other model (another); start without --resume"),
        "--kb": (1, "the interrupted run had other knowledge base (another); start"),
        "rejects": (1, f"{rejects}: has 0 bytes, the interrupted run wrote"),
        "nothing": (3, "lines rejected: 1"),
    }
    assert (done.exit_code, expected[change][1] in done.stderr) == (expected[change][0], True), done.stderr


def built(place):
    kb.build([kb.SourcedEntry("x", 1, kb.Entry("1", "甲"))], place)
    return place


def test_resume_needs_a_file(model):
    assert predict(model, "--resume", stdin=lines(TEXTS)).exit_code == 2
    assert predict(model, "--resume", "-o", "-", stdin=lines(TEXTS)).exit_code == 2


ODD = st.sampled_from([b'{"text": "\\u0000"}', b'{"text": 1}', b'{"text": "\\ud800"}', b"[[", b"{}", b"\xef\xbb\xbf"])


@given(st.lists(st.binary(max_size=40) | ODD, max_size=6))
def test_every_line_is_written_or_rejected_whatever_its_bytes(model, raw):
    worker = worker_of(model)
    block = [Line("f", i, content.replace(b"\n", b"") + b"\n") for i, content in enumerate([b'{"text": ""}', *raw], 1)]
    done = worker(block)
    assert len(done.lines) + len(done.rejected) == done.count == len(block)
    refused = {line.number for line, _ in done.rejected}
    texts = [json.loads(line.content)["text"] for line in block if line.number not in refused]
    assert [json.loads(line)["text"] for line in done.lines] == texts


def test_a_line_that_can_be_read_but_not_written_is_rejected(model, monkeypatch):
    from ie_cli.pipeline import work

    whole = work.dumps

    def shallow(record):
        if record.id == 1:
            raise RecursionError
        return whole(record)

    monkeypatch.setattr(work, "dumps", shallow)
    result = predict(model, stdin=lines(TEXTS))
    assert result.exit_code == 3 and "rejected: -:2: not a record: nested too deep" in result.stderr
    assert [json.loads(row)["id"] for row in result.stdout.splitlines()] == [0, 2, 3]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_output_is_compressed_as_its_name_says(model, tmp_path, suffix):
    out = tmp_path / f"out.jsonl{suffix}"
    assert predict(model, "-o", out, stdin=lines(TEXTS)).exit_code == 0
    with files.opened(out) as stream:
        assert stream.read().decode() == predict(model, stdin=lines(TEXTS)).stdout
    assert predict(model, out).exit_code == 0


@pytest.mark.parametrize("device", [os.devnull, "/dev/full"])
def test_rejects_to_a_device(model, device):
    if not os.path.exists(device):
        pytest.skip(f"this system has no {device}")
    result = predict(model, "--rejects", device, stdin="broken\n" + lines(TEXTS))
    full = device != os.devnull
    assert result.exit_code == (1 if full else 3)
    assert ("error: /dev/full: No space left on device" in result.stderr) == full


def test_rejects_name_files_whose_name_is_no_text(model, tmp_path):
    source, rejects = tmp_path / os.fsdecode(b"\xff.jsonl"), tmp_path / "rejects"
    try:
        source.write_text("broken\n")
    except OSError:
        pytest.skip("this system has no such names")
    assert predict(model, source, "--rejects", rejects).exit_code == 3
    assert os.fsencode(json.loads(rejects.read_text())["file"]) == os.fsencode(source)


def test_a_run_that_cannot_begin_leaves_the_rejects_of_an_earlier_one(tmp_path):
    rejects = tmp_path / "rejects"
    rejects.write_text("earlier\n")
    assert predict("nowhere", "--rejects", rejects, stdin=lines(TEXTS)).exit_code == 1
    assert rejects.read_text() == "earlier\n"


@pytest.mark.parametrize("args", [["--fields", ""], ["--fields", " ,"], ["-o", "x", "--rejects", "./x"]])
def test_wrong_usage(model, tmp_path, monkeypatch, args):
    monkeypatch.chdir(tmp_path)
    assert predict(model, *args, stdin=lines(TEXTS)).exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_closed_standard_input_is_a_stated_error(model):
    process = start(model, stdin=None, preexec_fn=lambda: os.close(0))
    out, err = process.communicate()
    assert (process.returncode, out) == (1, b"")
    assert err == b"error: -: standard input is closed; name a file or pipe one in\n"


def test_a_closed_standard_output_is_a_stated_error(model):
    process = start(model, stdout=None, preexec_fn=lambda: os.close(1))
    _, err = process.communicate(lines(TEXTS).encode())
    assert (process.returncode, err) == (1, b"error: standard output is closed; redirect it, or name a file\n")


def test_what_libraries_print_to_a_closed_stderr_is_not_in_the_output(model, tmp_path):
    out, env = tmp_path / "out.jsonl", os.environ | {"OMP_NUM_THREADS": "1", "OMP_DISPLAY_ENV": "true"}
    process = start(model, "-o", out, env=env, preexec_fn=lambda: os.close(2))
    process.communicate(lines(TEXTS).encode())
    assert process.returncode == 0 and out.read_text() == predict(model, stdin=lines(TEXTS)).stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_what_nobody_can_be_told_does_not_end_a_run(model):
    with open("/dev/full", "wb") as full:
        process = start(model, stderr=full)
        out, _ = process.communicate(lines(TEXTS).encode() + b"broken\n")
    assert (process.returncode, len(out.splitlines())) == (3, len(TEXTS))


def test_a_full_disk_is_a_stated_error(model):
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    result = predict(model, "-o", "/dev/full", stdin=lines(TEXTS))
    assert result.exit_code == 1 and result.stderr == "error: /dev/full: No space left on device\n"


def test_a_record_that_the_model_cannot_predict_is_rejected(model, monkeypatch):
    from ie_cli.pipeline import work

    whole = work.predict_chunk

    def fragile(model, chunk, **options):
        if any(record.id == 2 for record in chunk):
            raise RuntimeError("out of memory\nand more")
        return whole(model, chunk, **options)

    monkeypatch.setattr(work, "predict_chunk", fragile)
    result = predict(model, stdin=lines(TEXTS))
    assert result.exit_code == 3 and "-:3: cannot be predicted: RuntimeError: out of memory and more" in result.stderr
    assert [json.loads(row)["id"] for row in result.stdout.splitlines()] == [0, 1, 3]


def test_explain_says_how_many_windows_a_text_was_read_in(model):
    rows = [json.loads(row) for row in predict(model, "--explain", stdin=lines(TEXTS)).stdout.splitlines()]
    assert [row["windows"] for row in rows] == [1, 1, 1, 2]


def test_profile_tells_stages_that_add_up(model):
    told = predict(model, "--profile", stdin=lines(TEXTS * 20)).stderr.splitlines()
    stages = [line.split() for line in told if line.endswith("%")]
    assert {"parse", "tokenise", "batch", "encoder", "head", "decode", "assemble", "format"} == {s[1] for s in stages}
    assert abs(sum(float(s[-1].rstrip("%")) for s in stages) - 100) < 1


def test_fields_are_written_in_the_order_that_is_asked_for(model):
    records = '{"id": 7, "text": "张伟在北京", "source": "x"}\n'
    result = predict(model, "--fields", "source,id, nothing", stdin=records)
    assert result.exit_code == 0 and result.stdout == '{"source": "x", "id": 7}\n'
    assert result.stderr == "note: no record has nothing\n"
    assert predict(model, "--fields", "id", "--show", stdin=records).exit_code == 2


def test_patterns_that_the_shell_left_alone_are_files(model, tmp_path, monkeypatch):
    for name in ("b.jsonl", "a.jsonl", "c.txt"):
        (tmp_path / name).write_text(json.dumps({"id": name, "text": "张伟"}) + "\n")
    (tmp_path / "odd[1].jsonl").write_text('{"id": "odd", "text": "张伟"}\n')
    found = predict(model, "--fields", "id", f"{tmp_path}/[ab].jsonl", f"{tmp_path}/odd[1].jsonl")
    assert [json.loads(line)["id"] for line in found.stdout.splitlines()] == ["a.jsonl", "b.jsonl", "odd"]
    nothing = predict(model, f"{tmp_path}/*.json")
    assert nothing.exit_code == 1 and "no file matches this pattern" in nothing.stderr
