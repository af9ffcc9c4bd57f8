"""One token and its tag a line (CoNLL): BIO, BMES or BIOES; Resume, Weibo, MSRA.

    浙	B-ORG
    商	I-ORG
    ：	O

- Columns are divided by a tab where the line has one, else by a space; the token is the first column,
  the tag the last; dividers at the end of a line are passed over. A line without characters ends a sentence; a
  `-DOCSTART-` line only divides.
- Tokens (of one character or more) are put together with nothing between them. A line that begins
  with the divider has a space (or tab) as its token.
- The scheme is detected from the tags of the first 20,000 lines, or given as `scheme`. An orphan I-, M- or
  E- opens a span (as in conlleval), a B- without its E- ends where it stops; both are reported as mended.
- `variant` "segmented" is Weibo v2, whose first column is a character and its place in the word (`激0`);
  it is detected from the same lines, where every token must be of that form and the numbers must count up.
  The numbers are dropped.
- Weibo v1 has characters outside the BMP as two halves of a surrogate pair on two lines: they become
  one character and are reported as mended.
- A sentence without a tag column is a record without `entities`. When written, it gets O throughout,
  which is reported, and one character is one token.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

from ie_cli import files, tags
from ie_cli.errors import FormatError, Report, UsageError
from ie_cli.formats._reading import Row
from ie_cli.formats._writing import Draft, drafts, guard_bom
from ie_cli.records import Entity, Record
from ie_cli.registry import unknown

SAMPLE = 20_000  # lines from which scheme and variant are detected
VARIANTS = ("plain", "segmented")
# A line whose columns are divided by something else: an ideographic or other space, a comma, …
_UNDIVIDED = re.compile(r"(?s:.)+?([^\w-])(?:O|[BIMES]-.+)")
# An emoji stands in the published files as the marks of its two lost halves.
_SEGMENTED = re.compile(r"(\ufffd\ufffd|.)([0-9]{1,3})", re.DOTALL)


class Token(NamedTuple):
    """One line: its token, its tag (None without a tag column), and its number."""

    line: int
    text: str
    tag: str | None


def read(
    path: str,
    report: Report,
    *,
    scheme: str | None = None,
    variant: str | None = None,
    encoding: str | None = None,
) -> Iterator[Record]:
    """Records of a file, one for each sentence, named after the line of its first token."""
    for what, name, known in (("scheme", scheme, tags.SCHEMES), ("variant", variant, VARIANTS)):
        if name is not None and name not in known:
            raise UsageError(unknown(what, name, known))
    tokens = _tokens(files.lines(path, report, encoding=encoding, keep_surrogates=True), path, report)
    sample = list(itertools.islice(tokens, SAMPLE))
    _refuse_undivided(sample, path)
    scheme = scheme or _scheme(sample, path)
    tokens = itertools.chain(sample, tokens)
    if (variant or _variant(sample)) == "segmented":
        tokens = (token and _unnumbered(token) for token in tokens)
    for filled, sentence in itertools.groupby(tokens, key=lambda token: token is not None):
        if filled:
            yield _record(list(sentence), scheme, path, report)


def _tokens(lines: Iterable[tuple[int, str]], path: str, report: Report) -> Iterator[Token | None]:
    """The tokens of the lines; None between sentences."""
    for number, line in lines:
        if not line.strip(" \t") or line.startswith("-DOCSTART-"):
            yield None
            continue
        divider = "\t" if "\t" in line else " "
        first, *rest = line.rstrip(" \t").split(divider)
        if not first:
            if len(rest) == 1:
                report.mended(path, number, "a line without a token is read as a space", cause="missing token")
            first = divider if len(rest) > 1 else " "
        yield Token(number, first, rest[-1] if rest else None)


def _refuse_undivided(sample: list[Token | None], path: str) -> None:
    """Stop where every line is a token, a tag and something else between them, which would all be text."""
    tokens = [token for token in sample if token]
    found = [None if token.tag else _UNDIVIDED.fullmatch(token.text) for token in tokens]
    if found and all(found):
        reason = f"the columns are divided by {found[0][1]!r}, where only a tab or a space is read: change it first"
        raise FormatError(path, tokens[0].line, reason)


def _scheme(sample: list[Token | None], path: str) -> str:
    seen = {token.tag for token in sample if token and token.tag}
    scheme = tags.detect(seen)
    if scheme is None:
        prefixes = sorted({tags.split(tag)[0] for tag in seen})
        shown = ", ".join(prefixes[:6]) + (", …" if len(prefixes) > 6 else "")
        reason = f"no scheme has all the tags {shown}; name the nearest with --scheme ({', '.join(tags.SCHEMES)})"
        raise FormatError(path, _first_odd(sample), reason)
    return scheme


def _first_odd(sample: list[Token | None]) -> int:
    """The line of the first tag that the scheme which fits the most tags does not have."""
    tagged = [(token.line, tags.split(token.tag)[0]) for token in sample if token and token.tag]
    odd = [[line for line, prefix in tagged if prefix not in {"O", *table}] for table in tags.SCHEMES.values()]
    return min(odd, key=len)[0]


def _variant(sample: list[Token | None]) -> str:
    """Weibo v2 if every token is a character and a number that is 0 or the number before plus one."""
    before = -1
    for token in sample:
        if token is None:
            before = -1
            continue
        match = _SEGMENTED.fullmatch(token.text)
        if not match or int(match[2]) not in (0, before + 1):
            return "plain"
        before = int(match[2])
    return "segmented" if any(sample) else "plain"


def _unnumbered(token: Token) -> Token:
    match = _SEGMENTED.fullmatch(token.text)
    return Token(token.line, match[1] if match else token.text, token.tag)


def _record(tokens: list[Token], scheme: str, path: str, report: Report) -> Record:
    texts = _joined(tokens, path, report)
    row = Row(path, tokens[0].line, "".join(texts), {}, report)
    if all(token.tag is None for token in tokens):
        return row.record()
    return row.record(entities=list(_entities(tokens, texts, scheme, row)))


def _joined(tokens: list[Token], path: str, report: Report) -> list[str]:
    """The tokens' texts, where two halves of a surrogate pair become one character and nothing."""
    texts = [token.text for token in tokens]
    if not files.has_lone_surrogate("".join(texts)):
        return texts
    for i, text in enumerate(texts):
        if not files.has_lone_surrogate(text):
            continue
        pair = files.join_surrogates(text + "".join(texts[i + 1 : i + 2]))
        if files.has_lone_surrogate(pair):
            texts[i], reason = files.replace_lone_surrogates(text), files.LONE_SURROGATE
        else:
            texts[i : i + 2] = [pair, ""]
            reason = "two halves of a surrogate pair on two lines, joined"
        report.mended(path, tokens[i].line, reason)
    return texts


