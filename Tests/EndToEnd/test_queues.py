"""`sealpost queues`: how full they are, once and again and again, on a terminal and without one."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest
from harness.program import BINARY
from harness.publisher import event_body
from harness.waiting import wait_until

ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """`sealpost queues --watch` on a terminal of its own."""

    def __init__(self, program, columns=100, lines=30, **settings):
        self.master, self.slave = pty.openpty()
        self.resize(columns, lines, None)
        self.before = termios.tcgetattr(self.slave)
        self.text = ""
        self.process = subprocess.Popen(
            [BINARY, "queues", "--watch"], stdin=self.slave, stdout=self.slave, stderr=self.slave,
            env={**program.environment, "TERM": "xterm", "LANG": "C.UTF-8", **settings},
            start_new_session=True)

    def resize(self, columns, lines, process):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if process:
            process.send_signal(signal.SIGWINCH)

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            self.text += os.read(self.master, 65536).decode()
        return self.text

    @property
    def screen(self):
        """The lines of the last whole picture, without what colors them."""
        pictures = self.read().split("\x1b[H")[1:]
        whole = [picture for picture in pictures if picture.endswith("\x1b[J")
                 or "\x1b[J" in picture]
        return ESCAPES.sub("", whole[-1].split("\x1b[J")[0]).split("\r\n") if whole else []

    def until(self, text, timeout=20):
        wait_until(lambda: any(text in line for line in self.screen), f"{text!r} on the screen",
                   timeout=timeout)
        return self.screen

    def ended(self):
        """The exit code; the terminal is as it was."""
        code = self.process.wait(timeout=10)
        text = self.read()
        assert text.startswith(ENTER) and text.rstrip().endswith(LEAVE), repr(text[-200:])
        assert termios.tcgetattr(self.slave) == self.before
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def idle(make_program):
    """A program that ran once and has left its queues."""
    program = make_program()
    program.start()
    program.stop()
    return program


@pytest.fixture
def terminal(idle):
    shown = Terminal(idle)
    yield shown
    shown.close()


def row(screen, queue):
    return next(line for line in screen if re.match(rf"{re.escape(queue)}\s", line)).split()


def test_the_table_shows_what_waits_and_that_nobody_takes_it(terminal, idle, publish):
    terminal.until("OLDEST")
    for number in range(7):
        publish(idle).publish(f"evt-{number}", event_body())
    screen = terminal.until("none!")
    cells = row(screen, idle.queue)
    assert cells[1] == "7" and "█" in cells[2] and cells[-2:] == ["0", "none!"]
    assert cells[-3] in {"s", "min"} or cells[-3].isdigit()
    assert [line.split()[0] for line in screen[3:8]] == [
        idle.queue, f"{idle.namespace}.events.bulk", f"{idle.namespace}.retries",
        f"{idle.namespace}.rejected", f"{idle.namespace}.v1.delay.0…17"]
    os.write(terminal.master, b"q")
    assert terminal.ended() == 0


def test_it_fits_the_terminal_whatever_its_size(terminal, idle):
    terminal.until("OLDEST")
    terminal.resize(34, 4, terminal.process)
    wait_until(lambda: len(terminal.screen) == 4 and max(map(len, terminal.screen)) <= 34,
               "the small picture")
    terminal.resize(120, 30, terminal.process)
    terminal.until("CONSUMERS")
    os.write(terminal.master, b"\x03")
    assert terminal.ended() == 130


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back(terminal, number):
    terminal.until("OLDEST")
    terminal.process.send_signal(number)
    assert terminal.ended() == 128 + number


def test_ctrl_z_gives_the_terminal_back_until_it_goes_on(terminal):
    terminal.until("OLDEST")
    os.write(terminal.master, b"\x1a")
    status = f"/proc/{terminal.process.pid}/stat"
    wait_until(lambda: open(status).read().rsplit(")", 1)[1].split()[0] == "T", "it to stop")
    # What it wrote last comes through the terminal after its state shows.
    wait_until(lambda: terminal.read().endswith(LEAVE), "the terminal to be given back")
    assert termios.tcgetattr(terminal.slave) == terminal.before
    terminal.process.send_signal(signal.SIGCONT)
    wait_until(lambda: terminal.read().count(ENTER) == 2, "it to be shown again")
    os.write(terminal.master, b"Q")
    assert terminal.ended() == 0


def test_a_terminal_without_colors_or_blocks_gets_none(idle, publish):
    publish(idle).publish("evt", event_body())
    terminal = Terminal(idle, LANG="C", LC_ALL="", NO_COLOR="1")
    try:
        screen = terminal.until("none!")
        assert "#" in row(screen, idle.queue)[2]
        assert terminal.text.isascii() and "\x1b[31m" not in terminal.text
    finally:
        terminal.close()


def watch(program, *arguments):
    return subprocess.Popen([BINARY, "queues", "--watch", *arguments], env=program.environment,
                            stdout=subprocess.PIPE, text=True)


def test_without_a_terminal_there_are_lines(idle, publish):
    publish(idle).publish("evt", event_body())
    process = watch(idle)
    try:
        line = next(line for line in process.stdout if f" {idle.queue} " in line)
        assert re.search(r"messages=1 .*oldest=\d+ consumers=0$", line), line
    finally:
        process.kill()
        process.wait()


def test_as_json_it_tells_what_comes_and_goes(make_program, receiver, publish):
    program = make_program()
    program.add_webhook(receiver.url("/hook"), "*")
    program.start()
    process = watch(program, "--json")
    try:
        seen = []
        begun = time.monotonic()
        number = 0
        for line in process.stdout:
            reading = json.loads(line)
            assert reading.keys() == {"at", "queues"}
            events = next(queue for queue in reading["queues"] if queue["queue"] == program.queue)
            assert len(reading["queues"]) == 22 and events["consumers"] == 2
            seen.append(events)
            if len(seen) > 1 and sum(queue.get("outPerSecond") or 0 for queue in seen) > 10:
                break
            assert time.monotonic() - begun < 30, seen
            for _ in range(40):
                number += 1
                publish(program).publish(f"evt-{number}", event_body())
        assert sum(queue.get("inPerSecond") or 0 for queue in seen) > 10
        assert all(queue["oldestAgeSeconds"] < 20 for queue in seen)
    finally:
        process.kill()
        process.wait()


def test_a_broker_that_is_not_there_is_an_error_at_once(idle):
    code, output, errors = idle.run("queues", "--watch", SEALPOST_AMQP_URL="amqp://127.0.0.1:1")
    assert code == 69 and output == "" and "127.0.0.1:1" in errors
