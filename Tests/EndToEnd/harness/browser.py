"""The portal without a browser: a session, its cookies, and the key that its forms bring back."""

import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar


class Session:
    def __init__(self, address, context=None):
        self.address = address
        self.cookies = CookieJar()
        handlers = [urllib.request.HTTPCookieProcessor(self.cookies)]
        if context:
            handlers.append(urllib.request.HTTPSHandler(context=context))
        self.opener = urllib.request.build_opener(*handlers)

    def sign_in(self, token):
        status, page = self.ask("/sign-in", token=token)
        assert status == 200 and "Sign out" in page, page
        self.key = re.search(r'name="key" value="(\w+)"', page)[1]
        return self

    def ask(self, path, **form):
        """A page, or what comes after a form was sent: status and text."""
        body = urllib.parse.urlencode(form).encode() if form else None
        try:
            with self.opener.open(self.address + path, body, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def send(self, path, **form):
        """What comes after a form of a page was sent."""
        return self.ask(path, key=self.key, **form)
