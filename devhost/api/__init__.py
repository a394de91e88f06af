"""Thin HTTP: routing, status codes, headers and bodies as the real host answers."""
