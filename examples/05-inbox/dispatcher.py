#!/usr/bin/env python3
"""The process beside a portal that has nothing but SQL: executes its inbox, fires what is due, and
sends letters.

    dispatcher.py DATABASE PROCEDURE.yaml
"""

import signal
import sys
import threading

import greffe


def main() -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with greffe.Engine(sys.argv[1]) as engine:
        engine.publish(greffe.compile_file(sys.argv[2]))
        engine.handle("mail", lambda effect: print(f"letter: {effect.subject}", flush=True))
        print("ready", flush=True)
        engine.run_until(stop, every=0.05)


if __name__ == "__main__":
    main()
