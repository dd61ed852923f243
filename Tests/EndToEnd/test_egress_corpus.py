"""The corpus of hostile URLs through the real engine: names and peers by a library that is loaded before all
others, which writes down each connection that is attempted and leads it to a receiver of the test.

Each line goes as a webhook would, through the rules that hold when it is saved, and again as libcurl alone
reads it: then the policy at connect time stands by itself. In two locales, since libcurl maps names by them."""

import ipaddress
import json
import os
import pathlib
import subprocess

import pytest

from harness.certificates import Authority
from harness.program import BINARY
from harness.receiver import Receiver

HERE = pathlib.Path(__file__).parent
CORPORA = HERE.parent / "SealpostTransportTests/Corpora"
PROBE = pathlib.Path(BINARY).with_name("EgressProbe")

# Where the field's tools disagree and the corpus leaves the rule to us, the stricter one.
REFUSED = {"encoding-0308", "encoding-0309", "encoding-0310", "encoding-0311",  # no plain decimals
           "port-0578",  # a colon without a port
           "parser-0461",  # a fragment
           "unicode-0367"}  # a name that is not in its ASCII form


def lines():
    return [json.loads(line) for line in (CORPORA / "ssrf.jsonl").read_text().splitlines()]


def own_name(line):
    """The line with a name of its own, where others use the same one with other addresses."""
    text = json.dumps(line, ensure_ascii=False)
    for name in ("hooks.example.test", "rebind.example.test", "mixed.example.test"):
        text = text.replace(name, f"{line['id']}.hooks.example.test")
    return json.loads(text)


