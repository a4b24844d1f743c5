"""What a page may load: our own files, our own feed, and the inline scripts of the built pages.

Inline scripts are trusted by their hash. A new build of the pages is noticed while the process
runs, so a page is never blocked by the hashes of the build before.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from quantdesk.services.dependencies import Place

API_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


class PagePolicy:
    """The policy of pages; without a folder of pages inline scripts are allowed as they are."""

    def __init__(self, place: Place, pages: Path | None) -> None:
        self._place = place
        self._pages = pages
        self._built_at = self._build_time()
        self._text = self._policy()

    @property
    def text(self) -> str:
        """The header for the pages that are there now."""
        try:
            built_at = self._build_time()
            if built_at != self._built_at:
                self._text, self._built_at = self._policy(), built_at
        except FileNotFoundError:
            # Pages are being replaced this moment; the next response looks again.
            return self._text
        return self._text

    def _build_time(self) -> int:
        """When the newest page was written; 0 while there is none."""
        if self._pages is None or not self._pages.is_dir():
            return 0
        return max((page.stat().st_mtime_ns for page in self._pages.glob("*.html")), default=0)

    def _policy(self) -> str:
        inline = inline_script_hashes(self._pages) if self._pages else ["'unsafe-inline'"]
        scripts = " ".join(["'self'", *inline])
        feed = self._place.feed_url.partition("/ws/")[0]
        socket = self._place.origin.replace("http", "ws", 1)
        return "; ".join(
            [
                "default-src 'self'",
                f"script-src {scripts}",
                "style-src 'self' 'unsafe-inline'",
                "img-src 'self' data: blob:",
                "font-src 'self' data:",
                f"connect-src 'self' {socket} {feed}",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            ]
        )


def inline_script_hashes(pages: Path) -> list[str]:
    """CSP sources for every inline script of the built pages below `pages`."""
    found: set[str] = set()
    for page in pages.rglob("*.html"):
        for script in _INLINE_SCRIPT.findall(page.read_bytes()):
            digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
            found.add(f"'sha256-{digest}'")
    return sorted(found)
