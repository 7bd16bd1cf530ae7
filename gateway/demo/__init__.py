"""An emulated Logto, X and application, for the demo command and the tests alone."""
