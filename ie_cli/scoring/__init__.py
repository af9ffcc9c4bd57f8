"""Scorers, one task kind a file: records in, a `Score` out; nothing here prints or loads torch.

A scorer module has
    Counts                   add(gold, pred) for each pair of records, then score()
    score(gold, pred)        the same over two iterables of records, aligned
Gold is scored whole: what a model cannot read (beyond its longest window) still counts as missed.
"""
