"""Valkey (or Redis): hot copies and fan-out; losing it loses nothing."""
