"""Made-up photos, and how a device sends one."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cache

from PIL import Image


@dataclass(frozen=True)
class Photo:
    """A content with its hash."""

    content: bytes
    media_type: str = "image/jpeg"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def announcement(self) -> dict[str, object]:
        return {"sha256": self.sha256, "size": len(self.content), "media_type": self.media_type}

    def pieces(self, size: int) -> list[tuple[int, bytes]]:
        """Return the content's pieces with their offsets."""
        starts = range(0, len(self.content), size)
        return [(start, self.content[start : start + size]) for start in starts]


@cache
def photo(shade: int = 0, *, side: int = 64, kind: str = "JPEG") -> Photo:
    """Return a photo of noise, which hardly shrinks; each shade is another one."""
    noise = Image.effect_noise((side, side), 80 + shade).convert("RGB")
    file = io.BytesIO()
    noise.save(file, kind, quality=95)
    return Photo(file.getvalue(), f"image/{kind.lower()}")
