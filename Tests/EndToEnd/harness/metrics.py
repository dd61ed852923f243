"""What /metrics serves, read as a scraper would; and what the page about it says."""

import collections
import pathlib
import re
import urllib.request

PAGE = pathlib.Path(__file__).resolve().parents[3] / "deploy/METRICS.md"
SAMPLE = re.compile(r"^([a-z_:]+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


class Metrics:
    """One scrape."""

    def __init__(self, text):
        self.text = text
        self.types = {}
        self.labels = collections.defaultdict(set)
        self.samples = {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name not in self.types, f"{name} is served twice"
                self.types[name] = kind
            elif not line.startswith("#"):
                match = SAMPLE.match(line)
                assert match, line
                labels = dict(LABEL.findall(match[2] or ""))
                family = self._family(match[1])
                self.labels[family] |= labels.keys() - ({"le"} if match[1] != family else set())
                key = (match[1], frozenset(labels.items()))
                assert key not in self.samples, f"{line} is served twice"
                self.samples[key] = float(match[3])

    def _family(self, name):
        for suffix in ("_bucket", "_sum", "_count"):
            if name.endswith(suffix) and self.types.get(name.removesuffix(suffix)) == "histogram":
                return name.removesuffix(suffix)
        assert name in self.types, f"{name} has no type"
        return name

    def value(self, name, **labels):
        """A series' value, None where it is not there."""
        return self.samples.get((name, frozenset(labels.items())))

    def sum(self, name):
        return sum(value for (metric, _), value in self.samples.items() if metric == name)


def scrape(program, token=None):
    request = urllib.request.Request(f"http://127.0.0.1:{program.port}/metrics")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return Metrics(answer.read().decode())


def documented():
    """The page's metrics: name → (type, labels)."""
    found = {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and re.fullmatch(r"`[a-z_]+`", cells[0]):
            name = cells[0].strip("`")
            assert name not in found, f"{name} stands on the page twice"
            found[name] = (cells[1], set(re.findall(r"`([a-z_]+)`", cells[2])))
    return found
