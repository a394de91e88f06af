"""Reads an app without running it, and says where its orchestrators do what a replay does not forgive."""
