"""What a device runs on, as its User-Agent tells."""

from __future__ import annotations

import pytest

from gridserver.api.platforms import platform_of

_LIKE_GECKO = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "platform"),
    [
        (
            f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {_LIKE_GECKO} Chrome/126.0 Safari/537.36",
            "Android · Chrome",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 12; ELS-AN00; wv) {_LIKE_GECKO} Version/4.0 Chrome/99.0",
            "Android · WebView",
        ),
        (
            f"Mozilla/5.0 (Phone; OpenHarmony 5.0) {_LIKE_GECKO} Chrome/114.0 ArkWeb/4.1 Mobile",
            "HarmonyOS · WebView",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "iOS · Safari",
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_LIKE_GECKO} Chrome/126.0 Edg/126.0",
            "Windows · Edge",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
            "Linux · Firefox",
        ),
        ("python-requests/2.32", None),
        ("", None),
    ],
)
def test_a_user_agent_in_two_words(user_agent: str, platform: str | None) -> None:
    assert platform_of(user_agent) == platform
