"""Who may do what: users with roles, integrators' keys, sessions. Knows nothing of HTTP."""
