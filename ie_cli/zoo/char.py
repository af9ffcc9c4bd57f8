"""The built-in encoder `char-bilstm`: needs no download, learns its vocabulary from the training texts."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError

from ie_cli import config
from ie_cli.errors import IEError
from ie_cli.nn.char_encoder import CharEncoder
from ie_cli.text import jieba_words
from ie_cli.text.characters import CharacterTokenizer, Vocabulary, build_vocabulary
from ie_cli.zoo import catalogue, tensors
from ie_cli.zoo.encoders import EncoderSettings, TextEncoder, with_options

VOCABULARY, WEIGHTS = "vocabulary.json", "model.safetensors"


@dataclass
class Options:
    """Shape of the encoder.

    Attributes:
        characters, bigrams, words: dimensions of the embeddings of characters, of bigrams and of the
            place in jieba's word.
        lexicon, covers: those of the dictionary words that begin and end here, and of their length.
        min_count, min_bigram_count: how often a symbol must occur in the training texts to be known.
        hidden: size of each LSTM direction.
        layers: BiLSTM layers.
        dropout: on the embeddings and between the layers.
        forget: share of characters and bigrams that are unknown in training, so that the features
            of the dictionary are learned as well.
    """

    characters: int = 200
    bigrams: int = 100
    words: int = 20
    lexicon: int = 24
    covers: int = 8
    min_count: int = 1
    min_bigram_count: int = 3
    hidden: int = 256
    layers: int = 2
    dropout: float = 0.5
    forget: float = 0.1


RANGES = {
    **dict.fromkeys(("characters", "hidden", "layers"), lambda x: x >= 1),
    **dict.fromkeys(("bigrams", "words", "lexicon", "covers", "min_count", "min_bigram_count"), lambda x: x >= 0),
    **dict.fromkeys(("dropout", "forget"), lambda x: 0 <= x < 1),
}


def of_words(options: Options) -> dict[str, tuple[int, int]]:
    """jieba's features -> values and dimension."""
    sizes = {"words": options.words, "begins": options.lexicon, "ends": options.lexicon, "covers": options.covers}
    return {name: (jieba_words.SIZES[name], size) for name, size in sizes.items()}


def create(settings: EncoderSettings, texts: Callable[[], Iterable[str]]) -> TextEncoder:
    """Build the vocabulary from the texts (one pass) and a new encoder on it.

    Raises:
        IEError: an option is not known, or cannot have its value.
    """
    options = _options(settings)
    vocabulary = build_vocabulary(texts(), min_count=options.min_count, min_bigram_count=options.min_bigram_count)
    return _assemble(settings, options, vocabulary)


def save(encoder: TextEncoder, folder: Path) -> None:
    """Write the vocabulary."""
    vocabulary = dataclasses.asdict(encoder.tokenizer.vocabulary)
    (folder / VOCABULARY).write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")


def write(encoder: TextEncoder, folder: Path, bits: int) -> None:
    """Write vocabulary, shape and weights."""
    save(encoder, folder)
    card = {"name": encoder.settings.name, "options": encoder.settings.options}
    (folder / catalogue.CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    tensors.write(tensors.stored(encoder.module.state_dict(), bits), folder / WEIGHTS)


def begin(settings: EncoderSettings, folder: Path) -> TextEncoder:
    """An encoder that begins with what `write` wrote; options that leave its shape alone may be set anew.

    Raises:
        IEError: the folder is damaged, or an option does not fit its weights.
    """
    try:
        card = json.loads((folder / catalogue.CARD).read_text(encoding="utf-8"))
        options = with_options(card["options"], settings.options)
        settings = dataclasses.replace(settings, name=card["name"], options=options, begin=str(folder))
        made = open(folder, settings)
        made.module.load_state_dict(tensors.read(folder / WEIGHTS))
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise IEError(f"{folder}: cannot begin with this encoder: {str(error).splitlines()[0]}") from None
    return made


def open(folder: Path, settings: EncoderSettings) -> TextEncoder:
    """Read what `save` wrote; the weights are new."""
    vocabulary = Vocabulary(**json.loads((folder / VOCABULARY).read_text(encoding="utf-8")))
    return _assemble(settings, _options(settings), vocabulary)


def _options(settings: EncoderSettings) -> Options:
    options = config.build(Options, settings.options, "encoder.options")
    config.check(options, RANGES, {}, "encoder.options")
    return options


def _assemble(settings: EncoderSettings, options: Options, vocabulary: Vocabulary) -> TextEncoder:
    sizes = {
        "ids": (len(vocabulary.characters) + 2, options.characters),
        "bigrams": (len(vocabulary.bigrams) + 2, options.bigrams),
        **of_words(options),
    }
    module = CharEncoder(
        sizes, hidden=options.hidden, layers=options.layers, dropout=options.dropout, forget=options.forget
    )
    settings = dataclasses.replace(settings, mode="characters", options=dataclasses.asdict(options))
    return TextEncoder(CharacterTokenizer(vocabulary), module, settings)
