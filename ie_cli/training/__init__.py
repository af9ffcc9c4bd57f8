"""Training: settings, data, batches and the loop, which yields what happens and prints nothing."""
