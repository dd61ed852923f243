"""A receiver of webhooks that speaks HTTP/2 over TLS (ALPN): asyncio in a thread of its own."""

import asyncio
import collections
import dataclasses
import hashlib
import threading

import h2.config
import h2.connection
import h2.errors
import h2.events


@dataclasses.dataclass
class Request:
    path: str
    headers: dict
    digest: str
    connection: int


class HTTP2Receiver:
    """Answers 200 unless a path has a script: `script(request, times) -> answer`, where `times` is how often
    the event came there before, and an answer is a status, (status, headers), "reset", "refuse" or "goaway",
    after which the connection takes no more streams. Notes how many streams a connection had at once."""

    def __init__(self, context):
        context.set_alpn_protocols(["h2", "http/1.1"])
        self.context = context
        self.requests, self.scripts, self.connections, self.most_streams = [], {}, 0, 0
        self._seen = collections.Counter()
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait()

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

    def at(self, path):
        return [request for request in list(self.requests) if request.path == path]

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
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        self.connections += 1
        number = self.connections
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        state.initiate_connection()
        open_streams = {}
        try:
            writer.write(state.data_to_send())
            while data := await reader.read(65536):
                for event in state.receive_data(data):
                    self._take(state, open_streams, event, number)
                writer.write(state.data_to_send())
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def _take(self, state, open_streams, event, number):
        if isinstance(event, h2.events.RequestReceived):
            fields = {name.decode(): value.decode() for name, value in event.headers}
            open_streams[event.stream_id] = (fields, hashlib.sha256())
            self.most_streams = max(self.most_streams, len(open_streams))
        elif isinstance(event, h2.events.DataReceived):
            open_streams[event.stream_id][1].update(event.data)
            state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            fields, digest = open_streams.pop(event.stream_id)
            self._answer(state, event.stream_id, fields, digest.hexdigest(), number)

    def _answer(self, state, stream, fields, digest, number):
        path = fields[":path"]
        request = Request(path, fields, digest, number)
        times = self._seen[path, fields["webhook-id"]]
        self._seen[path, fields["webhook-id"]] += 1
        script = self.scripts.get(path)
        answer = script(request, times) if script else 200
        if answer == "refuse":
            return state.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
        self.requests.append(request)
        if answer == "reset":
            return state.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
        is_last = answer == "goaway"
        status, extra = answer if isinstance(answer, tuple) else (200 if is_last else answer, {})
        state.send_headers(stream, [(":status", str(status)), *extra.items()])
        state.send_data(stream, b"ok", end_stream=True)
        if is_last:
            state.close_connection(last_stream_id=stream)
        return None
