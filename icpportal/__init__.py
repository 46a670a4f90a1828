"""The project: settings, checks, middleware. Nothing of the domain."""
