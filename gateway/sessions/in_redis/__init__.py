"""Sessions in Redis or Valkey: the cookie holds a reference to what is there."""
