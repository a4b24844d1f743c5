"""The world outside, one package per neighbour."""
