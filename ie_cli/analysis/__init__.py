"""What stands behind a score: how sure it is, how two compare, which errors it is made of, which threshold is best.

`bootstrap` and `comparison` read a `Score` and nothing else (its `by_record`). `error_analysis` and `threshold` see the
same pairs of records as the scorer: add(gold, pred) for each.
"""
