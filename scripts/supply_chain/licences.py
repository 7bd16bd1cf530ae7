"""Under which licences are the packages that the gateway is shipped with?"""

import re
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from scripts.supply_chain.allowed import Finding
from scripts.supply_chain.pinned import Pinned

# What may be shipped with a work under Apache-2.0 as it is.
GOOD = frozenset({
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0",
    "MPL-2.0", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
})  # fmt: skip
# What older metadata says instead of an identifier of SPDX.
_WORDS = {
    "apache 2": "Apache-2.0", "apache 2.0": "Apache-2.0",
    "apache license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0", "apache software license": "Apache-2.0",
    "bsd license": "BSD-3-Clause", "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}  # fmt: skip


def findings(pinned: Sequence[Pinned]) -> Iterator[Finding]:
    """Yield those of *pinned* whose licence is not good, as far as they are here."""
    for one in pinned:
        try:
            stated = licence(distribution(one.name))
        except PackageNotFoundError:
            continue
        if not is_good(stated):
            what = f"its licence is {stated or 'not stated'}"
            yield Finding("licence", one.name, one.version, what)


def licence(package: Distribution) -> str:
    """Return what *package* says of its licence, "" where it says nothing."""

    def first(field: str) -> str:
        return str((package.metadata.get_all(field) or [""])[0]).strip()

    if expression := first("License-Expression"):
        return expression
    text = first("License")
    if text and "\n" not in text and is_good(text):
        return text
    classifiers = package.metadata.get_all("Classifier") or []
    named = [one.rpartition(" :: ")[2] for one in classifiers if one[:9] == "License :"]
    return " AND ".join(named) or text.partition("\n")[0]


def is_good(expression: str) -> bool:
    """Return whether all that *expression* demands is good; of an OR one is enough.

    Where AND and OR are mixed all of it has to be.
    """
    if expression.lower() in _WORDS:
        return True
    parts = re.split(r"\s+(?:AND|OR)\s+", expression)
    plain = [part.strip("()") if " " not in part else part for part in parts]
    good = [_WORDS.get(part.lower(), part) in GOOD for part in plain]
    one_is_enough = re.search(r"\sOR\s", expression) and " AND " not in expression
    return any(good) if one_is_enough else all(good)
