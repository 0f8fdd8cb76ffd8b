"""`python -m benchmarks [NAME…]`: runs the benchmarks and prints their tables."""

import argparse
import pkgutil
import sys
from importlib import import_module
from types import ModuleType

import benchmarks


def known() -> dict[str, ModuleType]:
    names = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    modules = {name: import_module(f"benchmarks.{name}") for name in names if name != "__main__"}
    return {name: module for name, module in modules.items() if hasattr(module, "run")}


def main() -> int:
    """1 where a table says that something is not as it should be."""
    modules = known()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure, beside the bare parts."
    )
    parser.add_argument("name", nargs="*", help="of: " + ", ".join(modules))
    for module in modules.values():
        if hasattr(module, "arguments"):
            module.arguments(parser)
    given = parser.parse_args()
    failed = False
    for name in given.name or modules:
        module = modules[name]
        for table in module.run(given) if hasattr(module, "arguments") else module.run():
            print(table, flush=True)
            failed = failed or table.failed
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
