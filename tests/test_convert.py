"""`ie convert` as a user meets it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ie_cli.commands import app

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
CLUENER = str(SAMPLES / "cluener" / "raw.json")
DUIE = str(SAMPLES / "duie1" / "raw.json")


def ie(*args, stdin=b""):
    done = subprocess.run(
        [sys.executable, "-m", "ie_cli", "convert", *map(str, args)], input=stdin, capture_output=True
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_a_file_to_records_on_stdout():
    code, out, err = ie("cluener", CLUENER)
    assert code == 0
    assert out == (SAMPLES / "cluener" / "records.jsonl").read_text()
    assert "records: 8, entities: 22\n" in err
    assert "lost in all: 1 (1 × surface that differs from the text)" in err


def test_stdin_several_files_and_an_output_file(tmp_path):
    _, out, _ = ie("cluener", stdin=Path(CLUENER).read_bytes())
    assert out.replace("stdin-", "raw-") == (SAMPLES / "cluener" / "records.jsonl").read_text()
    path = tmp_path / "out.jsonl"
    code, nothing, _ = ie("cluener", CLUENER, "-", "-o", path, stdin=Path(CLUENER).read_bytes())
    assert (code, nothing, len(path.read_text().splitlines())) == (0, "", 16)


def test_skipped_rows_give_exit_code_3_and_the_others_get_through():
    code, out, err = ie("jsonl", stdin=b'{"text": "a"}\n{oops\n{"text": "b"}\n')
    assert (code, out) == (3, '{"text": "a"}\n{"text": "b"}\n')
    assert "skipped: -:2: not JSON" in err


def test_a_problem_is_one_line_whatever_it_quotes():
    """Data with line breaks and terminal commands."""
    text = "一\n二\u2028\x1b[31m"
    row = {"text": text, "entities": [{"start": 0, "end": len(text), "text": text}]}
    code, _, err = ie("jsonl", "--to", "cluener", stdin=json.dumps(row).encode())
    assert code == 0
    assert err.splitlines()[0] == r"lost: record 1: '一\n二\u2028\x1b[31m' has no type"


def test_to_conll_and_back(tmp_path):
    code, out, err = ie("cluener", CLUENER, "--to", "conll", "--scheme", "bmes", "-o", tmp_path / "x.bmes")
    assert code == 0
    assert "nested or overlapping" in err
    assert (tmp_path / "x.bmes").read_text().startswith("记\tB-position\n者\tE-position\n")
    _, out, _ = ie("conll", tmp_path / "x.bmes", "--scheme", "bmes")
    assert len(out.splitlines()) == 8


def test_to_a_folder(tmp_path):
    code, _, _ = ie("cluener", CLUENER, "--to", "brat", "-o", tmp_path / "out")
    assert code == 0
    assert (tmp_path / "out" / "0.ann").read_text().splitlines()[0] == "T1\tposition 0 2\t记者"
    code, out, _ = ie("brat", *(tmp_path / "out").iterdir())
    assert len(out.splitlines()) == 8


def starts(out):
    """Where the subjects and objects of the records are."""
    found = [json.loads(line).get("relations", []) for line in out.splitlines()]
    return [[(r["subject"].get("start"), r["object"].get("start")) for r in relations] for relations in found]


def test_strings_get_places_and_what_the_text_does_not_have_is_told():
    code, out, err = ie("duie1", DUIE)
    assert code == 3
    assert out == (SAMPLES / "duie1" / "records.jsonl").read_text()
    assert "records: 8, relations: 12, strings placed: 23\n" in err
    assert "mended: record 3 (raw-3): relations[2].object: '2020年' is not in the text; kept without a place" in err


COUNTS = {
    "no records": ([], "records: 0"),
    "text only": (["{}"], "records: 1"),
    "only events": (['{"events": [{"type": "a", "trigger": null, "arguments": []}]}'] * 2, "records: 2, events: 2"),
    "looked for and not found": (['{"entities": []}', '{"relations": []}'], "records: 2, entities: 0, relations: 0"),
    "always in one order": (['{"events": []}', '{"entities": []}', "{}"], "records: 3, entities: 0, events: 0"),
}


@pytest.mark.parametrize(("parts", "counts"), COUNTS.values(), ids=COUNTS)
def test_what_the_records_have_is_counted(parts, counts):
    lines = "".join(json.dumps({"text": "文"} | json.loads(part)) + "\n" for part in parts)
    done = CliRunner().invoke(app, ["convert", "jsonl"], input=lines)
    assert (done.exit_code, done.stderr) == (0, f"{counts}\n")


def test_the_choice_of_places():
    text = {"text": "甲丙乙甲", "relations": [{"predicate": "r", "subject": {"text": "乙"}, "object": {"text": "甲"}}]}
    given = json.dumps(text).encode()
    for choice, expected in {
        "nearest": [(2, 3)], "first": [(2, 0)], "none": [(None, None)], "all": [(2, 3), (2, 0)],
    }.items():  # fmt: skip
        code, out, _ = ie("jsonl", "--places", choice, stdin=given)
        assert (code, starts(out)) == (0, [expected])
        assert json.loads(out).get("located") == (None if choice == "none" else choice)
        assert ie("jsonl", stdin=out.encode())[1] == out or choice == "none"


def test_a_submission_has_the_strings_of_the_data_set():
    _, out, _ = ie("duie1", DUIE, "--to", "duie1", "--places", "all")
    given = [json.loads(line) for line in Path(DUIE).read_text().splitlines()][:7]
    written = [json.loads(line) for line in out.splitlines()]
    assert [row | {"id": None} for row in given] == [row | {"id": None} for row in written[:7]]


def test_a_schema(tmp_path):
    schema = tmp_path / "schema"
    schema.write_text('{"subject_type": "书籍", "predicate": "作者", "object_type": "人物"}\n', encoding="utf-8")
    code, out, err = ie("duie1", DUIE, "--schema", schema)
    assert code == 3
    assert f"lost: {DUIE}:1: '出版社' is not in the schema {schema}" in err
    assert [len(relations) for relations in starts(out)] == [1, 0, 0, 0, 0, 0, 0, 1]
    schema.write_text('[\n{"predicate": "作者"}]', encoding="utf-8")
    code, out, err = ie("duie1", DUIE, "--schema", schema)
    assert (code, out) == (1, "")
    assert f"error: {schema}:2: no string under 'object_type'; expected a relation schema" in err


USAGE = [
    (["--to", "jsonl"], 2, "name the FORMAT"),
    (["cluener", CLUENER, "--scheme", "bio"], 2, "format 'cluener' has no --scheme"),
    (["cluener", CLUENER, "--variant", "x"], 2, "format 'cluener' has no --variant"),
    (["cluener", CLUENER, "--schema", "x"], 2, "format 'cluener' has no --schema"),
    (["duie1", DUIE, "--schema", "none.json"], 1, "none.json: no such file"),
    (["duie1", DUIE, "--schema", CLUENER, "-o", CLUENER], 1, "is an input, too"),
    (["duie1", DUIE, "--places", "near"], 2, "'near' is not one of 'nearest', 'first', 'all', 'none'"),
    (["cluener", CLUENER, "--to", "brat"], 2, "name a new folder with -o"),
    (["cluner", CLUENER], 2, "unknown format 'cluner'. Did you mean 'cluener'?"),
    (["cluener", CLUENER, "--to", "cmeeee"], 2, "unknown format 'cmeeee'. Did you mean 'cmeee'?"),
    (["cluener", "none.json"], 1, "none.json: no such file"),
    (["cluener", str(SAMPLES)], 1, "is a folder"),
    (["cluener", CLUENER, "-o", str(SAMPLES)], 1, "Is a directory"),
    (["cluener", CLUENER, "-o", CLUENER], 1, "is an input, too"),
    (["cluener", CLUENER, "-o", "/proc/none/x"], 1, "error: "),
    (["cluener", CLUENER, "--encoding", "klingon"], 2, "unknown encoding 'klingon'"),
    (["conll", CLUENER, "--scheme", "bilou"], 2, "unknown scheme 'bilou'"),
    (["brat"], 1, "pairs of files"),
]


@pytest.mark.parametrize(("args", "code", "reason"), USAGE)
def test_wrong_usage_and_stated_errors(args, code, reason):
    before = Path(CLUENER).read_bytes()
    done = CliRunner().invoke(app, ["convert", *args])
    assert (done.exit_code, done.stdout) == (code, "")
    assert reason in " ".join(done.stderr.replace("│", " ").split())
    assert Path(CLUENER).read_bytes() == before


def test_what_a_pattern_means_is_not_overwritten(tmp_path):
    own = tmp_path / "raw.json"
    own.write_bytes(Path(CLUENER).read_bytes())
    done = CliRunner().invoke(app, ["convert", "cluener", str(tmp_path / "*.json"), "-o", str(own)])
    assert done.exit_code == 1 and f"{own}: is an input, too" in done.stderr
    assert own.read_bytes() == Path(CLUENER).read_bytes()


def test_a_device_is_written_to_and_never_replaced():
    code, out, _ = ie("cluener", CLUENER, "-o", "/dev/null")
    assert (code, out) == (0, "")
    assert Path("/dev/null").is_char_device()


def test_no_file_is_left_of_a_conversion_that_failed(tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text('[{"text": "一"},\n{"text": ]')
    code, _, err = ie("cmeee", bad, "-o", tmp_path / "out.jsonl")
    assert (code, sorted(p.name for p in tmp_path.iterdir())) == (1, ["bad.json"])
    assert f"error: {bad}:2: not JSON" in err


def test_list_is_tab_separated_when_piped():
    code, out, _ = ie("--list")
    rows = {name: (text, written) for name, text, written in (line.split("\t") for line in out.splitlines())}
    assert code == 0
    assert rows["brat"][1] == "folder"
    assert rows["cluener"][1] == "file"
    assert all(text for text, _ in rows.values())


def test_head_ends_it_quietly(tmp_path):
    many = tmp_path / "many.jsonl"
    many.write_text(json.dumps({"text": "长" * 100}) + "\n", encoding="utf-8")
    many.write_bytes(many.read_bytes() * 5000)
    command = f"set -o pipefail; {sys.executable} -m ie_cli convert jsonl {many} | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
