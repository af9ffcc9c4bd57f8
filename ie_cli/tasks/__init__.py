"""Models, one a file. A task module has

    Settings   dataclass of what a recipe may set under `model:`
    Labels     what is learned from the training records (label names, priors)
    Model      kind, examples, collate, forward, loss, decode, assemble

`kind` names the scorer in `ie_cli.scoring`.
"""
