from pathlib import Path

import pytest

from fer_transfer.console.errors import InputError
from fer_transfer.fetching import addresses


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("fer2013.csv", "fer2013.csv"),
        ("/data/fer2013.csv", "/data/fer2013.csv"),
        ("~/fer2013.csv", str(Path.home() / "fer2013.csv")),
        ("file://localhost/data/fer2013.csv", "/data/fer2013.csv"),
        ("https:/example.org", "https:/example.org"),
    ],
)
def test_a_path_or_file_address_is_a_path(address, path):
    assert str(addresses.local_path(address)) == str(Path(path))


@pytest.mark.parametrize(
    "address",
    ["https://example.org/a.csv", "HTTPS://EXAMPLE.org/a", "http://127.0.0.1:80/a", "http://localhost/a"],
)  # fmt: skip
def test_https_is_on_the_web_and_http_on_this_machine_alone(address):
    assert addresses.local_path(address) is None


REFUSED = {
    "http": ("http://example.org/a.csv", "starts with https://"),
    "http to a name like ours": ("http://localhost.example.org/a", "starts with https://"),
    "s3": ("s3://bucket/fer2013.csv", "starts with https://"),
    "another machine's file": ("file://server/a.csv", "starts with https://"),
    "no host": ("https:///a.csv", "starts with https://"),
    "no address after all": ("https://[::1/a", "Invalid address or path"),
    "a home of nobody": ("~nobody-of-that-name/a.csv", "Invalid address or path"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_an_address_that_cannot_be_used_is_an_error(name):
    address, message = REFUSED[name]
    with pytest.raises(InputError) as caught:
        addresses.local_path(address)
    assert message in str(caught.value)
    assert f"`{address}`" in str(caught.value)


@pytest.mark.parametrize("user", ["me:hunter2", ":hunter2", "hunter2"])
def test_a_password_in_an_address_is_refused_and_not_repeated(user):
    message = r"on example\.org holds a name or pass"
    with pytest.raises(InputError, match=message) as caught:
        addresses.local_path(f"https://{user}@example.org/a.csv")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.org/a/b%20c.csv?d=/e.zip#f", "b c.csv"),
        ("https://example.org", "download"),
        ("https://example.org/a%2F..%2F..%2Fevil", "evil"),
        ("https://example.org/a/%2E%2E", "download"),
    ],
)
def test_the_name_of_a_fetched_file_never_leads_out_of_its_folder(address, name):
    assert addresses.file_name(address) == name
