"""A browser for the rendered pages, and a server for it to ask."""

import functools
import http.server
import os
import shutil
import threading

import pytest
from playwright.sync_api import Error, sync_playwright

from book.build import HTML

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium, or one that Playwright has installed."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        except Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no browser here to open the pages in: {str(error).splitlines()[0]}")
        yield running
        running.close()


@pytest.fixture(scope="session")
def site():
    """The rendered book behind a server on this machine; yields its address."""
    assert (HTML / "index.html").is_file(), "make book comes first"

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(HTML))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
