"""The seven steps of the procedure's step 3, as far as more is said of them than that a box is ticked. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from deploylog.model import CHECKLIST, Deployment

MAINTENANCE_ON, DEPLOYED, MAINTENANCE_OFF = "Maintenance on", "Deployed", "Maintenance off"
_PARTICULAR = ("AM", "PAM")
"""Products whose customers' systems are validated with particular attention (procedure, step 3)."""


def left_to_tick(row: Deployment) -> tuple[str, ...]:
    """The boxes that still ask for something; those of the maintenance mode only where it is necessary.

    It was not, where it was deployed without; and only what was put into it has to be taken out.
    """
    needless = set()
    if DEPLOYED in row.checked:
        needless.add(MAINTENANCE_ON)
    if MAINTENANCE_ON not in row.checked:
        needless.add(MAINTENANCE_OFF)
    return tuple(name for name in CHECKLIST if name not in row.checked and name not in needless)


def left_in_maintenance(row: Deployment) -> bool:
    """Whether the console was put into maintenance mode and, by the boxes, not taken out again."""
    return MAINTENANCE_ON in row.checked and MAINTENANCE_OFF not in row.checked


def stressed_products(products: Iterable[str]) -> tuple[str, ...]:
    """`AM`, `PAM`: those of a customer's products that call for particular attention."""
    words = {word.upper() for one in products for word in re.findall(r"\w+", one)}
    return tuple(name for name in _PARTICULAR if name in words)
