"""Supervision of programs: started in order, probed, restarted when they end, stopped together.

Each program runs in a session of its own and gets SIGTERM from the kernel when the supervisor dies, which adopts its orphans.
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
    """Intervals and time limits in seconds, and the number of failures after which a program is given up."""

    look: float = 1.0
    probe: float = 15.0
    longest_pause: float = 60.0
    well_after: float = 600.0
    most_failures: int = 8
    grace: float = 60.0
    stray_grace: float = 10.0


@dataclass
class Running:
    """One program and its process; None while it waits to be restarted. Times are of `time.monotonic`."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
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
        """Start the programs and watch them until told to stop; returns the exit status."""
        process_tree.adopt_orphans()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        self.running = [Running(program) for program in self.programs]
        try:
            return self._watch()
        finally:
            self._stop()

    def _watch(self) -> int:
        announced = False
        while not self.stopping.is_set():
            for running in self.running:
                if not self._look(running):
                    return 1
                if not announced and not running.ready:
                    break  # at the start each waits for those before it
            self._end_strays()
            if not announced and all(running.ready for running in self.running):
                announced = self._say_all_is_up()
            self.stopping.wait(self.pace.look)
        self.log.info("收到停止信号")
        return 0

    def _say_all_is_up(self) -> bool:
        pages = "；".join(f"{p.label} {p.page}" for p in self.programs if p.page)
        self.log.info(f"全部就绪。{pages}（按 Ctrl+C 停止）")
        return True

    # ---- one program

    def _look(self, running: Running) -> bool:
        """Start, probe or restart one program; False when it is given up."""
        now = time.monotonic()
        if running.process is None:
            if now >= running.next_start:
                self._start(running, now)
            return True
        if running.process.poll() is not None:
            return self._failed(running, now, f"已退出（{_ending(running.process.returncode)}）")
        if now - running.probed >= (self.pace.probe if running.ready else self.pace.look):
            return self._ask(running, now)
        return True

    def _start(self, running: Running, now: float) -> None:
        program = running.program
        process = running.process = subprocess.Popen(
            process_tree.command_bound_to_parent(program.command),
            cwd=self.folder, env=self.environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert process.stdout is not None, "a pipe was asked for"
        logs.capture(process.stdout, logs.opened(self.logs, program.name))
        running.since = running.answered = now
        running.ready, running.probed = False, 0.0
        self.log.info(f"启动 {program.label}（进程 {running.pid}）")

    def _ask(self, running: Running, now: float) -> bool:
        trouble = running.program.probe()
        running.probed = time.monotonic()
        if trouble is None:
            return self._is_well(running)
        if running.probed - running.answered > (running.program.silence if running.ready else running.program.patience):
            self._end(running, "没有应答")
            return self._failed(running, now, trouble)
        return True

    def _is_well(self, running: Running) -> bool:
        running.answered = running.probed
        if not running.ready:
            running.ready = True
            self.log.info(f"{running.program.label} 就绪，用时 {running.probed - running.since:.0f} 秒")
        if running.failures and running.probed - running.since > self.pace.well_after:
            running.failures = 0
        used = process_tree.memory_mb(running.pid) if running.pid else 0.0
        if running.program.most_mb and used > running.program.most_mb:
            self.log.info(
                f"{running.program.label} 占用内存 {used:.0f} MB，超过 {running.program.most_mb} MB，重新启动"
            )
            self._end(running, "内存过大")
            self._forget(running, 0.0)
        return True

    def _failed(self, running: Running, now: float, why: str) -> bool:
        running.failures += 1
        if running.failures >= self.pace.most_failures:
            log = self.logs / f"{running.program.name}.log"
            self.log.info(
                f"放弃：{running.program.label} 接连失败 {running.failures} 次，最后一次：{why}。全部停止；原因见 {log}"
            )
            return False
        pause = min(self.pace.longest_pause, 2.0 ** (running.failures - 1))
        self.log.info(f"{running.program.label} {why}；{pause:.0f} 秒后重新启动（第 {running.failures} 次）")
        self._forget(running, now + pause)
        return True

    def _forget(self, running: Running, next_start: float) -> None:
        running.process, running.ready, running.next_start = None, False, next_start

    # ---- ending

    def _end(self, running: Running, why: str) -> None:
        """Stop one program: SIGTERM, after `stray_grace` SIGKILL."""
        self.log.info(f"结束 {running.program.label}（进程 {running.pid}，{why}）")
        process = running.process
        if process is None:
            return
        process_tree.send(process.pid, signal.SIGTERM)
        try:
            process.wait(self.pace.stray_grace)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _end_strays(self) -> None:
        """End processes that a dead program left behind: SIGTERM, after `stray_grace` SIGKILL."""
        known = {running.pid for running in self.running if running.pid}
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
        """Stop all programs, last started first; a run in progress may finish within `grace`."""
        deadline = time.monotonic() + self.pace.grace
        for running in reversed(self.running):
            if running.process is not None:
                process_tree.send(running.process.pid, signal.SIGTERM)
        for running in reversed(self.running):
            self._await(running, deadline)
        self._await_the_rest(deadline)
        for pid in process_tree.descendants(os.getpid()):
            process_tree.send(pid, signal.SIGKILL)
        process_tree.reap(set())
        self.log.info("全部已停止")

    def _await(self, running: Running, deadline: float) -> None:
        if running.process is None:
            return
        try:
            running.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.log.info(f"{running.program.label} 在 {self.pace.grace:.0f} 秒内没有停下，强行结束")
            running.process.kill()
            running.process.wait()

    def _await_the_rest(self, deadline: float) -> None:
        """Wait for processes that outlive their server: runs in progress."""
        announced = False
        while (left := process_tree.descendants(os.getpid())) and time.monotonic() < deadline:
            if not announced:
                announced = True
                self.log.info(f"等待进行中的任务结束（进程 {'、'.join(map(str, sorted(left)))}）")
            time.sleep(0.2)
            process_tree.reap(set())


def _ending(code: int) -> str:
    return f"被信号 {signal.Signals(-code).name} 结束" if code < 0 else f"退出码 {code}"
