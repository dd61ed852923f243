"""A receiver of webhooks whose answers are scripted: asyncio in a thread of its own, raw HTTP, quick."""

import asyncio
import collections
import dataclasses
import hashlib
import random
import socket
import struct
import sys
import threading
import time


@dataclasses.dataclass(slots=True)
class Request:
    """What arrived."""

    time: float
    path: str
    headers: dict
    body: bytes
    digest: str
    peer: int  # the port that it came from

    @property
    def event(self):
        return self.headers["webhook-id"]

    @property
    def attempt(self):
        return int(self.headers["webhook-attempt"])


class Receiver:
    """Answers 200 unless a path has a script: `script(request) -> answer`, where an answer is a status,
    (status, headers), "reset", "silence" or "close", or a coroutine function that gets reader and writer and
    says whether the connection goes on.

    keeps_all: keeps headers and bodies of the requests, and not only what tells them apart."""

    def __init__(self, keeps_all=True):
        self.keeps_all = keeps_all
        self.requests = []
        self.scripts = {}
        self.connections = 0
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def script(self, path, script):
        self.scripts[path] = script

    def answers(self, path, *answers):
        """For each event the answers in turn, the last one for ever."""
        counts = collections.Counter()

        def answer(request):
            counts[request.event] += 1
            return answers[min(counts[request.event], len(answers)) - 1]

        self.scripts[path] = answer

    def failing(self, path, share, seed):
        """Answers 500 to a share of the requests."""
        chance = random.Random(seed)
        self.scripts[path] = lambda _: 500 if chance.random() < share else 200

    def listen(self, context):
        """One more port, with the same scripts and TLS; gives it."""
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(
            self._connection, "127.0.0.1", 0, backlog=4096, ssl=context), self._loop).result()
        return server.sockets[0].getsockname()[1]

    def soon(self, function):
        """Calls a function where the scripts run."""
        self._loop.call_soon_threadsafe(function)

    def at(self, path):
        return [request for request in list(self.requests) if request.path == path]

    def stop(self):
        async def end():
            self._server.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, started):
        asyncio.set_event_loop(self._loop)

        async def serve():
            self._server = await asyncio.start_server(
                self._connection, "127.0.0.1", 0, backlog=4096)
            self.port = self._server.sockets[0].getsockname()[1]
            started.set()

        self._loop.create_task(serve())
        self._loop.run_forever()

    async def _connection(self, reader, writer):
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *fields = head[:-4].split("\r\n")
        headers = {}
        for field in fields:
            name, _, value = field.partition(": ")
            headers[name.lower()] = value
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        peer = writer.get_extra_info("peername")[1]
        if self.keeps_all:
            request = Request(
                time.time(), line.split(" ")[1], headers, body, hashlib.sha256(body).hexdigest(), peer)
        else:
            kept = {name: headers[name] for name in ("webhook-id", "webhook-attempt")}
            request = Request(time.time(), sys.intern(line.split(" ")[1]), kept, b"", "", peer)
        self.requests.append(request)
        script = self.scripts.get(request.path)
        answer = script(request) if script else 200
        extra = {}
        if isinstance(answer, tuple):
            answer, extra = answer
        if callable(answer):
            return await answer(reader, writer)
        if answer == "silence":
            await reader.read()
            return False
        if answer == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
            return False
        if answer == "close":
            return False
        fields = "".join(f"{name}: {value}\r\n" for name, value in extra.items())
        writer.write(f"HTTP/1.1 {answer} X\r\n{fields}Content-Length: 2\r\n\r\nok".encode())
        return extra.get("Connection") != "close"
