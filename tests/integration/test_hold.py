"""Who holds connections and sends heads slowly keeps nobody out (attack 56)."""

from pathlib import Path

from benchmarks.hold import run


async def test_others_are_served_beside_240_idle_connections_and_60_slow_heads(
    tmp_path: Path,
) -> None:
    held = await run(tmp_path, idle=240, slow=60, seconds=1)
    assert held.all_were_served, held.lines()
    assert held.idle == 240
    assert len(held.lines()) == 6
