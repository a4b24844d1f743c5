"""Pages, one package each; pages do not know each other."""
