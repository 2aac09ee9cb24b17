"""ulab.numpy as its manual describes it, in pure Python: one dimension, floats of 32 bits.

What the manual does not promise raises: other functions, keyword arguments and types; scalars on the left of a
comparison; arithmetic of integers, which overflows on the board.
"""

import array as arrays
import math

uint8, int8, int16, float = "B", "b", "h", "f"


class ndarray:
    """Numbers in a row; a slice is a view of them."""

    def __init__(self, data, dtype, places=None):
        self._data, self._dtype = data, dtype
        self._places = range(len(data)) if places is None else places

    def flatten(self):
        return ndarray(arrays.array(self._dtype, list(self)), self._dtype)

    def tobytes(self):
        return bytearray(arrays.array(self._dtype, list(self)))

    def __len__(self):
        return len(self._places)

    def __iter__(self):
        return iter([self._data[place] for place in self._places])

    def __getitem__(self, key):
        if isinstance(key, slice):
            start, stop, step = key.start or 0, key.stop, key.step or 1
            stop = len(self) if stop is None or stop > len(self) else stop
            return ndarray(self._data, self._dtype, [self._places[index] for index in range(start, stop, step)])
        return self._data[self._places[key]]

    def __setitem__(self, key, value):
        assert isinstance(key, slice), "only slices are assigned to"
        for place in self[key]._places:
            self._data[place] = value

    def _combined(self, other, act):
        if self._dtype != "f" and (not isinstance(other, ndarray) or other._dtype != "f"):
            assert not isinstance(other, (int, ndarray)), "arithmetic of integers overflows on the board"
        others = other if isinstance(other, ndarray) else [other] * len(self)
        assert len(self) == len(others), "the arrays have different lengths"
        return _floats([act(one, two) for one, two in zip(self, others)])

    def __add__(self, other):
        return self._combined(other, lambda one, two: one + two)

    def __sub__(self, other):
        return self._combined(other, lambda one, two: one - two)

    def __mul__(self, other):
        return self._combined(other, lambda one, two: one * two)

    def __truediv__(self, other):
        return self._combined(other, lambda one, two: one / two)

    def __radd__(self, other):
        return self._combined(other, lambda one, two: two + one)

    def __rtruediv__(self, other):
        return self._combined(other, lambda one, two: two / one)

    def _compared(self, other, act):
        others = other if isinstance(other, ndarray) else [other] * len(self)
        return ndarray(arrays.array("B", [act(one, two) for one, two in zip(self, others)]), "bool")

    def __ge__(self, other):
        return self._compared(other, lambda one, two: one >= two)

    def __gt__(self, other):
        return self._compared(other, lambda one, two: one > two)

    def __eq__(self, other):
        return self._compared(other, lambda one, two: one == two)


def _floats(values):
    return ndarray(arrays.array("f", values), "f")


def array(values, *, dtype=float):
    values = [int(value) for value in values] if dtype != "f" else list(values)
    return ndarray(arrays.array(dtype, values), dtype)


def ones(count):
    return _floats([1.0] * count)


def exp(values):
    assert isinstance(values, ndarray)
    return _floats([math.exp(value) for value in values])


def clip(values, low, high):
    return _floats([low if value < low else high if value > high else value for value in values])


def _pairs(one, two, act):
    assert isinstance(one, ndarray)
    others = two if isinstance(two, ndarray) else [two] * len(one)
    return _floats([act(*pair) for pair in zip(one, others)])


def minimum(one, two):
    return _pairs(one, two, lambda a, b: b if b < a else a)


def maximum(one, two):
    return _pairs(one, two, lambda a, b: b if b > a else a)


def where(condition, yes, no):
    assert condition._dtype == "bool"
    sides = [side if isinstance(side, ndarray) else [side] * len(condition) for side in (yes, no)]
    return _floats([a if chosen else b for chosen, a, b in zip(condition, *sides)])


def flip(values):
    return ndarray(arrays.array(values._dtype, list(reversed(list(values)))), values._dtype)


def max(values):
    assert isinstance(values, ndarray)
    best = values[0]
    for value in values:
        best = value if value > best else best
    return best


def argmax(values):
    place, best = 0, values[0]
    for index, value in enumerate(values):
        if value > best:
            place, best = index, value
    return place


def sum(values):
    total = 0.0
    for value in values:
        total += value
    return total
