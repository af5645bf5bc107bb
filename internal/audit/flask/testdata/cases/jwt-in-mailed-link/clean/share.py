# A token for this one download goes into a link.
# not run: the token is made by the program and no one else knows it
from flask import Blueprint, current_app, jsonify, url_for
from flask_jwt_extended import create_access_token, current_user, jwt_required
from itsdangerous import URLSafeTimedSerializer

bp = Blueprint("share", __name__)


def signer():
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="download")


@bp.get("/files/<int:file_id>/link")
@jwt_required()
def link(file_id):
    ticket = signer().dumps({"file": file_id})
    return jsonify(url=url_for("files.download", file_id=file_id, ticket=ticket, _external=True))
