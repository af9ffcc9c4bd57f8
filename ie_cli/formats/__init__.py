"""Published formats, one a file: `read` and, where the format can be written, `write`.

A format module has
    read(path, report, **options) -> Iterator[Record]
    read_all(paths, report, **options)     optional; for formats whose files must be seen together
    write(records, out, report)            optional; `out` is a binary stream
    write_folder(records, folder, report)  instead of write, for formats that are many files
The first line of its docstring is what `ie convert --list` shows; the docstring shows one raw row.
"""
