"""The seam to the Azure Functions SDKs: the JSON they want, the JSON they answer."""
