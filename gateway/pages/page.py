"""Every page of ours, as a value that knows what it says."""

from gateway.pages.account import Account, AccountSignedOut
from gateway.pages.bearers import (
    BearerForbidden,
    BearerInvalid,
    BearerOdd,
    BearerPage,
    BearerRequired,
    BearerUndecided,
    TooManyBearers,
)
from gateway.pages.failures import (
    InternalError,
    SessionsAway,
    SessionTooLarge,
    UpstreamAway,
)
from gateway.pages.organizations import (
    ChooseOrganization,
    NoOrganization,
    OrganizationRequired,
)
from gateway.pages.refusals import (
    BadRequest,
    CrossSite,
    Forbidden,
    ForProxiesOnly,
    MethodNotAllowed,
    NotFound,
    OnlyForwardAuth,
    UnknownHost,
)
from gateway.pages.signing_in import (
    Arriving,
    ProviderAway,
    SignInFailed,
    SignInFrame,
    SignInLoop,
    SignInMissing,
    SignInRequired,
)
from gateway.pages.signing_in_again import (
    AnotherPerson,
    SignInNotRepeated,
    SignInTooOld,
)
from gateway.pages.signing_out import AskSignOut, SignedOut
from gateway.pages.too_many import (
    TooManyRequests,
    TooManySignIns,
    TooManyUpgrades,
)

__all__ = [
    "Account",
    "AccountSignedOut",
    "AnotherPerson",
    "Arriving",
    "AskSignOut",
    "BadRequest",
    "BearerForbidden",
    "BearerInvalid",
    "BearerOdd",
    "BearerRequired",
    "BearerUndecided",
    "ChooseOrganization",
    "CrossSite",
    "ForProxiesOnly",
    "Forbidden",
    "InternalError",
    "MethodNotAllowed",
    "NoOrganization",
    "NotFound",
    "OnlyForwardAuth",
    "OrganizationRequired",
    "Page",
    "ProviderAway",
    "SessionTooLarge",
    "SessionsAway",
    "SignInFailed",
    "SignInFrame",
    "SignInLoop",
    "SignInMissing",
    "SignInNotRepeated",
    "SignInRequired",
    "SignInTooOld",
    "SignedOut",
    "TooManyBearers",
    "TooManyRequests",
    "TooManySignIns",
    "TooManyUpgrades",
    "UnknownHost",
    "UpstreamAway",
]

Page = (
    SignedOut
    | AskSignOut
    | SignInFailed
    | SignInMissing
    | SignInLoop
    | ProviderAway
    | Arriving
    | SignInFrame
    | SignInRequired
    | SignInTooOld
    | SignInNotRepeated
    | AnotherPerson
    | Forbidden
    | ChooseOrganization
    | OrganizationRequired
    | NoOrganization
    | BearerPage
    | CrossSite
    | ForProxiesOnly
    | OnlyForwardAuth
    | UpstreamAway
    | NotFound
    | MethodNotAllowed
    | BadRequest
    | UnknownHost
    | TooManyRequests
    | TooManySignIns
    | TooManyUpgrades
    | SessionTooLarge
    | SessionsAway
    | Account
    | AccountSignedOut
    | InternalError
)
