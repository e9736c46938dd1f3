"""`python -m pipelines.documentation` writes the generated pages of `docs/`; `--check` only names those that are out of date."""

import argparse
import sys

from pipelines.documentation import generated_pages


def main() -> int:
    """Exit status 1 where `--check` met a page that is out of date."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.documentation", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 where a page is out of date")
    check = parser.parse_args().check
    pages = generated_pages.outdated()
    for path, text in pages.items():
        print(f"docs/{path.name}: {'out of date; run make docs' if check else 'written'}")
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and pages else 0


if __name__ == "__main__":
    sys.exit(main())
