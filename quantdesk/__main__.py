"""`python -m quantdesk`: the same as the `quantdesk` command."""

from quantdesk.cli import main

if __name__ == "__main__":
    main()
