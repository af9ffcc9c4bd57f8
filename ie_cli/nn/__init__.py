"""Tensors in, tensors out: heads, losses and layers that know nothing of records or text."""
