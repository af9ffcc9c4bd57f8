"""The encoder of a trained model as the start of another one: what it has learned is kept, its head is not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from safetensors import SafetensorError

from ie_cli import config
from ie_cli.errors import IEError
from ie_cli.zoo import char, encoders, manifest, pretrained, tensors
from ie_cli.zoo.encoders import EncoderSettings, TextEncoder

PREFIX = "encoder."  # of its weights in those of a model


def begin(settings: EncoderSettings, folder: Path) -> TextEncoder:
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
    options = encoders.with_options(own.options, settings.options)
    try:
        made = _open(folder, dataclasses.replace(own, options=options, begin=str(folder)))
        weights = tensors.read(folder / manifest.WEIGHTS)
        own_weights = {name.removeprefix(PREFIX): x for name, x in weights.items() if name.startswith(PREFIX)}
        if not own_weights:
            raise IEError(f"{folder}: an exported model cannot be trained; begin with the one that it was made of")
        made.module.load_state_dict(own_weights)
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise IEError(f"{folder}: damaged model folder ({error}); copy or train it again") from None
    except RuntimeError:
        raise IEError(f"{folder}: these encoder.options do not fit its weights; leave them out") from None
    return made


def _open(folder: Path, settings: EncoderSettings) -> TextEncoder:
    """As it is opened for prediction, but with all that training and pre-training may ask of an encoder."""
    if settings.name in encoders.BUILT_IN:
        return char.open(folder, settings)
    return pretrained.open(folder, settings, light=False)
