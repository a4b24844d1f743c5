"""The QuantDesk program seen from Python: codecs from its IDL, addresses, instructions, events.

Nothing here talks to a network; bytes in, bytes out.
"""
