"""The rendered book in headless Chromium: pages served from this machine, with every other address out of reach."""

import functools
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
# a network that is cut: no name but this machine's resolves
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
SERIOUS = ("serious", "critical")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder on a port of this machine; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Headless Chromium; the test is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visitor:
    """A page that writes down what goes wrong on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda said: said.type == "error" and self._note(f"console: {said.text}"))
        self.page.on("pageerror", lambda error: self._note(f"script error: {error}"))
        # a request given up because the next page was asked for has not failed
        self.page.on(
            "requestfailed",
            lambda request: (
                request.failure != "net::ERR_ABORTED" and self._note(f"failed: {request.url[:200]} ({request.failure})")
            ),
        )
        self.page.on("request", self._stays_here)
        self.page.on("response", lambda got: got.status >= 400 and self._note(f"status {got.status}: {got.url}"))

    def _stays_here(self, request) -> None:
        if not request.url.startswith(("http://127.0.0.1", "file://", "data:", "blob:")):
            self._note(f"leaves this machine: {request.url[:200]}")

    def _note(self, what: str) -> None:
        self.complaints.append(f"{self.page.url}: {what}")

    def open(self, address: str) -> Page:
        """Go there, and wait until formulas in sight are set and fonts are there."""
        self.page.goto(address)
        self.page.evaluate("window.MathJax?.startup?.promise")
        self.page.evaluate("document.fonts.ready.then(() => true)")
        return self.page


def overflow(page: Page) -> str:
    """What sticks out of the screen sideways, in words; empty where nothing does."""
    return page.evaluate(
        """() => {
            const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width + 1) return "";
            const framed = (e) => e && (getComputedStyle(e).overflowX !== "visible" || framed(e.parentElement));
            const out = [...document.querySelectorAll("main *")].filter(
                (e) => e.getBoundingClientRect().right > width + 1 && !framed(e.parentElement));
            return `${document.documentElement.scrollWidth} > ${width}: `
                + out.slice(0, 3).map((e) => e.outerHTML.slice(0, 100)).join(" | ");
        }"""
    )


def cut(page: Page) -> list[str]:
    """Code, pictures and tables wider than what is around them, where nothing lets one scroll."""
    return page.evaluate(
        """() => [...document.querySelectorAll("article :is(pre, figure, table, img)")].filter((e) => {
            if (!e.checkVisibility()) return false;
            const hides = (e) => ["hidden", "clip"].includes(getComputedStyle(e).overflowX);
            const scrolls = (e) => ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
            const wide = (e) => e.scrollWidth > e.clientWidth + 1;
            if (e.localName === "pre" || e.localName === "figure") return wide(e);
            for (let frame = e.parentElement; frame.localName !== "article"; frame = frame.parentElement) {
                if (scrolls(frame)) return wide(frame) && !frame.classList.contains("sernb-more");
                if (hides(frame) && wide(frame)) return true;
            }
            return e.getBoundingClientRect().right > e.closest("article").getBoundingClientRect().right + 1;
        }).map((e) => e.outerHTML.slice(0, 120))"""
    )


def barriers(page: Page) -> list[str]:
    """Serious and critical violations that axe finds, one line each."""
    options = {"resultTypes": ["violations"], "iframes": False, "preload": False}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{page.url}: {rule['id']} ({rule['impact']}): {node['target']} {node['html'][:160]}"
        for rule in found
        if rule["impact"] in SERIOUS
        for node in rule["nodes"][:3]
    ]
