"""When Logto's answer was sent, as its Date says."""

import time
from collections.abc import Iterator

import pytest

from gateway.checking.logto import seconds_of

WRITTEN = 784_111_777.0  # the example of RFC 9110 section 5.6.7


@pytest.fixture(params=["UTC0", "EST5EDT,M3.2.0,M11.1.0", "IST-5:30"])
def _zone(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Have the machine be there."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_zone")
@pytest.mark.parametrize(
    "date",
    [
        pytest.param("Sun, 06 Nov 1994 08:49:37 GMT", id="as all send it"),
        pytest.param("Sunday, 06-Nov-94 08:49:37 GMT", id="RFC 850"),
        pytest.param("Sun Nov  6 08:49:37 1994", id="asctime"),
        pytest.param("Sun, 06 Nov 1994 08:49:37 -0000", id="of no zone"),
    ],
)
def test_a_date_is_of_utc_wherever_the_machine_is(date: str) -> None:
    assert seconds_of(date) == WRITTEN


@pytest.mark.parametrize("date", ["", "0", "today", "Sun, 99 Nov 1994 08:49:37 GMT"])
def test_what_is_no_date_is_none(date: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - email.utils has no other
        seconds_of(date)
