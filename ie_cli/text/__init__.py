"""The tokenizer layer: text to ids with an exact map back to characters."""
