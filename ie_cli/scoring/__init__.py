"""Scorers, one task kind a file: records in, a `Score` out; nothing here prints or loads torch.

A scorer module has
    RULES                              name -> one line that says when an item is right
    Counts(rule=None)                  add(gold, pred) for each pair of records, then score()
    score(gold, pred, rule=None)       the same over two iterables of records, aligned
A rule of None is picked from the data. `_counts.CountsBase` holds what the kinds share; its class
attribute `part` is the part of a record that is scored, which is also the task's name for people.
Gold is scored whole: what a model cannot read (beyond its longest window) still counts as missed.
"""
