"""What of an address is secret: by the names that services give it."""

import pytest

from storage.places.secrets import divided, redacted

AWS = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F2026&X-Amz-Expires=60&X-Amz-Signature=abc"
AZURE = "sv=2024-11-04&st=2026-01-01&se=2026-02-01&sr=b&sp=r&sig=a%2Fb%3D"


@pytest.mark.parametrize(
    "secret",
    [
        AWS, AZURE, "AWSAccessKeyId=AK&Signature=s&Expires=9", "GoogleAccessId=me&Expires=1&Signature=s",
        "X-Goog-Signature=s", "Policy=p&Signature=s&Key-Pair-Id=k", "token=t", "access_token=t", "api_key=k",
        "Authorization=Basic", "password=p", "hdnts=h", "x-amz-security-token=t", "CLIENT_SECRET=s", "jwt=j",
    ],
)  # fmt: skip
def test_what_is_secret_is_set_aside_as_it_was_written(secret: str) -> None:
    assert divided(f"https://host/a.tar?{secret}") == ("https://host/a.tar", secret)
    assert divided(f"https://host/a.tar?versionId=7&{secret}#end") == ("https://host/a.tar?versionId=7#end", secret)


@pytest.mark.parametrize(
    "url",
    ["https://host/a.tar", "https://host/get?file=a.parquet&id=3", "https://host/get?st=oslo&sp=2&page=1", "s3://b/?a"],
)
def test_what_says_which_file_it_is_stays(url: str) -> None:
    assert divided(url) == (url, "")


def test_messages_of_others_lose_their_secrets_and_nothing_else() -> None:
    said = f"403, message='Forbidden', url=URL('https://host/a.tar?versionId=7&{AWS}') (see https://host/b?{AZURE})"
    told = redacted(said)
    assert "abc" not in told and "a%2Fb" not in told and "AK%2F" not in told
    assert told.startswith("403, message='Forbidden', url=URL('https://host/a.tar?versionId=7&X-Amz-Algorithm=…&")
    assert told.endswith("sig=…)")
    assert redacted("is it x=1? token=yes") == "is it x=1? token=yes"  # no address
