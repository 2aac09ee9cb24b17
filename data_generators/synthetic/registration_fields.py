"""The fields of a vehicle registration certificate, and how their values look; `certificates` prints them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# formats of registration numbers, one row a country
PLATES = (
    ("A-AA 999", "AA-A 9999", "AA-AA 999", "AAA-AA 99", "A-AA 9999"),
    ("AA99 AAA",),
    ("AA-999-AA",),
    ("AA 999 AA",),
    ("99-AAA-9", "AA-999-A", "9-AAA-99"),
    ("9999 AAA",),
    ("AA 99999", "AAA 9999"),
    ("A-99999 A", "AA-999 AA"),
    ("9AA-999", "1-AAA-999"),
)


@dataclass(frozen=True)
class FieldKind:
    """A field of the harmonised certificate (Council Directive 1999/37/EC, annexes I and II).

    Args:
        name: what callers ask for.
        code: the harmonised code that is printed beside it.
        width: share of the panel's width.
        patterns: how its values look, see `words.make_by_pattern`; empty for the registration number, whose patterns
            are the country's.
    """

    name: str
    code: str
    width: float
    patterns: tuple[str, ...] = ()


FIELDS = (
    FieldKind("registration_number", "A", 0.5),
    FieldKind("first_registration", "B", 0.5, ("d",)),
    FieldKind("holder", "C.1.1", 1.0, ("W", "W GMBH", "W-W")),
    FieldKind("given_names", "C.1.2", 1.0, ("w", "w w")),
    FieldKind("address", "C.1.3", 1.0, ("w 99, 99999 w", "99999 w, w 9")),
    FieldKind("make", "D.1", 0.5, ("W",)),
    FieldKind("type", "D.2", 0.5, ("A9", "AA999", "9A/A99")),
    FieldKind("model", "D.3", 0.5, ("w", "w 9.9", "AA 999")),
    FieldKind("vin", "E", 1.0, ("AAAZZZ9AZ9A999999", "AAA9A9999AA999999")),
    FieldKind("max_mass", "F.1", 0.25, ("9999", "999")),
    FieldKind("mass", "G", 0.25, ("9999", "999")),
    FieldKind("registered_on", "I", 0.5, ("d",)),
    FieldKind("category", "J", 0.25, ("A9", "A9A")),
    FieldKind("approval", "K", 0.75, ("e9*9999/99*9999*99",)),
    FieldKind("capacity", "P.1", 0.25, ("9999", "999")),
    FieldKind("power", "P.2", 0.25, ("99", "999")),
    FieldKind("fuel", "P.3", 0.5, ("W",)),
    FieldKind("colour", "R", 0.25, ("W",)),
    FieldKind("seats", "S.1", 0.25, ("9",)),
    FieldKind("emissions", "V.7", 0.25, ("999",)),
)
NAMES = frozenset(kind.name for kind in FIELDS)
TITLES = (
    "Registration Certificate",
    "REGISTRATION CERTIFICATE PART I",
    "Zulassungsbescheinigung Teil II",
    "CERTIFICAT D'IMMATRICULATION",
    "Carta di circolazione",
    "KENTEKENBEWIJS",
    "Permiso de circulación",
    "DOWÓD REJESTRACYJNY",
)


def order_fields(rng: np.random.Generator) -> list[FieldKind]:
    """The fields in their usual order; on some forms the registration number comes later."""
    fields = list(FIELDS)
    if rng.random() < 0.4:
        fields.insert(int(rng.integers(1, 9)), fields.pop(0))
    return fields
