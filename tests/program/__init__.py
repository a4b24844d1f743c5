"""The program itself, driven in a virtual machine."""
