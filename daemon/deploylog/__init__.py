"""deploylog: announces, follows and records production deployments that staff plan as rows of a Google Sheet."""

__version__ = "0.1.0"
