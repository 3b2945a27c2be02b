"""A headless browser, driven by its developer protocol over pipes; needs nothing but the browser."""

import fcntl
import json
import os
import shutil
import subprocess
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PROGRAM = next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page; `fetched` are the addresses that it asked for, `said` what its script complained of."""

    def __init__(self, folder):
        read, to = os.pipe()
        back, write = os.pipe()
        theirs = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (read, write)]

        def inherit():
            for fd, number in zip(theirs, (3, 4), strict=True):
                os.dup2(fd, number)

        command = [PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1400,900",
                   f"--user-data-dir={folder}", "--remote-debugging-pipe"]  # fmt: skip
        self.process = subprocess.Popen(command, preexec_fn=inherit, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for fd in (read, write, *theirs):
            os.close(fd)
        self.to, self.back = os.fdopen(to, "wb", 0), os.fdopen(back, "rb")
        self.number, self.session, self.fetched, self.said = 0, None, [], []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params, **({"sessionId": self.session} if self.session else {})}
        self.to.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads(self._message())
            if answer.get("method") == "Network.requestWillBeSent":
                self.fetched.append(answer["params"]["request"]["url"])
            if answer.get("method") in {"Runtime.exceptionThrown", "Log.entryAdded", "Page.javascriptDialogOpening"}:
                self.said.append(answer["params"])
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]

    def _message(self):
        found = bytearray()
        while (byte := self.back.read(1)) != b"\0":
            assert byte, "the browser is gone"
            found += byte
        return found

    def open(self, path, state=None):
        from urllib.parse import quote

        self.ask("Page.navigate", url="about:blank")
        self.ask("Page.navigate", url=path.as_uri() + ("" if state is None else "#" + quote(json.dumps(state))))
        self.wait("document.readyState === 'complete' && [...document.images].filter((i) => i.loading !== 'lazy').every((i) => i.complete)")

    def run(self, script):
        found = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, script, seconds=20):
        until = time.monotonic() + seconds
        while not (found := self.run(script)):
            assert time.monotonic() < until, f"never true: {script}"
            time.sleep(0.05)
        return found

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, **({"text": key} if kind == "keyDown" and len(key) == 1 else {}))

    def mouse(self, kind, x, y, **more):
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def picture(self):
        """What is seen, as the bytes of a PNG."""
        import base64

        return base64.b64decode(self.ask("Page.captureScreenshot")["data"])

    def close(self):
        self.to.close()
        self.process.terminate()
        self.process.wait(10)
        self.back.close()
