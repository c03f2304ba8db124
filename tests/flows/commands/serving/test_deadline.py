"""A run that was told to end does, also where the main thread cannot."""

import os
import signal
import subprocess
import sys
import threading
import time

from flows.commands.serving.deadline import Deadline
from tests.paths import ROOT

STUCK = """
import os, signal, sys, threading
from flows.commands.serving.deadline import Deadline

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, lambda *_: None)
with Deadline(patience=0.05):
    while True:
        try:
            os.kill(os.getpid(), int(sys.argv[1]))
            threading.Event().wait(60)
        except KeyboardInterrupt:
            continue
"""


def test_a_process_that_a_signal_does_not_end_ends_by_its_deadline() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        command = [sys.executable, "-c", STUCK, str(int(number))]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=50)
        assert done.returncode == 128 + number
        assert done.stderr == "told to end; run the same command again to go on from what is in the store\n"


def test_it_ends_where_nobody_reads_what_it_says_any_more() -> None:
    command = [sys.executable, "-c", STUCK, str(int(signal.SIGINT))]
    reader, writer = os.pipe()
    os.close(reader)  # Ctrl-C ended `| tee` as well
    with subprocess.Popen(command, stderr=writer, cwd=ROOT) as process:
        os.close(writer)
        assert process.wait(50) == 128 + signal.SIGINT


def test_other_signals_and_runs_that_end_are_let_be() -> None:
    ended: list[int] = []
    before = signal.getsignal(signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, lambda *_: None)
    terminate = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with Deadline(patience=0.0, end=ended.append):
            os.kill(os.getpid(), signal.SIGUSR1)
            os.kill(os.getpid(), signal.SIGTERM)
            while not ended:  # signals are heard of in their order
                time.sleep(0.01)
        with Deadline(patience=60.0, end=ended.append):
            os.kill(os.getpid(), signal.SIGTERM)
        assert signal.set_wakeup_fd(-1) == -1
    finally:
        signal.signal(signal.SIGUSR1, before)
        signal.signal(signal.SIGTERM, terminate)
    assert ended == [128 + signal.SIGTERM]


def test_in_another_thread_nothing_is_asked_for() -> None:
    def run() -> None:
        with Deadline():
            done.append(True)

    done: list[bool] = []
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert done == [True]
