"""The publisher's parts: what is known, who wants it, and how it is sent."""
