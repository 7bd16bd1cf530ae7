"""A session that does not fit where it is to be kept."""


class SessionTooLarge(Exception):  # noqa: N818 -- says what is the case
    """A session that does not fit into the cookies it may take; sizes in bytes."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"the session takes {size} bytes of cookies, and session.max_cookie_size"
            f" allows {limit}: raise it, ask for fewer claims, or keep sessions in"
            ' Redis (session.store = "redis")'
        )
        self.size = size
        self.limit = limit