def _entities(tokens: list[Token], texts: list[str], scheme: str, row: Row) -> Iterator[Entity]:
    spans, defects = tags.decode([token.tag or "O" for token in tokens], scheme)
    for defect in defects:
        add = row.report.lost if defect.cause == tags.UNKNOWN else row.report.mended
        add(row.path, tokens[defect.index].line, defect.reason, cause=defect.cause)
    for token in tokens:
        if not token.tag:
            row.report.mended(row.path, token.line, f"'{token.text}' has no tag, read as O", cause="missing tag")
    at = [0, *itertools.accumulate(map(len, texts))]
    for start, end, kind in spans:
        if entity := row.entity(at[start], at[end], kind):
            yield entity


def write(records: Iterable[Record], out: BinaryIO, report: Report, *, scheme: str = "bio") -> None:
    """Write one character a line, divided from its tag by a tab.

    A newline in a text, which a line cannot hold, is written as a space so that offsets stay; nested
    and overlapping entities give way to the longer one. Both are reported.
    """
    if scheme not in tags.SCHEMES:
        raise UsageError(unknown("scheme", scheme, tags.SCHEMES))
    first = True
    for draft in drafts(records, report):
        draft.leave_out("relations", "events")
        if not draft.record.text:
            draft.skipped("an empty text has no tokens")
            continue
        draft.without_record_keys()
        rows = zip(_characters(draft), _tags(draft, scheme), strict=True)
        block = "".join(f"{character}\t{tag}\n" for character, tag in rows)
        out.write(guard_bom(block, first).encode() + b"\n")
        first = False


def _characters(draft: Draft) -> str:
    text = draft.record.text
    if "\n" in text:
        draft.mended("a newline is written as a space", cause="newline as space")
    return text.replace("\n", " ")


def _tags(draft: Draft, scheme: str) -> list[str]:
    text = draft.record.text
    if draft.record.entities is None:
        reason = "not annotated, but written with O as if it held no entities"
        draft.mended(reason, cause="O for what nobody looked at")
    spans = [(e.start, e.end, draft.label(e.type, r"[\t\r\n]| +\Z")) for e in draft.placed_entities()]
    found, left = tags.encode(spans, len(text), scheme)
    for start, end, kind in left:
        reason = f"{kind} '{text[start:end]}' lies in or across another entity"
        draft.lost(reason, cause="nested or overlapping, which flat tags cannot hold")
    return found
