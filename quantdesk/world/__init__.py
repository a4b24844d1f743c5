"""The servers that `quantdesk up` starts when no address is given."""
