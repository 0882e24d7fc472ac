"""Takes pictures of the built site in a Chromium, and says what is wider than its page or has too little contrast.

`python -m docs_site.shots CHROMIUM [--only PAGE …]`; pages by their names in build/site, `routing.html`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SITE, SHOTS = ROOT / "build" / "site", ROOT / "build" / "shots"
#: Pages of every kind that there is: words, wide tables, code, drawings, pictures, the reference.
PAGES = (
    "index.html",
    "start/index.html",
    "deploy.html",
    "routing.html",
    "lives.html",
    "peers.html",
    "errors.html",
    "cli.html",
    "operate.html",
    "configuration.html",
    "performance.html",
    "wire.html",
    "api/index.html",
    "api/node.html",
)
WIDTHS = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
#: Height of a picture: what is below repeats what is above.
TALLEST = 6000
#: What axe-core says (https://github.com/dequelabs/axe-core), of what a reader would notice.
RULES = {
    "runOnly": {
        "type": "rule",
        "values": ["color-contrast", "image-alt", "link-name", "duplicate-id-aria", "svg-img-alt"],
    }
}
#: Elements that stick out of the page to the right, and no ancestor of which scrolls.
_STICKING_OUT = """() => [...document.querySelectorAll('.md-content *, .md-header *')].filter(each => {
  if (each.getBoundingClientRect().right <= document.documentElement.clientWidth + 1) return false;
  for (let at = each; at; at = at.parentElement)
    if (at !== document.body && ["auto", "scroll", "hidden"].includes(getComputedStyle(at).overflowX)) return false;
  return each.getBoundingClientRect().width > 0;
}).slice(0, 5).map(each => each.tagName + ' ' + each.textContent.trim().slice(0, 60))"""


def main() -> int:
    """Take them; 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chromium")
    parser.add_argument("--only", nargs="+", metavar="PAGE", default=PAGES)
    options = parser.parse_args()
    SHOTS.mkdir(parents=True, exist_ok=True)
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        for width, viewport in WIDTHS.items():
            for scheme in ("light", "dark"):
                context = browser.new_context(viewport=viewport, color_scheme=scheme)
                page = context.new_page()
                outside: list[str] = []
                page.on("request", lambda request, outside=outside: outside.append(request.url))
                for name in options.only:
                    found += [f"{name} ({width}, {scheme}): {fault}" for fault in _shot(page, name, width, scheme)]
                found += [
                    f"{url} was loaded"
                    for url in sorted(set(outside))
                    if not url.startswith(("file:", "data:", "blob:"))
                ]
                context.close()
        browser.close()
    for fault in found:
        print(f"docs-shots: {fault}", file=sys.stderr)
    print(
        f"docs-shots: {len(options.only) * len(WIDTHS) * 2} pictures in {SHOTS.relative_to(ROOT)}, {len(found)} faults"
    )
    return 1 if found else 0


def _shot(page: Page, name: str, width: str, scheme: str) -> list[str]:
    page.goto((SITE / name).as_uri())
    page.wait_for_selector(".md-content")
    faults = [f"wider than the page: {each}" for each in page.evaluate(_STICKING_OUT)]
    for violation in Axe().run(page, options=RULES).response["violations"]:
        node = violation["nodes"][0]
        faults.append(f"{violation['id']}: {len(violation['nodes'])} × {node['html'][:110]}")
    high = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
    target = SHOTS / f"{name.removesuffix('.html').replace('/', '-')}-{width}-{scheme}.png"
    page.screenshot(path=target, full_page=True, clip={"x": 0, "y": 0, "width": WIDTHS[width]["width"], "height": high})
    return faults


if __name__ == "__main__":
    sys.exit(main())
