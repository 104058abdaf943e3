"""The router's REST API: one file a noun, each a function that makes its routes from the ports it is handed."""
