"""A PostgreSQL of its own: temporary folder, free port, password from a file, stopped by process id."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

from harness.waiting import free_port, is_listening, wait_until

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")


class PostgresServer:
    """The one of compose.yaml, as its image makes it from its environment: user, password, database."""

    def __init__(self, user, password, database):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sealpost-postgres-"))
        self.port = free_port()
        # It refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        secret = self.folder / "password"
        secret.write_text(password)
        for path in (self.folder, secret):
            shutil.chown(path, self.user)
        data = self.folder / "data"
        self._run("initdb", "-D", data, "-U", user, f"--pwfile={secret}", "-A", "scram-sha-256", "-N")
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [PROGRAMS / "postgres", "-D", data, "-p", str(self.port), "-h", "127.0.0.1",
                 "-k", self.folder, "-c", "fsync=off"],
                user=self.user, stdout=log, stderr=log, cwd="/")
        wait_until(lambda: is_listening(self.port), "PostgreSQL to listen")
        self._run("createdb", "-h", "127.0.0.1", "-p", self.port, "-U", user, database,
                  environment={"PGPASSWORD": password})

    def _run(self, program, *arguments, environment=None):
        subprocess.run(
            [PROGRAMS / program, *map(str, arguments)], user=self.user, check=True, capture_output=True,
            cwd="/", env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **(environment or {})}, timeout=60)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)
        shutil.rmtree(self.folder)
