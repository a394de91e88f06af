"""What `make` runs on this machine: set-up, Azurite, the start command and the demo. Never deployed."""
