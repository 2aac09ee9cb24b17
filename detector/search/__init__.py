"""Experiments on the size of a network: single trials, sweeps over a space of settings, ladders."""
