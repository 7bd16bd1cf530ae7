"""What is open is remembered as in use, within bounds."""

from gateway.sessions.last_seen import LastSeen

NOW, LASTING = 1_800_000_000, 3600


def test_it_never_goes_back() -> None:
    seen = LastSeen(LASTING)
    assert seen.at("id") == 0
    seen.saw("id", NOW + 5.9)
    seen.saw("id", NOW)
    assert seen.at("id") == NOW + 5
    assert seen.at("other") == 0


def test_what_was_not_in_use_for_long_is_forgotten() -> None:
    seen = LastSeen(LASTING)
    seen.saw("old", NOW)
    seen.saw("new", NOW + LASTING - 1)
    assert seen.at("old") == NOW
    seen.saw("new", NOW + LASTING)
    assert (seen.at("old"), len(seen)) == (0, 1)


def test_where_there_are_too_many_the_longest_ago_is_forgotten() -> None:
    seen = LastSeen(LASTING, limit=100)
    for number in range(1000):
        seen.saw(str(number), NOW)
        seen.saw("0", NOW)
        assert len(seen) <= 100
    assert seen.at("0") == seen.at("999") == NOW
    assert seen.at("899") == 0


def test_what_was_in_use_since_a_moment_is_told() -> None:
    seen = LastSeen(LASTING)
    seen.saw("old", NOW)
    seen.saw("new", NOW + 10)
    seen.saw("newest", NOW + 20.5)
    assert seen.since(NOW + 10.9) == [("newest", NOW + 20), ("new", NOW + 10)]
    assert len(seen.since(0)) == 3
    seen.saw("old", NOW + 30)
    assert seen.since(NOW + 30) == [("old", NOW + 30)]
