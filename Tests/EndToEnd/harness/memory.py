"""What stands in the memory of a process of ours."""


def copies(pid, text):
    """How often a text stands in what the process may write to."""
    found = 0
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, mode = line.split()[:2]
            if "w" not in mode or "[v" in line:
                continue
            start, end = (int(side, 16) for side in span.split("-"))
            try:
                memory.seek(start)
                found += memory.read(end - start).count(text)
            except OSError:
                continue
    return found
