"""Further doors of the app, each a durable blueprint."""
