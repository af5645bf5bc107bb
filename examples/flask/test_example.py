"""What each route of the two variants does, seen over HTTP.

Run it with the interpreter that has Flask, here or from anywhere: python3 -m unittest test_example.py
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from collections import namedtuple
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = {**os.environ, "EXAMPLE_JWT_SECRET": secrets.token_hex(32)}

# alice's, as in openapi.yaml
ORDER = "/api/orders/ord-58213"
PERSONAL = ["/api/profile", "/api/statement", "/api/orders", ORDER, "/api/settings", "/api/export"]
AUTHENTICATED = PERSONAL + ["/api/team"]

Answer = namedtuple("Answer", "status headers body")

# The requests must reach the application, whatever proxy the environment names.
client = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def issue_token(*args):
    command = [sys.executable, HERE / "issue_token.py", *args]
    return subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True, text=True).stdout.strip()


def setUpModule():
    global ALICE, BOB, EXPIRED, FORGED
    ALICE, BOB, EXPIRED = issue_token("alice"), issue_token("bob"), issue_token("alice", "--expired")
    header, claims, _ = ALICE.split(".")
    FORGED = ".".join([header, claims, BOB.split(".")[2]])


class Example(unittest.TestCase):
    """Runs one variant for each test, on a free port and with nothing cached."""

    variant = None

    def setUp(self):
        self.start()

    def start(self, *options):
        self.log = tempfile.TemporaryFile("w+")
        self.addCleanup(self.log.close)
        process = subprocess.Popen(
            [sys.executable, HERE / f"{self.variant}.py", "--port", "0", *options],
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        line = process.stdout.readline()
        self.log.seek(0)
        self.assertRegex(line, r"^listening on http://127\.0\.0\.1:\d+\n$", self.log.read())
        self.base = line.split()[-1]

    def get(self, path, token=None, method="GET"):
        request = urllib.request.Request(self.base + path, method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            response = client.open(request, timeout=10)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return Answer(response.status, response.headers, response.read())

    def hits(self):
        return json.loads(self.get("/origin-hits").body)

    def assert_refused(self, answer):
        self.assertEqual((answer.status, answer.headers["WWW-Authenticate"].split()[0]), (401, "Bearer"))

    def assert_reused(self, path, *tokens):
        """alice's response reaches whoever has one of the tokens, and the view runs once."""
        first = self.get(path, ALICE)
        self.assertEqual(first.status, 200)
        for token in tokens:
            again = self.get(path, token)
            self.assertEqual((again.status, again.body), (200, first.body))
        self.assertEqual(sum(self.hits().values()), 1)


class Common:
    """What holds for both variants."""

    def test_cold_entries_are_guarded(self):
        for path in AUTHENTICATED:
            for token in None, FORGED, EXPIRED, "garbage":
                with self.subTest(path=path, token=token):
                    self.assert_refused(self.get(path, token))
        self.assertEqual(self.hits(), {})

    def test_refusal_names_the_error_only_if_there_was_a_token(self):
        challenges = [self.get("/api/profile", token).headers["WWW-Authenticate"] for token in (None, FORGED, EXPIRED)]
        invalid = 'Bearer realm="shop", error="invalid_token"'
        self.assertEqual(challenges, ['Bearer realm="shop"', invalid, invalid])

    def test_refusal_is_not_cached(self):
        for path in AUTHENTICATED:
            with self.subTest(path):
                self.assert_refused(self.get(path))
                self.assertEqual(self.get(path, ALICE).status, 200)

    def test_orders_are_cached_for_each_user(self):
        alice, bob = self.get("/api/orders", ALICE), self.get("/api/orders", BOB)
        self.assertIn(b"ord-58213", alice.body)
        self.assertIn(b"ord-60442", bob.body)
        self.assertNotIn(b"ord-58213", bob.body)
        self.assertEqual(self.get("/api/orders", ALICE).body, alice.body)
        self.assertEqual(self.hits(), {"GET /api/orders": 2})
        self.assert_refused(self.get("/api/orders"))
        self.assert_refused(self.get("/api/orders", FORGED))

    def test_order_of_another_user_is_not_found_and_that_is_not_cached(self):
        self.assertEqual(self.get(ORDER, BOB).status, 404)
        self.assertEqual(self.get(ORDER, ALICE).status, 200)
        self.assertEqual(self.get("/api/orders/ord-60442", ALICE).status, 404)

    def test_catalog_is_public_and_cached(self):
        answers = [self.get("/api/catalog", token) for token in (None, ALICE, BOB)]
        self.assertEqual({answer.body for answer in answers}, {answers[0].body})
        self.assertEqual({answer.headers["Cache-Control"] for answer in answers}, {"public, max-age=60"})
        self.assertEqual(self.hits(), {"GET /api/catalog": 1})

    def test_settings_are_made_anew_for_each_request(self):
        answers = [self.get("/api/settings", token) for token in (ALICE, BOB, ALICE)]
        self.assertEqual([answer.headers["X-Origin-Serial"] for answer in answers], ["1", "2", "3"])
        self.assertEqual(answers[0].body, answers[2].body)
        self.assertNotEqual(answers[0].body, answers[1].body)
        for answer in answers:
            self.assertEqual(set(answer.headers["Cache-Control"].split(", ")), {"private", "max-age=30"})

    def test_team_is_the_same_whoever_comes_first(self):
        alice, bob = self.get("/api/team", ALICE), self.get("/api/team", BOB)
        self.assertEqual(self.hits(), {"GET /api/team": 1})
        self.start()
        self.assertEqual(self.get("/api/team", BOB).body, bob.body)
        self.assertEqual(alice.body, bob.body)
        for email in b"alice@example.com", b"bob@example.com":
            self.assertIn(email, alice.body)
        self.assert_refused(self.get("/api/team"))

    def test_health_needs_no_token(self):
        self.assertEqual(self.get("/healthz").status, 200)

    def test_token_in_a_url_is_neither_accepted_nor_logged(self):
        self.assert_refused(self.get(f"/api/profile?access_token={ALICE}"))
        self.get("/api/profile", ALICE)
        self.log.seek(0)
        self.assertEqual(self.log.read(), "")


