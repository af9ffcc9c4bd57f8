"""Data looked at before training: counts, and what in them spoils a model. No torch, nothing printed.

    check = Check()
    for item in read_placed(lines, "train.jsonl", report):    # from ie_cli.records
        check.add(item, TRAIN)
    for item in read_placed(lines, "train.jsonl", Report()):  # once more: strings that are left out elsewhere
        check.second_pass(item)
    check.sections()              # tables of figures, a column for train and one for dev
    check.findings()              # what to look at, with places and what to try

Each module counts one part of the records with `add(item, split)`, `sections()` and `findings()`.
Memory grows with the labels, the different annotated strings and a hash and a place for each text, not with the texts.
"""
