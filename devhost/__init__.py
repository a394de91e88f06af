"""A local Durable Functions host that runs an unmodified app; it knows no app."""
