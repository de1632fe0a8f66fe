"""Time whole commands in pairs: A B A B ..., and print medians and ratios of wall time, CPU time and peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """A command to time, and what has to be done before each run of it, untimed."""

    name: str
    arguments: Sequence[str]
    folder: Path
    prepare: Callable[[], None] = lambda: None
    environment: dict[str, str] | None = None


@dataclass(frozen=True)
class Run:
    """One run: seconds of wall and CPU time, MiB at the peak."""

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True)
class Subject:
    """Two commands that do the same work, and the ratios that dbtool means to reach."""

    title: str
    ours: Command
    theirs: Command
    runs: int = 7
    cpu_goal: float | None = None
    wall_goal: float | None = None
    peak_goal: float | None = 1.0


def measure(subject: Subject) -> None:
    """Run both commands in turn after one warm-up each, and print a row."""
    for command in (subject.ours, subject.theirs):
        once(command)
    pairs = [(once(subject.ours), once(subject.theirs)) for _ in range(subject.runs)]
    print(f"\n{subject.title}  ({subject.runs} pairs)")
    for name, runs in ((subject.ours.name, [a for a, _ in pairs]), (subject.theirs.name, [b for _, b in pairs])):
        wall, cpu, peak = (statistics.median(getattr(run, field) for run in runs) for field in ("wall", "cpu", "peak"))
        print(f"  {name:<34} wall {wall * 1000:8.0f} ms   cpu {cpu * 1000:8.0f} ms   peak {peak:6.1f} MiB")
    goals = {"wall": subject.wall_goal, "cpu": subject.cpu_goal, "peak": subject.peak_goal}
    print(f"  {'ratio, median of pairs':<34} " + "   ".join(ratio(pairs, field, goal) for field, goal in goals.items()))


def ratio(pairs: Sequence[tuple[Run, Run]], field: str, goal: float | None) -> str:
    """Return the median ratio of one figure, with the goal and whether it was reached."""
    value = statistics.median(getattr(ours, field) / getattr(theirs, field) for ours, theirs in pairs)
    verdict = "" if goal is None else f" (goal {goal}: {'reached' if value <= goal else 'MISSED'})"
    return f"{field} {value:.2f}{verdict}"


def once(command: Command) -> Run:
    """Run a command as a process of its own; the operating system accounts for it. A failure ends the benchmark."""
    command.prepare()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHONDONTWRITE")}
    started = time.perf_counter()
    process = subprocess.Popen(
        command.arguments,
        cwd=command.folder,
        env={**environment, **(command.environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command.name} exited with {process.returncode}\n{output.decode(errors='replace')}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 2**20)