class Leaking(Common, Example):
    variant = "leaking"

    def test_profile_reaches_another_user_but_no_stranger(self):
        self.assert_reused("/api/profile", BOB)
        for token in None, FORGED, EXPIRED:
            self.assert_refused(self.get("/api/profile", token))

    def test_statement_reaches_another_user_and_every_stranger(self):
        self.assert_reused("/api/statement", BOB, None, FORGED, EXPIRED, "garbage")

    def test_order_reaches_another_user_but_no_stranger(self):
        self.assertEqual(self.get(ORDER, BOB).status, 404)
        self.start()
        self.assert_reused(ORDER, BOB)
        for token in None, FORGED, EXPIRED:
            self.assert_refused(self.get(ORDER, token))

    def test_head_fills_the_entry_that_get_reads(self):
        self.get("/api/profile", ALICE, method="HEAD")
        self.assertIn(b"alice@example.com", self.get("/api/profile", BOB).body)

    def test_query_makes_no_difference(self):
        self.assertEqual(self.get("/api/profile?1", ALICE).body, self.get("/api/profile?2", BOB).body)

    def test_whoever_comes_first_after_expiry_is_served_to_all(self):
        self.start("--cache-seconds", "2")
        for path in "/api/profile", "/api/statement":
            with self.subTest(path):
                first = self.get(path, ALICE).body
                self.assertEqual(self.get(path, BOB).body, first)
                deadline = time.monotonic() + 10
                while (second := self.get(path, BOB).body) == first:
                    self.assertLess(time.monotonic(), deadline, "the entry does not expire")
                    time.sleep(0.05)
                self.assertIn(b"bob@example.com", second)
                self.assertEqual(self.get(path, ALICE).body, second)

    def test_cached_responses_say_nothing_to_other_caches(self):
        for path in "/api/profile", "/api/statement", "/api/orders", ORDER, "/api/team":
            for answer in self.get(path, ALICE), self.get(path, ALICE):
                for field in "Cache-Control", "Vary", "Age", "ETag":
                    self.assertNotIn(field, answer.headers, path)

    def test_export_differs_by_user_and_invites_shared_caches(self):
        alice, bob = self.get("/api/export", ALICE), self.get("/api/export", BOB)
        self.assertIn(b"alice@example.com", alice.body)
        self.assertIn(b"bob@example.com", bob.body)
        self.assertEqual(alice.headers["Cache-Control"], "public, max-age=60")
        self.assertNotIn("Vary", alice.headers)


class Mended(Common, Example):
    variant = "mended"

    def test_nobody_receives_what_was_made_for_another(self):
        for path in PERSONAL:
            with self.subTest(path):
                alice, bob = self.get(path, ALICE), self.get(path, BOB)
                self.assertEqual((alice.status, bob.status), (200, 404 if path == ORDER else 200))
                self.assertNotEqual(bob.body, alice.body)
                for theirs in b"alice", b"Alice", b"user-7c1f40d2", b"ord-58213", b"18204.55":
                    self.assertNotIn(theirs, bob.body)
                self.assertEqual(self.get(path, ALICE).body, alice.body)
                for token in None, FORGED, EXPIRED, "garbage":
                    self.assert_refused(self.get(path, token))

    def test_each_user_has_an_entry(self):
        for path in "/api/profile", "/api/statement", ORDER:
            for token in ALICE, BOB, ALICE, BOB:
                self.get(path, token)
        # The order is bob's to ask for and not to get: his 404 is made twice.
        self.assertEqual(
            self.hits(), {"GET /api/profile": 2, "GET /api/statement": 2, "GET /api/orders/{order_id}": 3}
        )

    def test_renewed_token_finds_the_entries_of_its_user(self):
        self.get("/api/profile", ALICE)
        time.sleep(1.1)  # iat and exp are in whole seconds
        renewed = issue_token("alice")
        self.assertNotEqual(renewed, ALICE)
        self.assertEqual(self.get("/api/profile", renewed).status, 200)
        self.assertEqual(self.hits(), {"GET /api/profile": 1})

    def test_authenticated_responses_are_private_and_vary(self):
        for path in AUTHENTICATED + ["/api/orders/none"]:
            for attempt in "miss", "hit":
                with self.subTest(path=path, attempt=attempt):
                    headers = self.get(path, ALICE).headers
                    self.assertIn("private", headers["Cache-Control"].split(", "))
                    self.assertNotIn("public", headers["Cache-Control"])
                    self.assertEqual(headers["Vary"], "Authorization")

    def test_refusals_are_not_for_storing(self):
        for path in AUTHENTICATED:
            for token in None, FORGED:
                self.assertEqual(self.get(path, token).headers["Cache-Control"], "no-store")


if __name__ == "__main__":
    unittest.main()
