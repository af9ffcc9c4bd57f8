"""What a command loads before it works: `ie --help` and `ie convert` never load torch, `ie predict` no transformers."""

import os
import signal
import subprocess
import sys

import pytest
import typer

from ie_cli.__main__ import main
from ie_cli.commands._shell import guarded
from ie_cli.tasks.ner_pointer import Labels, Settings
from ie_cli.zoo import encoders, folder
from ie_cli.zoo.encoders import EncoderSettings

HEAVY = {"torch", "transformers", "datasets", "jieba"}


def loaded(args):
    """Which of the heavy packages a command has loaded when it is done."""
    code = f"""
import sys
sys.argv = ["ie", *{args!r}]
from ie_cli.__main__ import main
try:
    main()
except SystemExit as end:
    assert end.code in (0, None), end.code
print(*sorted({HEAVY!r} & sys.modules.keys()), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("args", [["--help"], ["convert", "--list"], ["train", "--help"], ["models"]])
def test_no_heavy_imports(args):
    assert loaded(args) == set()


@pytest.mark.parametrize("kind", [None, "Bert"])
def test_prediction_does_not_wait_for_transformers(kind, pretrained, tmp_path):
    name = str(pretrained(kind)) if kind else "char-bilstm"
    encoder = encoders.create(EncoderSettings(name), lambda: ["在北京"])
    model = folder.build("ner_pointer", encoder, Labels(["地点"], [0.1]), Settings(head_size=8))
    folder.save(model, tmp_path / "model")
    (tmp_path / "in.jsonl").write_text('{"text": "在北京"}\n', "utf-8")
    found = loaded(["predict", str(tmp_path / "in.jsonl"), "-m", str(tmp_path / "model")])
    assert "torch" in found and "transformers" not in found


def interrupted(before):
    """A process that gets Ctrl-C while `ie` loads its first package, SIGINT having been handled as `before` says."""
    code = f"""
import os, signal, sys
signal.signal(signal.SIGINT, {before})

class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupter())
sys.argv = ["ie", "--version"]
from ie_cli.__main__ import main
main()
"""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_ctrl_c_while_it_starts_is_quiet():
    done = interrupted("signal.default_int_handler")
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_ctrl_c_stays_ignored_where_it_was():
    done = interrupted("signal.SIG_IGN")
    assert done.returncode == 0 and done.stdout.startswith("ie ")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no nohup")
def test_nohup_is_heeded():
    code = """
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
sys.argv = ["ie", "--version"]
from ie_cli.__main__ import main
try:
    main()
finally:
    print(signal.getsignal(signal.SIGHUP).name)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[1:] == ["SIG_IGN"]


def test_memory_that_is_not_there_is_one_line(capsys):
    def run():
        raise MemoryError

    with pytest.raises(typer.Exit) as end:
        guarded(run)()
    assert end.value.exit_code == 1
    assert capsys.readouterr().err.startswith("error: there is not enough memory")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("args", [["--version"], ["--help"], ["kb"], ["predict", "--help"]], ids=" ".join)
def test_help_on_a_full_disk_is_one_line(args):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-m", "ie_cli", *args], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (1, "error: No space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be removed there")
def test_a_current_folder_that_is_gone_is_one_line(tmp_path):
    (tmp_path / "gone").mkdir()
    done = subprocess.run(
        f"cd gone; rmdir ../gone; {sys.executable} -m ie_cli predict",
        shell=True, cwd=tmp_path, input="", capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("error: the current folder is gone")


@pytest.mark.parametrize(("processes", "at_once"), [("1", []), ("2", [3])])
def test_a_process_of_several_ends_at_once(processes, at_once, monkeypatch):
    """Without the teardown in which threads that torch left behind may abort it."""
    ends = []
    monkeypatch.setattr("ie_cli.commands.app", lambda: sys.exit(3))
    monkeypatch.setattr("signal.signal", lambda *handler: None)
    monkeypatch.setattr("os._exit", ends.append)
    monkeypatch.setenv("WORLD_SIZE", processes)
    with pytest.raises(SystemExit):
        main()
    assert ends == at_once
