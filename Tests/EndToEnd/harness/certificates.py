"""Certificates of an authority of our own, good ones and bad ones, by the openssl command."""

import ssl
import subprocess


class Authority:
    """Signs certificates; `file` is its own, for those who trust it."""

    def __init__(self, folder, name="authority"):
        self.folder, self.name = folder, name
        self.file = folder / f"{name}.pem"
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-days",
                      "2", "-keyout", f"{name}.key", "-out", self.file)

    def server(self, host, days=2):
        """What a server needs to be `host`; with negative days its time is over."""
        return self._context(*self.sign(host, days))

    def sign(self, host, days=2):
        """The files of a certificate for `host` and of its key."""
        name = f"{self.name}-{host}-{days}"
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={host}", "-addext",
                      f"subjectAltName=DNS:{host}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", self.file, "-CAkey",
                      f"{self.name}.key", "-CAcreateserial", "-days", str(days), "-copy_extensions",
                      "copy", "-out", f"{name}.pem")
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def itself(self):
        """What a server has that shows the authority's own certificate."""
        return self._context(self.file, self.folder / f"{self.name}.key")

    @staticmethod
    def _context(certificate, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.folder)
