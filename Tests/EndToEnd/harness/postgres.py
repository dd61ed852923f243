"""A PostgreSQL server of its own: temporary folder, free port, nobody's password, stopped by process id."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from .waiting import free_port, is_listening, wait_until

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")


class Postgres:
    """follows: the server whose standby this one is; what that one commits is here before it is answered."""

    def __init__(self, follows=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sealpost-postgres-"))
        self.port = free_port()
        self.environment = {}  # what the server has besides ours
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        if follows:
            self.follow(follows)
        else:
            self._run("initdb", "-D", self.folder / "data", "-A", "trust", "-U", "sealpost", "-E", "UTF8",
                      "--locale=C.UTF-8", "--no-sync")
            self.start()

    def follow(self, primary):
        """Becomes the standby of another server, with nothing of its own, until it is promoted."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        self._run("pg_basebackup", "-D", self.folder / "data", "-h", "127.0.0.1", "-p", primary.port,
                  "-U", "sealpost", "-R", "-c", "fast", "-X", "stream", "--no-sync")
        self.start()
        primary.set("synchronous_standby_names", "*")
        wait_until(lambda: primary.query(primary.url("postgres"), "SELECT sync_state FROM "
                                         "pg_stat_replication") == [["sync"]], "the standby to follow")

    def promote(self):
        """Takes writes from now on."""
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-t", "60", "promote")

    def set(self, setting, value):
        """Changes a setting of the server that runs."""
        self.query(self.url("postgres"), f"ALTER SYSTEM SET {setting} = '{value}'")
        self.query(self.url("postgres"), "SELECT pg_reload_conf()")
        wait_until(lambda: self.query(self.url("postgres"), f"SHOW {setting}") == [[value]], setting)

    def _command(self, program, *arguments):
        """The server refuses to run as root."""
        command = [PROGRAMS / program, *map(str, arguments)]
        return ["runuser", "-u", "postgres", "--", *command] if os.getuid() == 0 else command

    def _run(self, program, *arguments):
        return subprocess.run(self._command(program, *arguments), check=True, text=True, cwd="/",
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120).stdout

    def start(self):
        """Starts the server and waits until it serves."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
        with open(self.folder / "pg_ctl.log", "ab") as log:
            subprocess.run(
                self._command("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "data/log",
                              "-o", options, "-w", "-t", "60", "start"),
                check=True, cwd="/", env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, timeout=90)

    @property
    def pid(self):
        return int((self.folder / "data/postmaster.pid").read_text().split()[0])

    def kill(self):
        """Ends the server as a power cut would; what its processes wrote to the system stays."""
        pid = self.pid
        children = subprocess.run(["pgrep", "-P", str(pid)], text=True, capture_output=True,
                                  check=False).stdout.split()
        for process in [pid, *map(int, children)]:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_until(lambda: not is_listening(self.port), "PostgreSQL to be gone")
        wait_until(lambda: not any(pathlib.Path(f"/proc/{child}").exists() for child in children),
                   "its processes to be gone")

    def halt(self):
        """Ends the server in good order; `start` begins it again."""
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "fast", "-w", "stop")

    def stop(self):
        """Ends the server and removes its folder."""
        if is_listening(self.port):
            self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def database(self, name, folder=None):
        """Makes an empty database and gives its URL; folder: where its tables are to lie."""
        options = []
        if folder:
            space = pathlib.Path(folder) / name
            space.mkdir()
            if os.getuid() == 0:
                shutil.chown(space, "postgres", "postgres")
            self.query(self.url("postgres"), f"CREATE TABLESPACE {name} LOCATION '{space}'")
            options = ["-D", name]
        self._run("createdb", "-h", "127.0.0.1", "-p", self.port, "-U", "sealpost", *options, name)
        return self.url(name)

    def url(self, name):
        """A database's URL."""
        return f"postgresql://sealpost@127.0.0.1:{self.port}/{name}"

    def query(self, url, sql):
        """What psql prints, a list of columns a row."""
        output = self._run("psql", "-X", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", url,
                           "-c", sql)
        return [line.split("\t") for line in output.splitlines()]

    @contextlib.contextmanager
    def locked(self, url, table):
        """Another session has a table for itself."""
        session = subprocess.Popen(
            [PROGRAMS / "psql", "-X", "-A", "-t", "-q", "-d", url], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        session.stdin.write(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 'locked';\n")
        session.stdin.flush()
        assert session.stdout.readline() == "locked\n", "psql has the lock"
        try:
            yield
        finally:
            session.communicate("ROLLBACK;\n", timeout=30)
