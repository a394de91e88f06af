"""Who calls, and what of it is believed."""

import azure.functions as func
import pytest

from blueprints.callers import address_of, caller_of, refuse_foreign_pages, token_of
from domain.refusals import ForbiddenError, UnauthorizedError
from settings import Settings


def a_request(url: str = "https://app.example/api/verifications", **headers: str) -> func.HttpRequest:
    """A request with these headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return func.HttpRequest("POST", url, headers=named, body=b"")


@pytest.mark.parametrize(
    ("forwarded", "hops", "address"),
    [
        ("192.0.2.1:4711", 1, "192.0.2.1"),
        ("192.0.2.1", 1, "192.0.2.1"),
        ("198.51.100.1, 192.0.2.1:4711", 1, "192.0.2.1"),
        ("198.51.100.1, 192.0.2.1:4711", 2, "198.51.100.1"),
        ("[2001:db8::1]:4711", 1, "2001:db8::1"),
        ("[2001:db8::1]", 1, "2001:db8::1"),
        ("2001:db8::1", 1, "2001:db8::1"),
        ("192.0.2.1:4711", 2, ""),
        ("spoofed", 1, "spoofed"),
    ],
)
def test_the_address_is_the_one_that_our_own_proxy_saw(forwarded: str, hops: int, address: str) -> None:
    """Counted from the right, without its port; what a client wrote in front of it is hearsay. Threat 17."""
    assert address_of(a_request(X_Forwarded_For=forwarded), hops=hops) == address


def test_without_a_proxy_nobody_has_an_address() -> None:
    """Who came past our proxies shares one budget with all who did."""
    assert address_of(a_request(), hops=1) == ""


@pytest.mark.parametrize("header", ["Bearer " + "a" * 43, "bearer  " + "a" * 43])
def test_a_bearer_is_known_by_the_token(header: str) -> None:
    """The scheme is written in any case."""
    assert token_of(a_request(Authorization=header)) == "a" * 43


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic " + "a" * 43, "Bearer a b", "Bearer \u00e9" + "a" * 42, "a" * 43]
)
def test_anything_else_is_no_token(header: str) -> None:
    """Whoever shows no token is asked for one."""
    with pytest.raises(UnauthorizedError):
        token_of(a_request(Authorization=header))


def test_a_caller_is_known_by_his_function_key() -> None:
    """The key comes in a header or in the URL."""
    assert caller_of(a_request(x_functions_key="k")) == "k"
    assert caller_of(func.HttpRequest("POST", "https://a.example/", params={"code": "c"}, body=b"")) == "c"
    assert caller_of(a_request()) == ""


def test_our_page_is_known_by_the_public_base_and_not_by_the_host_header() -> None:
    """Where the public base is set, a forged host makes nobody ours. Threat 35, 54."""
    settings = Settings({"PublicBaseUrl": "https://app.example/base"})

    refuse_foreign_pages(a_request("http://inside/api", Origin="https://app.example"), settings)
    refuse_foreign_pages(a_request("http://inside/api", Origin="https://app.example:443"), settings)

    for origin in ("http://inside", "http://app.example", "https://app.example.evil", "null", ""):
        with pytest.raises(ForbiddenError):
            refuse_foreign_pages(a_request("http://inside/api", Origin=origin), settings)


def test_a_program_is_no_page() -> None:
    """Programs send neither Origin nor Sec-Fetch-Site."""
    refuse_foreign_pages(a_request(), Settings({}))
