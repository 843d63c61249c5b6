"""What `sernb --help`, and the help of each command, cost beside a bare typer program: processor time.

    python benchmarks/startup.py

Best of `--repeats` processes each, user and system time together. The ratio carries over from machine to machine.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from sernb.cli import app

BARE = '''
import typer

app = typer.Typer(no_args_is_help=True)


@app.command()
def one(path: str, count: int = 1):
    """One command."""


@app.command()
def two(path: str, count: int = 1):
    """Another."""


app()
'''


def processor_s(command: list[str], repeats: int) -> float:
    """Seconds of processor time that a command takes, at best."""
    taken = []
    for _ in range(repeats):
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(running.pid, 0)  # the usage of this child alone
        running.returncode = os.waitstatus_to_exitcode(status)
        if running.returncode:
            raise subprocess.CalledProcessError(running.returncode, command)
        taken.append(usage.ru_utime + usage.ru_stime)
    return min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    names = sorted(typer.main.get_group(app).commands)
    with TemporaryDirectory() as folder:
        program = Path(folder) / "bare.py"
        program.write_text(BARE)
        bare = processor_s([sys.executable, str(program), "--help"], repeats)
    print(f"{'bare typer program':20} {bare:.2f} s")
    for command in ([], *([name] for name in names)):
        cost = processor_s([sys.executable, "-m", "sernb", *command, "--help"], repeats)
        print(f"{' '.join(['sernb', *command]):20} {cost:.2f} s  {cost / bare:.1f}")


if __name__ == "__main__":
    main()
