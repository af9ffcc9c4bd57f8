"""Which encoding bytes are in, and their text."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
from collections.abc import Iterable
from typing import BinaryIO

from ie_cli.compressed import GZIP
from ie_cli.errors import FormatError, IEError, UsageError
from ie_cli.files._surrogates import join_surrogates

CHUNK = 1 << 20  # bytes looked at in one go when the encoding is detected
ZEROS = 1 / 200  # least share of zero bytes in UTF-16 with some ASCII in it; text in GB18030 has none
_ENCODED_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


def named_encoding(name: str) -> str:
    """The encoding that a user named; one in which a newline is not the byte 0A cannot be read by lines."""
    try:
        known = codecs.lookup(name).name
        plain = "\n".encode(known) == b"\n"
    except (LookupError, TypeError):
        raise UsageError(f"unknown encoding '{name}'. Usual ones: utf-8, gb18030, big5") from None
    if known == "utf-8-sig":
        return "utf-8"
    if not plain:
        raise IEError(f"files in '{name}' are not read; convert first: iconv -f {name} -t UTF-8 FILE")
    return known


def detect(stream: BinaryIO, path: str | os.PathLike) -> tuple[str, bytes]:
    """Whether a stream is UTF-8 or GB18030 (which holds GBK), and the bytes read ahead to find out.

    A regular file is read through once in constant memory and put back to where it was. A pipe
    cannot be put back: there the first bytes decide, up to the first that are not ASCII.
    """
    if stream.seekable():
        start = stream.tell()
        encoding = _of_chunks(iter(lambda: stream.read(CHUNK), b""), path)
        stream.seek(start)
        return encoding, b""
    ahead = b""
    while ahead.isascii() and len(ahead) < CHUNK and (more := stream.read1(CHUNK)):
        ahead += more
    return _of_chunks([ahead], path), ahead


def _of_chunks(chunks: Iterable[bytes], path: str | os.PathLike) -> str:
    """UTF-8 if most of what is not ASCII decodes as such: of GBK text next to nothing does."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    valid = invalid = zeros = size = 0
    for i, chunk in enumerate(chunks):
        if i == 0 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise FormatError(path, None, "is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8 FILE")
        if i == 0 and chunk.startswith(GZIP):
            raise FormatError(path, None, "is gzip; unpack it, or let its name end in .gz")
        # A character cut by the end of a sample stays in the decoder and is not counted.
        decoded = decoder.decode(chunk)
        surrogates = len(_ENCODED_SURROGATE.findall(chunk))  # each decodes to three U+FFFD, but is UTF-8 in a way
        wrong = decoded.count("\ufffd") - chunk.count(b"\xef\xbf\xbd") - 3 * surrogates
        invalid += wrong
        valid += len(decoded) - len(decoded.encode("ascii", "ignore")) - wrong
        zeros, size = zeros + chunk.count(0), size + len(chunk)
    if invalid <= valid:
        return "utf-8"
    if zeros > ZEROS * size:
        raise FormatError(path, None, "is neither UTF-8 nor GB18030; if it is UTF-16: iconv -f UTF-16LE -t UTF-8 FILE")
    return "gb18030"


def decode(raw: bytes, encoding: str) -> tuple[str, str | None]:
    """One line, and what was wrong with its bytes or None. Lone surrogates are kept."""
    try:
        return raw.decode(encoding), None
    except UnicodeDecodeError:
        pass
    if encoding == "utf-8":
        with contextlib.suppress(UnicodeDecodeError):
            return join_surrogates(raw.decode("utf-8", "surrogatepass")), "character written as two surrogates (CESU-8)"
    return raw.decode(encoding, "replace"), f"bytes that are not {encoding.upper()}, read as U+FFFD"
