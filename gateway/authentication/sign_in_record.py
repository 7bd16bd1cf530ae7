"""What the SDK noted when a sign-in began: the one place that knows its shape."""

from dataclasses import dataclass, field

from gateway.authentication.errors import SignInRefused
from gateway.authentication.strict_json import NotStrictJson, parse_object


@dataclass(frozen=True, slots=True)
class SignInRecord:
    """The SDK's ``signInSession``: it holds the PKCE verifier, so it is a secret."""

    state: str = field(repr=False)
    code_verifier: str = field(repr=False)
    callback: str

    def check_callback(self, callback: str) -> None:
        """Raise SignInRefused where the sign-in was to come back to another address.

        The SDK compares paths only; a sign-in of one host is not for another.
        """
        if callback != self.callback:
            raise SignInRefused(
                "The answer came back to another address.", "state_mismatch"
            )


def read_record(sign_in_session: str) -> SignInRecord:
    """Return what is in *sign_in_session*; raises SignInRefused where it is not one."""
    try:
        record = parse_object(sign_in_session.encode())
    except NotStrictJson:
        record = {}
    match record:
        case {
            "state": str(state),
            "codeVerifier": str(code_verifier),
            "redirectUri": str(callback),
        } if state and code_verifier:
            return SignInRecord(state, code_verifier, callback)
        case _:
            raise SignInRefused(
                "What was noted when the sign-in began cannot be read.",
                "state_mismatch",
            )
