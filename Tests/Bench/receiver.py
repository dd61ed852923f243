"""A receiver that costs little: nginx with one worker process, which answers and counts."""

import subprocess
import urllib.request

from harness.waiting import free_port, is_listening, wait_until

HOSTS = 100


class Authority:
    """A certificate for a hundred loopback addresses, signed by an authority of its own."""

    def __init__(self, folder):
        self.file, self.certificate, self.key = (
            folder / name for name in ["authority.pem", "hosts.pem", "hosts.key"])
        names = ",".join(f"IP:{address}" for address in addresses())

        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=authority", "-days",
                "2", "-keyout", "authority.key", "-out", "authority.pem")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=hosts", "-addext", f"subjectAltName={names}", "-keyout", "hosts.key", "-out",
                "hosts.csr")
        openssl("x509", "-req", "-in", "hosts.csr", "-CA", "authority.pem", "-CAkey",
                "authority.key", "-CAcreateserial", "-days", "2", "-copy_extensions", "copy", "-out",
                "hosts.pem")


def addresses():
    """The hundred addresses that stand for a hundred hosts."""
    return [f"127.0.1.{number + 1}" for number in range(HOSTS)]


class Receiver:
    """Answers 200, or 500 to a share of the events, at once or after a delay."""

    def __init__(self, folder, name, authority=None, fresh=False, failing=0, delay=0.0):
        self.port = self.count_port = free_port()
        while self.count_port == self.port:
            self.count_port = free_port()
        hosts = addresses() if authority else ["127.0.0.1"]
        scheme = "https" if authority else "http"
        self.urls = [f"{scheme}://{host}:{self.port}/hook" for host in hosts]
        listen = "".join(
            f"listen {host}:{self.port} backlog=4096 {'ssl' if authority else ''};" for host in hosts)
        tls = (f"ssl_certificate {authority.certificate}; ssl_certificate_key {authority.key};"
               f"ssl_session_cache {'off' if fresh else 'shared:tls:10m'};"
               f"ssl_session_tickets {'off' if fresh else 'on'};" if authority else "")
        answer = f"echo_sleep {delay}; echo -n '';" if delay else (
            "if ($fails) { return 500; } return 200;" if failing else "return 200;")
        module = "load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;" if delay else ""
        configuration = folder / f"{name}.conf"
        configuration.write_text(f"""
            {module}
            daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log stderr crit;
            worker_rlimit_nofile 20000;
            events {{ worker_connections 16384; }}
            http {{
              access_log off; keepalive_requests {1 if fresh else 1000000000};
              client_body_temp_path {folder}; client_body_buffer_size 512k; client_max_body_size 2m;
              split_clients $http_webhook_id $fails {{ {failing or 1}% 1; * ""; }}
              server {{ {listen} {tls} location / {{ {answer} }} }}
              server {{
                listen 127.0.0.1:{self.count_port};
                location = /count {{ stub_status; }}
              }}
            }}""")
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", configuration, "-p", folder])
        self.asked = 0
        wait_until(lambda: is_listening(self.count_port), "nginx to listen")
        self.start = self._handled()

    def _handled(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.count_port}/count") as answer:
            self.asked += 1
            return int(answer.read().split()[9]) - self.asked

    @property
    def requests(self):
        """How many requests came, those for this count left out."""
        return self._handled() - self.start

    def stop(self):
        self.process.terminate()
        self.process.wait()
