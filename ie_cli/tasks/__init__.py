"""Models, one a file. A task module has

    Settings   dataclass of what a recipe may set under `model:`
    Labels     what is learned from the training records (label names, priors)
    Model      kind, examples, collate, forward, loss, decode, assemble

`kind` names the scorer in `ie_cli.scoring`.
"""

# Kind of a model -> what its training records must have. Links are in the entities, if anywhere.
NEEDS = {"ner": "entities", "relations": "relations", "events": "events"}
LINKS = "links"  # which are in the entities
# What records are annotated for -> the model for it. For records with several it is that of the first one here.
DEFAULTS = {
    "events": "event_gplinker",
    "relations": "relation_gplinker",
    LINKS: "link_pair",
    "entities": "ner_pointer",
}
