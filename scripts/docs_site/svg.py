"""The one look of what is drawn for the pages: an SVG that stands alone, light or dark as its reader's system is.

In the site a drawing stands in the page itself and takes its colours from it (`site.css`), whatever the system says.
"""

from __future__ import annotations

import html
import re

__all__ = ["STYLE", "escaped", "in_page", "picture"]

#: The same variables, with the same meaning, are in site.css.
STYLE = """
.drawing{--ink:#1d2530;--faint:#5a6675;--edge:#8793a3;--paper:#ffffff;--fill:#eef3f9;--strong:#2459a9;--good:#1b7f4b;--bad:#b3261e}
@media (prefers-color-scheme:dark){.drawing{--ink:#e6eaf0;--faint:#a9b4c2;--edge:#77849a;--paper:#1b1f27;--fill:#262d39;
--strong:#8ab4f8;--good:#6fd49b;--bad:#ff8a80}}
.drawing .paper{fill:var(--paper)}
"""
#: What is the same in both places.
_SHAPES = """
.drawing text{fill:var(--ink);font:14px ui-sans-serif,system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
text-anchor:middle}
.drawing .small{font-size:12px;fill:var(--faint)}
.drawing .left{text-anchor:start}
.drawing .strong{font-weight:600}
.drawing .halo{paint-order:stroke;stroke:var(--paper);stroke-width:5px;stroke-linejoin:round}
.drawing .box{fill:var(--fill);stroke:var(--edge);stroke-width:1.2}
.drawing .group{fill:none;stroke:var(--edge);stroke-width:1.2;stroke-dasharray:5 4}
.drawing .line{fill:none;stroke:var(--edge);stroke-width:1.4;marker-end:url(#arrow)}
.drawing .bare{fill:none;stroke:var(--edge);stroke-width:1.4}
.drawing .accent{stroke:var(--strong);stroke-width:2}
.drawing .cut{stroke:var(--bad);stroke-dasharray:3 4}
.drawing .dot,.drawing .tip{fill:var(--edge)}
.drawing .ring{fill:none;stroke:var(--edge);stroke-width:1.4}
.drawing .good{fill:var(--good)}
.drawing .bad{fill:var(--bad)}
"""
_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
    '<path class="tip" d="M0 0L10 5L0 10z"/></marker></defs>'
)


def escaped(text: str) -> str:
    """Text in a drawing."""
    return html.escape(text, quote=False)


def picture(body: str, width: float, height: float, title: str, *, left: float = 0.0, top: float = 0.0) -> str:
    """A whole drawing; `title` is what is read aloud instead of it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" role="img" '
        f'viewBox="{left:g} {top:g} {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}"><title>{escaped(title)}</title>'
        f"<style>{STYLE}{_SHAPES}</style>{_ARROW}"
        f'<rect class="paper" x="{left:g}" y="{top:g}" width="100%" height="100%" rx="8"/>{body}</svg>\n'
    )


def in_page(drawing: str, number: int, kind: str = "") -> str:
    """The same for a page of the site: on one line, coloured by it, its arrow named apart from those of others.

    `kind`: `wide` or `narrow`, for a drawing of which there is one for each width of the page.
    """
    # A style in a page counts for all of it: this one is of this drawing, or its arrow would be that of the last one.
    shapes = _SHAPES.replace(".drawing ", f".drawing-{number} ")
    bare = re.sub(r"<style>.*?</style>", f"<style>{shapes}</style>", drawing, flags=re.DOTALL)
    bare = bare.replace('class="drawing"', f'class="drawing drawing-{number}"', 1)
    bare = re.sub(r'<rect class="paper"[^>]*/>', "", bare).replace('xmlns="http://www.w3.org/2000/svg" ', "")
    bare = bare.replace('id="arrow"', f'id="arrow-{number}"').replace("url(#arrow)", f"url(#arrow-{number})")
    return f'<figure class="{f"drawn {kind}".strip()}">{" ".join(bare.split())}</figure>'
