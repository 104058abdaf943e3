"""The web console: sources for the browser, and :mod:`serve` which hands out what was built from them."""
