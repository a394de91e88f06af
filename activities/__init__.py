"""One side effect a module, done through a port."""
