"""What a category is: a broad class, and below it up to four levels of a code table. Pure."""

from __future__ import annotations

from typing import Literal, get_args

#: The broad classes, in the bureau's order. Each is also the code of a category, for what is not
#: known more closely.
BroadClass = Literal[
    "criminal", "public_order", "traffic", "dispute", "help", "report", "complaint", "other"
]
BROAD_CLASSES: tuple[BroadClass, ...] = get_args(BroadClass)

#: Levels of a code table, from its top categories down.
LEVELS = 4
