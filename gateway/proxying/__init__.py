"""Step 5: forward it.

The map, from the wire to the wire::

    client.py            the client's connection: aiohttp's server with our parser
      request_reader.py    which bytes belong to which request
      known_heads.py       finds a request head that came before
      request_head.py      reads any other, strictly
      request_body.py      reads its body by its framing, with back-pressure
    forward.py           what goes where, and who carries it: read this first
      request_headers.py   what the upstream receives (hop_by_hop, forwarded, trace)
      response_headers.py  what the client receives (location, set_cookie, ...)
    exchange.py          asks, and repeats where that is safe
      upload.py            the request's body, while it comes
      relay.py             the answer: its head, its body as it comes, its end
      tunnel.py            a WebSocket, after the 101
    upstream/            pooled connections to the upstream
      response_head.py     reads a response head
      response_reader.py   reads one response out of bytes
      connection.py, dial.py, pool.py    the sockets

Rules are pure functions over fields; only client*, exchange, upload, relay, tunnel and
upstream/ do I/O.
"""
