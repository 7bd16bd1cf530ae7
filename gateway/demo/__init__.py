"""An emulated Logto, X and application; only the demo command and the tests import it."""
