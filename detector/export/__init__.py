"""What leaves the house: LiteRT files whose reported figures are measured through LiteRT. The floor of TensorFlow."""
