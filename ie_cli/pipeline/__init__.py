"""Lines in, lines out: what `ie predict` does between its inputs and its output.

A line is read (`lines`), read as a record, predicted and written as a line by a worker (`work`), in
this process or in several (`workers`), and counted as done where the run may be interrupted (`resumable`).
"""
