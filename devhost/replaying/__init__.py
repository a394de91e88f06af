"""Tells a stored history again with today's code, and says where the two differ."""
