"""Watching over programs: started in order, asked whether they are well, started again when they die, stopped together.

Each program runs in a session of its own, gets SIGTERM from the kernel when the watcher dies, and leaves its orphans to the watcher.
"""

import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from logging import Logger
from pathlib import Path

from pipelines.serving import logs, process_tree
from pipelines.serving.programs import Program


@dataclass(frozen=True)
class Pace:
    """How often one looks and how long one waits; all in seconds."""

    look: float = 1.0
    probe: float = 15.0
    longest_pause: float = 60.0
    well_after: float = 600.0
    most_failures: int = 8
    grace: float = 60.0
    stray_grace: float = 10.0


@dataclass
class Running:
    """One program as it runs now, or waits to be started again."""

    program: Program
    process: subprocess.Popen | None = None
    answered: float = 0.0
    since: float = 0.0
    probed: float = 0.0
    ready: bool = False
    failures: int = 0
    next_start: float = 0.0

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None


@dataclass
class Supervisor:
    """All programs of one installation. `run` returns 0 when stopped by a signal, 1 when it gave up."""

    programs: list[Program]
    environment: dict[str, str]
    folder: Path
    log: Logger
    logs: Path
    pace: Pace = field(default_factory=Pace)
    stopping: threading.Event = field(default_factory=threading.Event)
    running: list[Running] = field(default_factory=list)
    strays: dict[int, float] = field(default_factory=dict)

    def run(self) -> int:
        process_tree.adopt_orphans()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        self.running = [Running(program) for program in self.programs]
        try:
            return self._watch()
        finally:
            self._stop()

    def _watch(self) -> int:
        told = False
        while not self.stopping.is_set():
            for one in self.running:
                if not self._look(one):
                    return 1
                if not told and not one.ready:
                    break  # at the start each waits for those before it
            self._end_strays()
            if not told and all(one.ready for one in self.running):
                told = self._say_all_is_up()
            self.stopping.wait(self.pace.look)
        self.log.info("收到停止信号")
        return 0

    def _say_all_is_up(self) -> bool:
        pages = "；".join(f"{p.label} {p.page}" for p in self.programs if p.page)
        self.log.info(f"全部就绪。{pages}（按 Ctrl+C 停止）")
        return True

    # ---- one program

    def _look(self, one: Running) -> bool:
        """One look at one program; False when it is given up."""
        now = time.monotonic()
        if one.process is None:
            if now >= one.next_start:
                self._start(one, now)
            return True
        if one.process.poll() is not None:
            return self._failed(one, now, f"已退出（{_ending(one.process.returncode)}）")
        if now - one.probed >= (self.pace.probe if one.ready else self.pace.look):
            return self._ask(one, now)
        return True

    def _start(self, one: Running, now: float) -> None:
        program = one.program
        process = one.process = subprocess.Popen(
            process_tree.command_bound_to_parent(program.command),
            cwd=self.folder, env=self.environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert process.stdout is not None, "a pipe was asked for"
        logs.capture(process.stdout, logs.opened(self.logs, program.name))
        one.since = one.answered = now
        one.ready, one.probed = False, 0.0
        self.log.info(f"启动 {program.label}（进程 {one.pid}）")

    def _ask(self, one: Running, now: float) -> bool:
        trouble = one.program.probe()
        one.probed = time.monotonic()
        if trouble is None:
            return self._is_well(one)
        if one.probed - one.answered > (one.program.silence if one.ready else one.program.patience):
            self._end(one, "没有应答")
            return self._failed(one, now, trouble)
        return True

    def _is_well(self, one: Running) -> bool:
        one.answered = one.probed
        if not one.ready:
            one.ready = True
            self.log.info(f"{one.program.label} 就绪，用时 {one.probed - one.since:.0f} 秒")
        if one.failures and one.probed - one.since > self.pace.well_after:
            one.failures = 0
        used = process_tree.memory_mb(one.pid) if one.pid else 0.0
        if one.program.most_mb and used > one.program.most_mb:
            self.log.info(f"{one.program.label} 占用内存 {used:.0f} MB，超过 {one.program.most_mb} MB，重新启动")
            self._end(one, "内存过大")
            self._forget(one, 0.0)
        return True

    def _failed(self, one: Running, now: float, why: str) -> bool:
        one.failures += 1
        if one.failures >= self.pace.most_failures:
            log = self.logs / f"{one.program.name}.log"
            self.log.info(
                f"放弃：{one.program.label} 接连失败 {one.failures} 次，最后一次：{why}。全部停止；原因见 {log}"
            )
            return False
        pause = min(self.pace.longest_pause, 2.0 ** (one.failures - 1))
        self.log.info(f"{one.program.label} {why}；{pause:.0f} 秒后重新启动（第 {one.failures} 次）")
        self._forget(one, now + pause)
        return True

    def _forget(self, one: Running, next_start: float) -> None:
        one.process, one.ready, one.next_start = None, False, next_start

    # ---- ending

    def _end(self, one: Running, why: str) -> None:
        """Stop one program and all it started, hard after a while."""
        self.log.info(f"结束 {one.program.label}（进程 {one.pid}，{why}）")
        process = one.process
        if process is None:
            return
        process_tree.send(process.pid, signal.SIGTERM)
        try:
            process.wait(self.pace.stray_grace)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _end_strays(self) -> None:
        """End what a dead program left behind: asked first, killed when it does not go."""
        known = {one.pid for one in self.running if one.pid}
        now = time.monotonic()
        present = process_tree.children(os.getpid()) - known
        for pid in present:
            if pid not in self.strays:
                self.log.info(f"结束遗留的进程 {pid}")
                process_tree.send(pid, signal.SIGTERM)
                self.strays[pid] = now
            elif now - self.strays[pid] > self.pace.stray_grace:
                process_tree.send(pid, signal.SIGKILL)
        self.strays = {pid: asked for pid, asked in self.strays.items() if pid in present}
        process_tree.reap(known)

    def _stop(self) -> None:
        """Everything ends, last started first; a run in progress may finish within the grace."""
        deadline = time.monotonic() + self.pace.grace
        for one in reversed(self.running):
            if one.process is not None:
                process_tree.send(one.process.pid, signal.SIGTERM)
        for one in reversed(self.running):
            self._await(one, deadline)
        self._await_the_rest(deadline)
        for pid in process_tree.descendants(os.getpid()):
            process_tree.send(pid, signal.SIGKILL)
        process_tree.reap(set())
        self.log.info("全部已停止")

    def _await(self, one: Running, deadline: float) -> None:
        if one.process is None:
            return
        try:
            one.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.log.info(f"{one.program.label} 在 {self.pace.grace:.0f} 秒内没有停下，强行结束")
            one.process.kill()
            one.process.wait()

    def _await_the_rest(self, deadline: float) -> None:
        """What programs leave behind is a run in progress: it outlives the server that started it, and is worth waiting for."""
        told = False
        while (left := process_tree.descendants(os.getpid())) and time.monotonic() < deadline:
            if not told:
                told = True
                self.log.info(f"等待进行中的任务结束（进程 {'、'.join(map(str, sorted(left)))}）")
            time.sleep(0.2)
            process_tree.reap(set())


def _ending(code: int) -> str:
    return f"被信号 {signal.Signals(-code).name} 结束" if code < 0 else f"退出码 {code}"
