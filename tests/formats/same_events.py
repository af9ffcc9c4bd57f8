"""What the tests of event formats share: events that compare equal whatever their order, ways in and out."""

import io
import json

from ie_cli import registry
from ie_cli.errors import Report


def span(found):
    return (
        None if found is None else (found.start, found.end, found.type, found.text, repr(sorted(found.extra.items())))
    )


def event(found):
    arguments = sorted((a.role, repr(span(a))) for a in found.arguments)
    return repr((found.type, span(found.trigger), arguments, sorted(found.extra.items())))


def events(record):
    """The record's events as a multiset, or None where nobody looked for any."""
    return None if record.events is None else sorted(map(event, record.events))


def through(module, before, folder, **options):
    """The records after being written and read, and the report of both."""
    report = Report()
    folder.mkdir(exist_ok=True)
    if hasattr(module, "write_folder"):
        module.write_folder(before, folder / "out", report)
        return list(module.read(str(folder / "out"), report)), report
    out = io.BytesIO()
    module.write(before, out, report)
    path = folder / "again.x"
    path.write_bytes(out.getvalue())
    return list(module.read(str(path), report, **options)), report


def load(name):
    return registry.load("ie_cli.formats", name)


def read(name, data, tmp_path, **options):
    """Records and problems of a format on these rows."""
    problems = []
    path = tmp_path / "x.txt"
    path.write_text(data if isinstance(data, str) else "".join(map(line, data)), encoding="utf-8", newline="")
    return list(load(name).read(str(path), Report(problems.append), **options)), problems


def line(row):
    return json.dumps(row, ensure_ascii=False) + "\n"
