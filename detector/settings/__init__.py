"""The parts of a config: settings of data, network, training, export, search, each a validated object."""
