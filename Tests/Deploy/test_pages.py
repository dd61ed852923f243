"""The pages of deploy/ say what is so."""

import re

from tools import DEPLOY, ROOT, alert_rules


def anchors(text):
    """The anchors of a page's headings."""
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", text, re.M)}


def test_each_alert_has_its_chapter_in_the_runbook():
    known = anchors((DEPLOY / "RUNBOOK.md").read_text())
    for rule in alert_rules():
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert (ROOT / page) == DEPLOY / "RUNBOOK.md" and anchor == rule["alert"].lower()
        assert anchor in known, f"{rule['alert']} has no chapter"
        assert rule["labels"]["severity"] in ("critical", "warning", "info")


def test_links_lead_somewhere():
    for page in DEPLOY.glob("*.md"):
        for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text()):
            path, _, anchor = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            assert file.exists(), f"{page.name}: {target}"
            if anchor:
                assert anchor in anchors(file.read_text()), f"{page.name}: {target}"


def test_each_file_is_named_in_the_readme_of_the_folder():
    text = (DEPLOY / "README.md").read_text()
    for entry in DEPLOY.iterdir():
        assert entry.stem in text or entry.name == "README.md", entry.name
