"""One module for each trigger type that an app can declare."""
