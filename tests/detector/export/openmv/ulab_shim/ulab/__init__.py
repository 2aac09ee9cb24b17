"""Stands in for the module of OpenMV's firmware, in CPython and in MicroPython alike: only what the board files use of
it is there, as the manual of ulab 6 describes it, and all else raises."""
