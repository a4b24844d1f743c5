"""Use cases, one file each, named by the verb."""
