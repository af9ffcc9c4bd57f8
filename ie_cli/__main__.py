"""`python -m ie_cli` is `ie`."""

from ie_cli.commands import main

if __name__ == "__main__":
    main()
