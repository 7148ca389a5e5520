"""Policies: data sets from episodes, training, checkpoints, inference; the node that serves them."""
