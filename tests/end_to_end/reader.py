"""Somebody who reads the desk's pages in a browser without JavaScript."""

from __future__ import annotations

import re
from html import unescape

import httpx

UNSEEN = re.compile(r"<(head|svg|script|style)\b.*?</\1>", re.DOTALL)


class Reader:
    """One signed-in person."""

    def __init__(self, desk: str, username: str, password: str) -> None:
        self._desk = desk
        with httpx.Client(base_url=desk, timeout=120) as browser:
            login = browser.get("/accounts/login/")
            (proof,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', login.text)
            form = {"username": username, "password": password, "csrfmiddlewaretoken": proof}
            answer = browser.post("/accounts/login/", data=form)
            assert answer.is_redirect, f"{username} could not sign in: {answer.status_code}"
            self._cookies = browser.cookies

    def ask(self, path: str) -> httpx.Response:
        """Open a page, whatever it says."""
        return httpx.get(self._desk + path, cookies=self._cookies, timeout=120)

    def read(self, path: str) -> str:
        """Give the words of a page as a person would read them out, on one line."""
        answer = self.ask(path)
        assert answer.status_code == httpx.codes.OK, f"{path}: {answer.status_code}\n{answer.text}"
        seen = re.sub(r"<[^>]+>", " ", UNSEEN.sub(" ", answer.text))
        return " ".join(unescape(seen).split())
