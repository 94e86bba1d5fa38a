"""The life of an order."""

from __future__ import annotations

from gridserver.base.lifecycle import Lifecycle

#: A reminder changes nothing but when each was told; after recall or close there is none.
ORDER = Lifecycle(
    states=("issued", "recalled", "closed"),
    transitions={
        ("issued", "remind"): "issued",
        ("issued", "recall"): "recalled",
        ("issued", "close"): "closed",
    },
)
