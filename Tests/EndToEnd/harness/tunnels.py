"""A proxy that makes tunnels, by HTTP CONNECT or SOCKS 5: asyncio in a thread of its own."""

import asyncio
import base64
import struct
import threading


class TunnelProxy:
    """Leads every name to this machine, at the port that was asked for, but those in `refused`.

    credentials: (user, password) that it asks for. context: TLS to the proxy itself."""

    def __init__(self, kind, credentials=None, context=None, refused=()):
        self.kind, self.credentials, self.context, self.refused = kind, credentials, context, set(refused)
        self.targets, self.heads, self.connections = [], [], 0
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait()

    def close(self):
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
                self._connection, "127.0.0.1", 0, ssl=self.context, backlog=1024)
            self.port = self._server.sockets[0].getsockname()[1]
            started.set()

        self._loop.create_task(serve())
        self._loop.run_forever()

    async def _connection(self, reader, writer):
        self.connections += 1
        try:
            opened = await (self._connect(reader, writer) if self.kind == "http" else self._socks(reader, writer))
            if opened:
                await asyncio.gather(self._pump(reader, opened[1]), self._pump(opened[0], writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _connect(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.heads.append(head)
        method, target, _ = head.split("\r\n")[0].split(" ")
        host, _, port = target.rpartition(":")
        if self.credentials:
            wanted = base64.b64encode(":".join(self.credentials).encode()).decode()
            if f"Proxy-Authorization: Basic {wanted}\r\n" not in head:
                writer.write(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=p\r\nContent-Length: 0\r\n\r\n")
                return None
        self.targets.append((host, int(port)))
        if method != "CONNECT" or host in self.refused:
            writer.write(b"HTTP/1.1 403 Not there\r\nContent-Length: 5\r\n\r\nnever")
            return None
        opened = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(b"HTTP/1.1 200 Tunnel\r\nX-Proxy: here\r\n\r\n")
        return opened

    async def _socks(self, reader, writer):
        """RFC 1928 and 1929."""
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        if self.credentials:
            if 2 not in methods:
                writer.write(b"\x05\xff")
                return None
            writer.write(b"\x05\x02")
            _, length = await reader.readexactly(2)
            user = await reader.readexactly(length)
            password = await reader.readexactly((await reader.readexactly(1))[0])
            is_right = (user.decode(), password.decode()) == self.credentials
            writer.write(b"\x01\x00" if is_right else b"\x01\x01")
            if not is_right:
                return None
        else:
            writer.write(b"\x05\x00")
        _, _, _, kind = await reader.readexactly(4)
        assert kind == 3, "names are looked up by the proxy"
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        port, = struct.unpack(">H", await reader.readexactly(2))
        self.targets.append((host, port))
        if host in self.refused:
            writer.write(b"\x05\x02\x00\x01" + bytes(6))
            return None
        opened = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        return opened

    @staticmethod
    async def _pump(source, sink):
        try:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        finally:
            sink.close()
