"""Adapters that fulfil the ports of the domain."""
