"""The durable engine: histories, turns and work; no HTTP, no SDK."""
