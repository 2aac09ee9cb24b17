"""Arduino libraries: the network as an array, and pre- and post-processing in C++11 without heap."""
