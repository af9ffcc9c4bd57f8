"""Pre-training of encoders on raw text: masked characters, and distillation from a larger encoder."""
