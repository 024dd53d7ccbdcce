"""The adapters to Google: one transport, and one module per service."""
