"""Parts of `peers.py`: the workers that train and ask each network, the judge that is the same for all, the table."""
