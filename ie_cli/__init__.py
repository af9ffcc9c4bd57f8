"""ie: a command-line toolkit for Chinese information extraction."""

__version__ = "0.1.0"
