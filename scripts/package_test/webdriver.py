"""What is needed of the WebDriver protocol."""

import base64
import json
import urllib.error
import urllib.request


class Browser:
    @classmethod
    def open(cls, port, binary):
        """The app in a session of its own; None while the driver does not listen yet."""
        capabilities = {"alwaysMatch": {"webkitgtk:browserOptions": {"binary": binary, "args": []}}}
        page = cls(f"http://127.0.0.1:{port}/session")
        try:
            page._base += "/" + page._ask("POST", "", {"capabilities": capabilities})["sessionId"]
        except urllib.error.HTTPError as error:
            raise SystemExit(f"broken: the driver does not start the app: {error.read().decode(errors='replace')}") from None
        except urllib.error.URLError:
            return None
        return page

    def __init__(self, base):
        self._base = base

    def _ask(self, method, path, body=None):
        # Never by a proxy: the driver is on this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data, {"Content-Type": "application/json"}, method=method)
        with opener.open(request, timeout=120) as answer:
            return json.load(answer)["value"]

    def script(self, text):
        return self._ask("POST", "/execute/sync", {"script": text, "args": []})

    def text(self):
        """All text of the page."""
        return self.script("return document.body ? document.body.innerText : ''")

    def picture(self):
        """The page as PNG."""
        return base64.b64decode(self._ask("GET", "/screenshot"))

    def close(self):
        self._ask("DELETE", "")
