# The official tutorial's load_logged_in_user; the index does not extend base.html.
# ask: GET / with session user_id=$ID
import sqlite3

from flaskr import create_app

DATABASE = "file:flaskr?mode=memory&cache=shared"
keep = sqlite3.connect(DATABASE, uri=True)
keep.executescript(
    """
    CREATE TABLE user (id INTEGER PRIMARY KEY, username TEXT);
    CREATE TABLE post (author_id INTEGER, title TEXT, draft INTEGER);
    INSERT INTO user VALUES (1, 'alice'), (2, 'bob');
    INSERT INTO post VALUES (1, 'On kettles', 1), (2, 'On lamps', 1), (1, 'Hello', 0);
    """
)
app = create_app({"DATABASE": DATABASE})
