"""Where the shared real data lie; a test that needs them is skipped where they are missing."""

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared real data are not beside the repository")
    return SHARED_DATA
