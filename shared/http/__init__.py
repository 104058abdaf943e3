"""The edge of HTTP: one way to say no, to know the caller, to repeat safely, to page. Services bring the routes.

May import ``shared.access``; nothing in ``shared.access`` knows of HTTP.
"""
