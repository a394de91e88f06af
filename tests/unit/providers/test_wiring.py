"""Which provider needs which setting, and when."""

from __future__ import annotations

import subprocess
import sys

import pytest

from domain.errors import SettingError
from providers.wiring import Providers
from settings import Settings
from tools.azurite import ROOT
from tools.local_settings import fresh_key

UNCOUNTED = {
    "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
    "SmsProvider": "console",
    "VerificationKey": fresh_key(),
    "SendsPerPrefix": "off",
    "SendsInAll": "off",
}


def test_a_send_that_nobody_counts_needs_no_storage() -> None:
    """With both limits off a verification by an operator works without a storage account."""
    Providers(Settings(UNCOUNTED)).check_sending()


@pytest.mark.parametrize("limit", ["SendsPerPrefix", "SendsInAll"])
@pytest.mark.parametrize("storage", [None, "malformed"])
def test_a_send_that_is_counted_is_refused_without_its_storage(limit: str, storage: str | None) -> None:
    """Nothing is started in vain: the start says which setting it is, not the activity an hour later."""
    environ = {**UNCOUNTED, limit: "10/1h", "AzureWebJobsStorage": storage or ""}

    with pytest.raises(SettingError, match="AzureWebJobsStorage"):
        Providers(Settings(environ)).check_sending()


def test_the_client_of_tables_is_loaded_by_whoever_counts() -> None:
    """It is large: a host that counts nothing does without."""
    code = (
        "import sys; from providers.wiring import Providers; from settings import Settings; "
        f"wired = Providers(Settings({UNCOUNTED!r})); wired.check_sending(); wired.gates; "
        "sys.exit('azure.data.tables' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
