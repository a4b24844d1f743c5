"""Everything Reflex: theme, shell, components, states, pages."""
