"""What a device runs on, as its User-Agent tells: a label for people, never a ground to decide."""

from __future__ import annotations

# The first that the header holds. Every browser names those whose pages it wants to be served, so
# the order matters (RFC 9110, 10.1.5 warns of this).
_SYSTEMS = (
    ("OpenHarmony", "HarmonyOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_BROWSERS = (
    ("; wv)", "WebView"),
    ("ArkWeb", "WebView"),
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)


def platform_of(user_agent: str) -> str | None:
    """Return such as ``Android · Chrome``; None for a program that names neither."""
    named = [
        next((label for mark, label in table if mark in user_agent), None)
        for table in (_SYSTEMS, _BROWSERS)
    ]
    return " · ".join(filter(None, named)) or None
