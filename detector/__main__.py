"""`python -m detector` is the command line."""

from detector.cli import run

if __name__ == "__main__":
    run()
