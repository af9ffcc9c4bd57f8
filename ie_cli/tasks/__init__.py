"""Models, one a file. A task module has

    Settings   dataclass of what a recipe may set under `model:`
    Labels     dataclass of what the training records say (label names, rates), and `of`, which counts it
    Model      a `TaskModel` (`_model`), made of (encoder, tokenizer, labels, settings)

A model has

    kind       names the scorer in `ie_cli.scoring`
    codec      a `Codec` (`_codec`), which has no weights: `examples` of a record for training, the `windows` in which
               a text is read, and `assemble`, which makes a record of what the model has decoded in them
    forward    inputs -> outputs;  loss  outputs, batch -> scalar;  decode  outputs, mask -> what is in each window

and hooks that most models leave alone: `collate`, `count_matches`, `pointer_scores` and `cells`, `set_threshold`,
`attach`, `refine`.
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
