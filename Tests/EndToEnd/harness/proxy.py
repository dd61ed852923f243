"""A TCP proxy between the worker and the broker that can drop its connections."""

import socket
import threading


class Proxy:
    def __init__(self, port):
        self.target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._lock = threading.Lock()
        self._pairs = []
        self.accepted = 0
        self._flows = {"up": threading.Event(), "down": threading.Event()}
        self.resume()
        threading.Thread(target=self._accept, daemon=True).start()

    def drop(self):
        """Breaks every connection, without a word to either side."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        return len(pairs)

    def stall(self, *directions):
        """Forwards nothing any more: "up" to the broker, "down" from it. The connections stand."""
        for direction in directions:
            self._flows[direction].clear()

    def resume(self):
        """Forwards again."""
        for flow in self._flows.values():
            flow.set()

    @property
    def connections(self):
        """How many connections stand."""
        with self._lock:
            return len(self._pairs)

    def close(self):
        self.resume()
        self._server.close()
        self.drop()

    def _accept(self):
        while True:
            try:
                client, _ = self._server.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            with self._lock:
                self._pairs.append((client, server))
                self.accepted += 1
            for source, sink, flow in ((client, server, "up"), (server, client, "down")):
                threading.Thread(
                    target=self._pump, args=(source, sink, self._flows[flow]), daemon=True).start()

    @staticmethod
    def _pump(source, sink, flow):
        try:
            while data := source.recv(65536):
                flow.wait()
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
