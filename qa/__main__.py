"""`footnote`, and `python -m qa`: Ctrl-C ends it without a traceback while it is still being imported, too."""

import sys
import warnings


def main() -> None:
    """The command line."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # what libraries warn of is for who develops: PYTHONWARNINGS=default shows it
    try:
        from qa.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
