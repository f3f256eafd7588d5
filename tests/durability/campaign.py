"""Cut commands off at chosen instants, and look at what is left: `python campaign.py RUN`.

    python campaign.py RUN --count 500 --seed 7        commands and faults drawn at random
    python campaign.py RUN --only add,sync --faults kill,tear --count 100

RUN is a finished run of the digits. Each case begins with a copy of it. A command is killed
before its Nth file operation ("kill"), in the midst of a write ("tear") or after a random time
("timer"); or a disk refuses one operation ("EIO") or all from one on ("ENOSPC"); or the power is
cut, and what was not flushed is lost ("power"); or the clock jumps and files are of other days
("clock"), or it is stopped, another asks, and it goes on ("stop"). Then: what the command was told
is committed is there, `siam index verify` finds the index clean and its answers those of brute
force, and the same command goes on to the same end. What does not hold is printed, with what brings
it back.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import itertools
import json
import os
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import shim
from cases import CASES, EMPTY, RUN, Case, index_state
from child import End, import_all, run_command
from power_cut import SURVIVAL, Disk

FAULTS = ("kill", "tear", "timer", "EIO", "ENOSPC", "power", "clock", "stop")
DAY = 86_400
ENDS = {0, 2, 3, 4, 5}


@dataclass(frozen=True)
class Course:
    """How a case goes when nothing is cut off.

    Attributes:
        start: the folder that it begins with.
        journal: its file operations, and notes of commits.
        states: before it, after each commit, and after it.
        end: how it ended.
    """

    start: Path
    journal: list[shim.Operation]
    states: tuple[str, ...]
    end: End

    def draw(self, chance: random.Random) -> int:
        """Choose the number of an operation: each file and kind of operation is as likely."""
        done = [entry for entry in self.journal if entry.what != "note"]
        runs = itertools.groupby(done, lambda entry: (entry.what, entry.path))
        groups = [[entry.number for entry in group] for _, group in runs]
        return chance.choice(chance.choice(groups)) if groups else 1


class Campaign:
    """Cases on copies of one run, in a folder of its own.

    Args:
        run: a finished run.
        folder: empty.
    """

    def __init__(self, run: Path, folder: Path) -> None:
        self.run, self.folder = run, folder
        self.place = folder / "place"  # the same for all: an index keeps paths
        self.courses: dict[str, Course] = {}

    def lay_out(self, start: Path) -> None:
        """Begin with a copy of a folder."""
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(start, self.place)

    def course(self, name: str) -> Course:
        """Return how a case goes when nothing is cut off."""
        if name not in self.courses:
            self.courses[name] = self._follow(name, CASES[name])
        return self.courses[name]

    def _follow(self, name: str, case: Case) -> Course:
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.run, self.place / "runs" / RUN)
        case.prepare(self.place)
        if case.cut:
            checkpoint = self.place / "runs" / "new.partial" / "checkpoint.npz"
            run_command(case.cut, self.place, until=checkpoint.exists)
        for words in case.before:
            assert run_command(words, self.place).code == 0, words
        case.change(self.place)
        before = case.state(self.place)  # which SQLite may make files for
        start, journal = self.folder / f"{name} start", self.folder / f"{name} journal"
        shutil.copytree(self.place, start)
        end = run_command(
            case.words, self.place, lambda: shim.arm(self.place, "record", journal=journal)
        )
        assert end.code == 0, (case.words, end)
        between = [before.replace(before.split(" ")[0], state) for state in end.commits]
        if case.state is not index_state:  # what they commit is not there before they end
            between = []
        read = shim.read_journal(journal) if journal.exists() else []
        return Course(start, read, (before, *between, case.state(self.place)), end)

    def cut(self, name: str, fault: str, chance: random.Random) -> str | None:
        """Run a case and cut it off; return what is wrong afterwards."""
        case, course = CASES[name], self.course(name)
        self.lay_out(course.start)
        at = course.draw(chance)
        if fault == "power":
            return self._cut_power(case, course, at, chance)
        if fault == "timer":
            until = time.monotonic() + chance.uniform(0, course.end.seconds)
            with contextlib.suppress(AssertionError):  # it was done sooner
                run_command(case.words, self.place, until=lambda: time.monotonic() >= until)
            return self._judge(case, course, 0)
        if fault in {"clock", "stop"}:
            wrong = self._hold_up(case, course, fault, chance)
            return wrong or self._judge(case, course, len(course.end.commits))
        end = run_command(case.words, self.place, lambda: shim.arm(self.place, fault, at=at))
        wrong = self._judge(case, course, len(end.commits)) or badly_ended(end, fault)
        return wrong and f"{fault} at {at} of {len(course.journal)}: {wrong}"

    def _hold_up(self, case: Case, course: Course, fault: str, chance: random.Random) -> str | None:
        """Run a case that nothing cuts off; say where it ends otherwise than it would have."""
        ends = []
        if fault == "clock":
            for path in self.place.rglob("*"):
                if path.is_file() and chance.random() < 0.5:
                    times = os.stat(path).st_mtime + chance.choice((-DAY, DAY))
                    os.utime(path, (times, times))
            ends.append(run_command(case.words, self.place, lambda: shim.jump_clock(DAY)))
        else:
            until = time.monotonic() + chance.uniform(0, course.end.seconds)
            asking = ("query", "--like", "5", "--run", RUN)

            def ask() -> None:
                ends.append(run_command(asking, self.place, said="said beside"))

            with contextlib.suppress(AssertionError):  # it was done sooner
                ends.append(
                    run_command(
                        case.words,
                        self.place,
                        until=lambda: time.monotonic() >= until,
                        meanwhile=ask,
                    )
                )
            for end in ends[:-1]:
                if end.code not in ENDS | {1} or "Traceback" in end.errors or end.seconds > 60:
                    return f"asked beside: {end}"
        if ends and ends[-1].code:
            return f"{fault}: {ends[-1]}"
        state = case.state(self.place)
        return None if state == course.states[-1] else f"{fault}: {state!r}"

    def _cut_power(self, case: Case, course: Course, at: int, chance: random.Random) -> str | None:
        disk, commits = Disk(self.place), 0
        for entry in course.journal:
            if entry.number > at:
                break
            disk.apply(entry)
            commits += entry.what == "note"
        shutil.rmtree(self.place)
        survival = chance.choice(SURVIVAL)
        disk.write(self.place, survival, chance)
        wrong = self._judge(case, course, commits)
        return wrong and f"power cut after {at} of {len(course.journal)}, {survival}: {wrong}"

    def _judge(self, case: Case, course: Course, commits: int) -> str | None:
        """Say what is wrong with what a command left that was told of so many commits."""
        if wrong := self._verify(case):
            return wrong
        state = case.state(self.place)
        told = commits if case.state is index_state else 0
        allowed = (*course.states[told:], *(("begun",) if case.resume else ()))
        if state not in allowed:
            return f"{commits} commits, then {state!r} not in {course.states}"
        words = case.resume if state == "begun" else case.words
        end = run_command(words, self.place)
        if end.code not in case.again or (end.code and state != course.states[-1]):
            return f"{words} again: {end.code} {end.errors}"
        if (state := case.state(self.place)) != course.states[-1]:
            return f"{words} again made {state!r}, not {course.states[-1]!r}"
        return self._verify(case)

    def _verify(self, case: Case) -> str | None:
        repairs, state = "--repair" in case.words, case.state(self.place) if case.index else ""
        if not case.index or repairs or state.startswith(EMPTY):
            return None
        end = run_command(("index", "verify", "--run", RUN, "--json"), self.place)
        told = json.loads(end.output) if end.code == 0 else {}
        if told.get("clean") and told["recall"] >= 0.99:
            return None
        return f"verify: {end.code} {end.output} {end.errors}"


def badly_ended(end: End, fault: str) -> str | None:
    """Say how a command ended otherwise than it may."""
    if fault in {"kill", "tear"}:
        return None if end.code in {-9, 0} else f"exit code {end.code}: {end.errors}"
    told = [line for line in end.errors.splitlines() if line.startswith("Error:")]
    if end.code not in ENDS or len(told) > 1 or "Traceback" in end.errors or end.code and not told:
        return f"exit code {end.code}: {end.errors}"
    return None


def main() -> int:
    """Run the cases that were asked for; 1 where something was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--only", default=",".join(CASES))
    parser.add_argument("--faults", default=",".join(FAULTS))
    chosen = parser.parse_args()
    shim.begin_again_preloaded()
    names, faults = chosen.only.split(","), chosen.faults.split(",")
    import_all(any(CASES[name].keras for name in names))
    done: collections.Counter[tuple[str, str]] = collections.Counter()
    lost: collections.Counter[tuple[str, str]] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(KeyboardInterrupt):
        campaign = Campaign(chosen.run.resolve(), Path(folder).resolve())
        for number in range(chosen.first, chosen.first + chosen.count):
            chance = random.Random(f"{chosen.seed}/{number}")
            which = chance.choice(names), chance.choice(faults)
            if wrong := campaign.cut(*which, chance):
                lost[which] += 1
                print("LOST", json.dumps([number, *which, wrong]), flush=True)
            done[which] += 1
    for name, fault in sorted(done):
        print(f"{name:12} {fault:7} {done[name, fault]:5} {lost[name, fault]:5}")
    print(f"{sum(done.values())} cases, {sum(lost.values())} lost", flush=True)
    return bool(lost)


if __name__ == "__main__":
    sys.exit(main())
