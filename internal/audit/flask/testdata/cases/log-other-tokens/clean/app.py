# Words that look like secrets in logs and are none: tokens of a text, of a page, of CSRF, numbers of tokens, kinds of tokens.
# ask: GET /complete?page_token=abc with Authorization: Bearer $WHO-token
import logging

from flask import Flask, jsonify, request

app = Flask(__name__)
logger = logging.getLogger(__name__)
MAX_TOKENS = 4096


def tokenize(text):
    return text.lower().split()


@app.route("/complete")
def complete():
    prompt = request.args.get("prompt", "The quick brown fox")
    tokens = tokenize(prompt)
    logger.info("prompt has %d tokens, at most %d", len(tokens), MAX_TOKENS)
    logger.debug("tokens: %s", tokens)
    for token in tokens:
        logger.debug("token %r", token)
    page_token = request.args.get("page_token")
    logger.info("next page token: %s", page_token)
    logger.info("CSRF token missing" if "csrf_token" not in request.form else "CSRF token given")
    token_type, _, _ = request.headers.get("Authorization", "none").partition(" ")
    logger.info("token type %s", token_type)
    usage = {"prompt_tokens": len(tokens), "completion_tokens": 0}
    print(f"usage: {usage}")
    return jsonify(usage)
