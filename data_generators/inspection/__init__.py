"""What a labelled set holds, which labels look wrong, and which pictures are there twice: looked at before training."""
