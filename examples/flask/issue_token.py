"""Prints a bearer token for alice or bob, signed with EXAMPLE_JWT_SECRET, valid for an hour."""

import argparse
import os
import sys

import accounts

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("user", choices=sorted(accounts.USERS))
parser.add_argument("--expired", action="store_true", help="print one that expired an hour ago")
args = parser.parse_args()

if not os.environ.get("EXAMPLE_JWT_SECRET"):
    sys.exit(
        "issue_token.py: EXAMPLE_JWT_SECRET is not set; export the value that the application has, "
        "or give both a new one: export EXAMPLE_JWT_SECRET=$(openssl rand -hex 32)"
    )
print(accounts.issue_token(accounts.USERS[args.user], expired=args.expired))
