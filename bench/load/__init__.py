"""Load from outside the product: it knows only what the contract says."""
