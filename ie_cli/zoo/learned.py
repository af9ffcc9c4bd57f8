"""The encoder of a trained model as the start of another one: what it has learned is kept, its head is not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from safetensors import SafetensorError

from ie_cli import config
from ie_cli.errors import IEError
from ie_cli.zoo import encoders, manifest, tensors
from ie_cli.zoo.encoders import EncoderSettings, TextEncoder

PREFIX = "encoder."  # of its weights in those of a model


def create(settings: EncoderSettings, folder: Path) -> TextEncoder:
    """The encoder of the model in a folder, with its weights; options that leave its shape alone may be set anew.

    Raises:
        IEError: the model is damaged, reads the text in another mode, was exported, or does not fit the options.
    """
    content = manifest.read(folder)
    manifest.check_files(folder, content)
    with config.naming(folder / manifest.MANIFEST):
        own = config.build(EncoderSettings, content["encoder"], "encoder")
    if settings.mode not in ("auto", own.mode):
        raise IEError(f"{folder}: its encoder reads {own.mode}, not {settings.mode}; leave encoder.mode out")
    wanted = dataclasses.replace(own, options=own.options | settings.options, begin=str(folder))
    made = encoders.open_encoder(folder, wanted)
    try:
        weights = tensors.read(folder / manifest.WEIGHTS)
        own_weights = {name.removeprefix(PREFIX): x for name, x in weights.items() if name.startswith(PREFIX)}
        if not own_weights:
            raise IEError(f"{folder}: an exported model cannot be trained; begin with the one that it was made of")
        made.module.load_state_dict(own_weights)
    except (SafetensorError, OSError) as error:
        raise IEError(f"{folder}: damaged model folder ({error}); copy or train it again") from None
    except RuntimeError:
        raise IEError(f"{folder}: these encoder.options do not fit its weights; leave them out") from None
    return made