class Probe:
    """The engine in a process, one command at a time, and the connections that each makes it attempt."""

    def __init__(self, folder, library, receiver, authority, tls_port, corpus, locale):
        names = folder / f"names-{locale}"
        with open(names, "w") as file:
            for line in corpus:
                for name, addresses in line.get("resolve", {}).items():
                    print(name, addresses, file=file)
                for name, answers in line.get("resolve_seq", {}).items():
                    for addresses in answers:
                        print(name, addresses, file=file)
        proxies = {key: value for line in corpus for key, value in line.get("env", {}).items()}
        self._process = subprocess.Popen(
            [PROBE, authority.file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={
                "PATH": os.environ["PATH"], "LD_PRELOAD": str(library), "LC_ALL": locale, "NAMES": str(names),
                "PLAIN_PORT": str(receiver.port), "TLS_PORT": str(tls_port), **proxies})
        self.locale = self._read()[0]["locale"]

    def __call__(self, what, **command):
        """What came of a command, and the addresses that it had dialled."""
        self._process.stdin.write(json.dumps({"what": what, **command}) + "\n")
        self._process.stdin.flush()
        return self._read()

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(timeout=30) == 0

    def _read(self):
        dialled = []
        while line := self._process.stdout.readline():
            if not line.startswith("connect "):
                return json.loads(line), dialled
            dialled.append(line.split(" ")[1])
        raise AssertionError("the probe ended")


def is_forbidden(address, ranges):
    address = ipaddress.ip_address(address)
    if address.version == 4:
        return any(address in block for block in ranges["ipv4_deny"])
    return (any(address in block for block in ranges["ipv6_deny"])
            or not any(address in block for block in ranges["ipv6_allow_only_within"]))


@pytest.fixture(scope="module")
def ranges():
    read = json.loads((CORPORA / "ip_ranges.json").read_text())
    return {kind: [ipaddress.ip_network(block) for block in blocks] for kind, blocks in read.items()
            if isinstance(blocks, list) and kind.startswith("ipv")}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    built = tmp_path_factory.mktemp("native") / "names.so"
    subprocess.run(["cc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", built, HERE / "native/names.c",
                    "-ldl"], check=True)
    return built


@pytest.fixture(params=["C", "C.UTF-8"])
def probe(request, library, tmp_path, receiver):
    authority = Authority(tmp_path)
    tls_port = receiver.listen(authority.server("*.hooks.example.test"))
    corpus = [own_name(line) for line in lines()]
    made = Probe(tmp_path, library, receiver, authority, tls_port, corpus, request.param)
    assert made.locale == request.param
    made.corpus = corpus
    yield made
    made.close()


def answers_of(corpus):
    """What the receiver answers at a name, as the lines have it."""
    known = {}
    for line in corpus:
        if answer := line.get("response"):
            fields = dict(answer.get("headers", {}))
            if "location" in answer:
                fields["Location"] = answer["location"]
            known[line["id"] + ".hooks.example.test"] = (answer["status"], fields)
    return lambda request: known.get(request.headers["host"], 200)


def wrong_verdict(line, answer, dialled, requests, ranges):
    """What is wrong with what became of a line that was sent as a webhook's, or None."""
    bad = [address for address in dialled
           if address in line.get("never_dial", ()) or is_forbidden(address, ranges)]
    if bad:
        return f"dialled {bad}"
    if line["cat"] == "redirect":
        # It is an answer like others that are no success: one request, and the Location is not followed.
        return None if len(requests) == 1 and answer.get("status") == line["response"]["status"] else "followed"
    if "resolve_seq" in line:
        return None if answer.get("status") == 200 else f"{answer} at the first look-up"
    is_denied = "refused" in answer or answer.get("reason") in ("blocked_address", "https_required")
    # Over a connection that is kept nothing is dialled.
    is_reached = bool(dialled) or answer.get("status", 0) > 0
    if is_denied and is_reached:
        return f"denied, but dialled {dialled}"
    if not is_denied and not is_reached and answer.get("reason") != "dns_not_found":
        return f"neither denied nor reached: {answer}"
    if "never_dial" in line and line.get("soft") and is_reached:
        return None  # a name with addresses of both kinds: only the allowed ones are dialled
    expected = "deny" if line["id"] in REFUSED else line["expect"]
    return None if is_reached == (expected == "allow") else f"{answer}, expected {expected}"


def test_every_line_gets_its_verdict_and_no_forbidden_address_is_dialled(probe, receiver, ranges):
    receiver.script("/in", answers_of(probe.corpus))
    assert len(probe.corpus) == 334
    wrong, count = {}, {"dialled": 0, "denied": 0, "raw dialled": 0}
    for line in probe.corpus:
        begun = len(receiver.requests)
        if "requires" in line:
            probe("policy", httpsOnly=True)
            probe("engine")
        answer, dialled = probe("send", url=line["url"], headers=line.get("headers", {}))
        if "requires" in line:
            probe("policy")
            probe("engine")
        if why := wrong_verdict(line, answer, dialled, receiver.requests[begun:], ranges):
            wrong[line["id"]] = why
        count["dialled" if dialled else "denied"] += 1
    # A name whose addresses change: each engine looks names up for itself, and the second one gets the next.
    probe("engine")
    for line in probe.corpus:
        if "resolve_seq" in line:
            answer, dialled = probe("send", url=line["url"])
            if dialled or answer.get("reason") != "blocked_address":
                wrong[line["id"] + " again"] = f"{answer} {dialled}"
    # The same texts as libcurl alone reads them.
    for line in probe.corpus:
        answer, dialled = probe("raw", url=line["url"])
        if bad := [address for address in dialled if is_forbidden(address, ranges)]:
            wrong[line["id"] + " raw"] = f"dialled {bad}"
        count["raw dialled"] += bool(dialled)
    assert wrong == {}
    assert count["dialled"] > 50 and count["denied"] > 200 and count["raw dialled"] > 50, count


def test_a_connection_that_is_open_is_not_used_for_an_address_that_is_forbidden_now(
        probe, receiver, ranges):
    """Each address of the corpus is reached while everything is allowed; then the policy changes, and what it
    forbids gets nothing over the connections that are kept."""
    probe("policy", allow=["0.0.0.0/0", "::/0"])
    urls = {line["url"] for line in probe.corpus
            if line["cat"] in ("ip4", "ip6", "metadata", "name", "resolve") and line["url"].startswith("http:")}
    reached = {}
    for url in sorted(urls):
        answer, dialled = probe("send", url=url)
        if answer.get("status") == 200:
            reached[url] = answer["address"]
    for url, address in reached.items():
        assert probe("send", url=url) == ({"status": 200, "address": address}, []), "the connection is kept"
    probe("policy", allow=[])
    forbidden = {url for url, address in reached.items() if is_forbidden(address, ranges)}
    assert len(forbidden) > 60 and len(reached) - len(forbidden) > 5, (len(forbidden), len(reached))
    for url, address in reached.items():
        begun = len(receiver.requests)
        answer, dialled = probe("send", url=url)
        if url in forbidden:
            assert answer["reason"] == "blocked_address", (url, answer)
            assert dialled == [] and len(receiver.requests) == begun, url
        else:
            assert answer == {"status": 200, "address": address} and dialled == [], (url, answer)
