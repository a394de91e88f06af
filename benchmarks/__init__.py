"""What is measured, how, and the last recorded numbers."""
