"""The loop of the Python prototype that this program replaces, made small: asyncio reads a worker's stdout line by
line, each line is parsed, kept in memory and appended to a JSON-lines file; whoever listens polls by count.

    original_loop.py PROGRAM LINES JSONL    prints one JSON object: {"lines", "seconds"}
"""

import asyncio
import json
import os
import sys
import time

POLL_SECONDS = 0.1


async def main(program, lines, path):
    worker = await asyncio.create_subprocess_exec(program, stdout=asyncio.subprocess.PIPE, env=dict(os.environ))
    events, delivered = [], 0
    started = time.monotonic()

    async def read():
        with open(path, "a", encoding="utf-8") as log:
            while line := await worker.stdout.readline():
                event = {"seq": len(events) + 1, "at": time.time(), "data": json.loads(line)}
                log.write(json.dumps(event) + "\n")
                log.flush()
                events.append(event)

    async def deliver():
        nonlocal delivered
        while delivered < lines:
            for _event in events[delivered:]:
                delivered += 1
            if delivered < lines:
                await asyncio.sleep(POLL_SECONDS)

    await asyncio.gather(read(), deliver())
    seconds = time.monotonic() - started
    await worker.wait()
    print(json.dumps({"lines": delivered, "seconds": seconds}))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
