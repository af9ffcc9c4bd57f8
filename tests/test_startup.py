"""What a command loads before it works: `ie --help` and `ie convert` never load torch."""

import subprocess
import sys

import pytest

HEAVY = {"torch", "transformers", "datasets", "jieba"}


@pytest.mark.parametrize("args", [["--help"], ["convert", "--list"], ["train", "--help"], ["models"]])
def test_no_heavy_imports(args):
    code = f"""
import sys
sys.argv = ["ie", *{args!r}]
from ie_cli.commands import main
try:
    main()
except SystemExit as end:
    assert end.code in (0, None), end.code
print(sorted({HEAVY!r} & sys.modules.keys()), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"
