"""`python -m qa` is `footnote`."""

from qa.cli import main

main()
