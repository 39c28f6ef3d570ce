"""A browser for the rendered pages, a server for it to ask, and a report of what pages weigh."""

import functools
import gzip
import http.server
import itertools
import os
import shutil
import sys
import threading
from pathlib import Path

import pytest
from playwright.sync_api import Error, sync_playwright

from book.build import HTML

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
TEXT = {".css", ".html", ".ipynb", ".js", ".json", ".svg", ".txt", ".xml"}


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


@functools.cache
def compressed(path: Path) -> bytes:
    """A text file as GitHub Pages, and every other host, sends it."""
    return gzip.compress(path.read_bytes(), compresslevel=6)


class Host(http.server.SimpleHTTPRequestHandler):
    """Sends files as a host of pages would: text compressed, over connections that stay open."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        takes = "gzip" in self.headers.get("Accept-Encoding", "")
        if not (takes and path.suffix in TEXT and path.is_file()):
            return super().do_GET()
        data = compressed(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Server(http.server.ThreadingHTTPServer):
    """Has room for all that a browser, or two, ask at once."""

    daemon_threads = True  # a browser keeps its connections
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Say what went wrong; but a browser that is closed may drop what it has asked for."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@pytest.fixture(scope="session")
def site():
    """The rendered book behind a server on this machine; yields its address."""
    assert (HTML / "index.html").is_file(), "make book comes first"
    handler = functools.partial(Host, directory=str(HTML))
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def pytest_terminal_summary(terminalreporter):
    """Print what each page weighs, and how soon it can be read; heaviest first."""
    pages = {}
    for report in itertools.chain.from_iterable(terminalreporter.stats.values()):
        properties = dict(getattr(report, "user_properties", ()))
        if "page" in properties:
            pages.setdefault(properties.pop("page"), {}).update(properties)
    if not pages:
        return
    columns = sorted({column for row in pages.values() for column in row})
    terminalreporter.section("what the pages weigh")
    terminalreporter.write_line("".join(f"{column:>14}" for column in columns) + "  page")
    for page, row in sorted(pages.items(), key=lambda item: -item[1].get("kB sent", 0)):
        figures = "".join(f"{row.get(column, ''):>14}" for column in columns)
        terminalreporter.write_line(f"{figures}  {page}")
