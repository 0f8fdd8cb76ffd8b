"""`python -m benchmarks [NAME…]`: runs the benchmarks and prints their tables."""

import argparse
import pkgutil
from importlib import import_module

import benchmarks


def names() -> list[str]:
    found = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return [name for name in found if hasattr(import_module(f"benchmarks.{name}"), "run")]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure, beside the bare parts."
    )
    parser.add_argument("name", nargs="*", help="of: " + ", ".join(names()))
    chosen = parser.parse_args().name or names()
    for name in chosen:
        for table in import_module(f"benchmarks.{name}").run():
            print(table, flush=True)


if __name__ == "__main__":
    main()
