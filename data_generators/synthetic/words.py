"""Words, amounts and dates that look like those on a document, for the drawn pages."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_SYLLABLES = (
    "a ab al an ar be ben ber bi bo ca cer chen con da de den der di do du e el en er es ex fa fen fi for ga ge gen "
    "gra ha hen ho i in ing is ka ken ko la le len li lo lu ma men mi mo na ne nis no nung o on or pa pe per po pra "
    "ra re ren ri ro sa schu se sen si so sta sti str ta te ten ter ti tion to tra tri u um un ur va ve ver vi vo wa "
    "we wer wi zu ä ö ü é"
)
_TITLES = (
    "INVOICE RECEIPT CERTIFICATE REGISTRATION STATEMENT CONTRACT NOTICE REPORT ORDER DELIVERY PERMIT LICENCE MINUTES "
    "SUMMARY PROGRAMME MENU TICKET APPLICATION DECLARATION CONFIRMATION"
)
SYLLABLES, TITLES, CAPITALS = _SYLLABLES.split(), _TITLES.split(), "ABCDEFGHJKLMNPRSTUVWXYZ"


def make_word(rng: np.random.Generator) -> str:
    """One word of one to four syllables, at times capitalised."""
    picks = rng.integers(0, len(SYLLABLES), size=int(rng.integers(1, 5)))
    word = "".join(SYLLABLES[pick] for pick in picks)
    return word.capitalize() if rng.random() < 0.2 else word


def make_words(rng: np.random.Generator, count: int) -> list[str]:
    """`count` words, some of them numbers or with a comma or a full stop."""
    words = [make_word(rng) if roll > 0.06 else str(rng.integers(1, 3000)) for roll in rng.random(count)]
    marks = rng.random(count)
    return [
        word + ("," if mark < 0.08 else "." if mark < 0.15 else "") for word, mark in zip(words, marks, strict=True)
    ]


def make_amount(rng: np.random.Generator) -> str:
    """An amount of money such as `142.50`."""
    return f"{rng.integers(1, 2000)}.{rng.integers(0, 100):02d}"


def make_date(rng: np.random.Generator) -> str:
    """A date such as `07.03.2019`."""
    return f"{rng.integers(1, 29):02d}.{rng.integers(1, 13):02d}.{rng.integers(1990, 2027)}"


def make_code(rng: np.random.Generator, length: int = 8) -> str:
    """A code of capitals and digits, as on a number plate or a serial number."""
    alphabet = CAPITALS + "0123456789"
    return "".join(alphabet[pick] for pick in rng.integers(0, len(alphabet), size=length))


def make_title(rng: np.random.Generator) -> str:
    """The title of a document, in capitals."""
    return TITLES[int(rng.integers(len(TITLES)))]


def make_by_pattern(rng: np.random.Generator, pattern: str) -> str:
    """A value that follows a pattern.

    Args:
        rng: the value follows from it.
        pattern: `A` stands for a capital, `9` for a digit, `w` for a capitalised word, `W` for a word in capitals, `d`
            for a date; every other character stands for itself.

    Returns:
        The value, e.g. `K-TX 407` for `A-AA 999`.
    """
    makers: dict[str, Callable[[], str]] = {
        "A": lambda: CAPITALS[int(rng.integers(len(CAPITALS)))],
        "9": lambda: str(rng.integers(10)),
        "w": lambda: make_word(rng).capitalize(),
        "W": lambda: make_word(rng).upper(),
        "d": lambda: make_date(rng),
    }
    return "".join(makers[mark]() if mark in makers else mark for mark in pattern)
