"""What is told about a request: values for people's eyes, and for programs as JSON."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Considered:
    """One route of the file, in its order, and why it is or is not the one."""

    route: str
    chosen: bool
    why: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition of ``allow``, in its order; *unmet* says what does not match."""

    says: str
    met: bool
    unmet: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What becomes of nearly the same request: *when* it differs so."""

    when: str
    then: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of the request; the words are those of the log.

    *decision* is ``permit``, ``sign_in``, ``forbid``, ``own`` or ``refused``; *status*
    is that of the gateway's own answer, None where the application answers.
    """

    decision: str
    status: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that ``gateway explain`` says; what did not come up is empty.

    *headers* are those that the gateway itself sets, in the form in which they are
    sent; *upstream* and *target* are where and what it asks. *note* says why what was
    shown counts for nothing there.
    """

    method: str
    url: str
    signed_in_as: str | None
    considered: tuple[Considered, ...]
    route: str
    access: str
    rules: tuple[Rule, ...]
    outcome: Outcome
    note: str = ""
    upstream: str = ""
    target: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    otherwise: tuple[Otherwise, ...] = ()
