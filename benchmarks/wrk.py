"""Drives requests with wrk, and reads what it counted."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.proxies import Proxy

# More than one Cookie field value: a request takes the next, and then the first again.
_SCRIPT = """
wrk.method = {method}
wrk.body = {body}
local fields = {{ {fields} }}
for name, value in pairs(fields) do wrk.headers[name] = value end
local cookies = {{ {cookies} }}
local requests, at = {{}}, 0
function init(args)
  for i = 1, math.max(#cookies, {variants}) do
    wrk.headers["Cookie"] = cookies[(i - 1) % #cookies + 1]
    local path = wrk.path
    if {only_paths} then
      path = path .. i
    elseif {variants} > 1 then
      path = path .. "?n=" .. i
      wrk.headers["Referer"] = "http://127.0.0.1/page/" .. i
      wrk.headers["If-None-Match"] = "\\"" .. i .. "\\""
    end
    requests[i] = wrk.format(nil, path)
  end
end
"""
COUNTED = """
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests,
    summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""

# Requests that differ in more than that: each a method, a path, a Host and a Cookie.
PREPARED = (
    """
local prepared = {{
{requests}
}}
local requests, at = {{}}, 0
function init(args)
  for i, each in ipairs(prepared) do
    requests[i] = wrk.format(each[1], each[2],
      {{Host = each[3], Cookie = each[4], ["Sec-Fetch-Site"] = "same-origin"}})
  end
end
"""
    + COUNTED
)


class Wrong(Exception):  # noqa: N818 - says what is the case
    """A proxy that answers otherwise than it should."""


@dataclass(frozen=True, slots=True)
class Load:
    """The requests of a case; *cookies* are joined with the proxy's own.

    Of *variants*, one after the other, each has a query, a Referer and an
    If-None-Match of its own; with *only_paths* a path of its own, and nothing else.
    """

    path: str
    connections: int = 64
    method: str = "GET"
    fields: tuple[tuple[str, str], ...] = ()
    cookies: str = ""
    body: str = ""
    variants: int = 1
    only_paths: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """What wrk counted; times in seconds."""

    requests: int
    seconds: float
    p50: float
    p99: float


async def drive(
    proxy: Proxy, load: Load, seconds: float, folder: Path, own: Sequence[str]
) -> Counted:
    """Send *load* to *proxy* for *seconds*, with the *own* cookies in turn.

    Raises Wrong when a request failed.
    """
    script = folder / "load.lua"
    script.write_text(_script(load, own))
    return await run(f"{proxy.origin}{load.path}", script, load.connections, seconds)


async def run(url: str, script: Path, connections: int, seconds: float) -> Counted:
    """Run *script* against *url* for *seconds*.  Raises Wrong when a request failed."""
    process = await asyncio.create_subprocess_exec(
        "wrk",
        f"--connections={connections}",
        "--threads=1",
        f"--duration={max(1, round(seconds))}s",
        "--timeout=10s",
        f"--script={script}",
        url,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    for line in said.decode().splitlines():
        if line.startswith("RESULT "):
            requests, duration, errors, p50, p99 = map(int, line.split()[1:])
            if errors or not requests:
                raise Wrong(f"{errors} of {requests} requests failed")
            return Counted(requests, duration / 1e6, p50 / 1e6, p99 / 1e6)
    raise Wrong("wrk ended without a result")


def _script(load: Load, own: Sequence[str]) -> str:
    cookies = [_joined(cookie, load.cookies) for cookie in own]
    return (_SCRIPT + COUNTED).format(
        variants=load.variants,
        only_paths=json.dumps(load.only_paths),
        method=json.dumps(load.method),
        body=json.dumps(load.body) if load.body else "nil",
        fields=", ".join(
            f"[{json.dumps(name)}] = {json.dumps(value)}" for name, value in load.fields
        ),
        cookies=", ".join(json.dumps(cookie) for cookie in cookies),
    )


def _joined(own: str, others: str) -> str:
    """Return a Cookie field: *others*, ours in their midst."""
    before, _, after = others.partition("; ")
    return "; ".join(part for part in (before, own, after) if part)
