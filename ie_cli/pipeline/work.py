"""What becomes of a block of lines: records, predictions, lines again. One worker has one model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from ie_cli.errors import FormatError, IEError
from ie_cli.pipeline.job import Done, Job, Rejected
from ie_cli.pipeline.lines import Line
from ie_cli.predicting import configure, predict_chunk
from ie_cli.records import Record, dumps, loads
from ie_cli.stopwatch import Stopwatch
from ie_cli.zoo import folder

Item = tuple[Line, Record]


class Worker:
    """A model that does blocks of lines; see `Job.worker`."""

    def __init__(self, job: Job):
        self.job, self.model, self._stopwatch = job, folder.load(job.model), Stopwatch()
        self.model.encoder.register_forward_pre_hook(lambda *_: self._stopwatch.lap("batch"))
        self.model.encoder.register_forward_hook(lambda *_: self._stopwatch.lap("encoder"))
        configure(self.model, threshold=job.threshold, base=job.kb, precision=job.precision)

    def __call__(self, block: Sequence[Line]) -> Done:
        """Do a block of lines; what cannot be done is rejected, line by line."""
        done = Done.of(block)
        self._stopwatch.start()
        parsed = list(self._parsed(block, done))
        self._stopwatch.lap("parse")
        done.lines = list(self._lines(self._predicted(parsed, done), done))
        self._stopwatch.lap("format")
        for mine, counts in ((self.model.codec.dropped, done.dropped), (self._stopwatch.seconds, done.seconds)):
            counts.update(mine)
            mine.clear()
        return done

    def _parsed(self, block: Sequence[Line], done: Done) -> Iterator[Item]:
        for line in block:
            try:
                yield line, (_plain if self.job.text else _record)(line)
            except FormatError as error:
                done.rejected.append(Rejected(line, error.reason))

    def _predicted(self, items: list[Item], done: Done) -> list[Item]:
        """Predict together; where that fails, in halves, down to the line that cannot be done."""
        try:
            records = [record for _, record in items]
            predicted = predict_chunk(self.model, records, explain=self.job.explain, watch=self._stopwatch)
            return [(line, record) for (line, _), record in zip(items, predicted, strict=True)]
        except IEError:
            raise
        except Exception as error:
            if len(items) == 1:
                done.rejected.append(Rejected(items[0][0], f"cannot be predicted: {_one_line(error)}"))
                return []
        middle = len(items) // 2
        return [item for half in (items[:middle], items[middle:]) for item in self._predicted(half, done)]

    def _lines(self, items: Iterable[Item], done: Done) -> Iterator[bytes]:
        for line, record in items:
            try:
                yield self._line(record, done)
            except RecursionError:  # reading bears a little more than writing
                done.rejected.append(Rejected(line, "not a record: nested too deep"))

    def _line(self, record: Record, done: Done) -> bytes:
        line = dumps(record)
        if self.job.fields is not None:
            data = json.loads(line)
            wanted = {name: data[name] for name in self.job.fields if name in data}
            done.keys.update(wanted)
            line = json.dumps(wanted, ensure_ascii=False)
        return line.encode() + b"\n"


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _record(line: Line) -> Record:
    return loads(line.content, line.name, line.number)


def _plain(line: Line) -> Record:
    try:
        return Record(line.content.decode().removesuffix("\n").removesuffix("\r"))
    except UnicodeDecodeError as error:
        reason = f"not UTF-8: byte {error.start} of the line; `ie convert text FILE` reads other encodings"
        raise FormatError(line.name, line.number, reason) from None
