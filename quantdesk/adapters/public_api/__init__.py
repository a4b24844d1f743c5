"""Our own public HTTP API, used from outside as any client does."""
