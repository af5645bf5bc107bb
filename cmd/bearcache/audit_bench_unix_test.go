//go:build unix

package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// flaskProject writes an application of n files of Python, 8 to 10 KB each, in packages that import each other: views of blueprints,
// class-based ones, services, models and the odd line that leaks.
func flaskProject(dir string, n int) error {
	lot := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		pkg := fmt.Sprintf("pkg%02d", i/30)
		file := filepath.Join(dir, "shop", pkg, fmt.Sprintf("module%04d.py", i))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(flaskModule(lot, i, n)), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "shop", "extensions.py"), []byte(flaskExtensions), 0o644)
}

const flaskExtensions = `from flask_caching import Cache
from flask_sqlalchemy import SQLAlchemy

cache = Cache(config={"CACHE_TYPE": "RedisCache", "CACHE_DEFAULT_TIMEOUT": 300})
db = SQLAlchemy()
`

func flaskModule(lot *rand.Rand, i, n int) string {
	var b strings.Builder
	other := lot.IntN(n)
	fmt.Fprintf(&b, `"""Module %d of the shop: %s."""
import logging
from functools import wraps
from flask import Blueprint, current_app, g, jsonify, request
from flask.views import MethodView
from flask_jwt_extended import get_jwt_identity, jwt_required
from flask_login import current_user, login_required
from shop.extensions import cache, db
from shop.pkg%02d.module%04d import service_%d_0 as other_service

log = logging.getLogger(__name__)
bp = Blueprint("module%d", __name__, url_prefix="/api/v1/module%d")

`, i, strings.Repeat("what it is for ", 3), other/30, other, other, i, i)
	size := 8000 + lot.IntN(2000)
	for k := 0; b.Len() < size; k++ {
		b.WriteString(flaskPart(lot, i, k))
	}
	return b.String()
}

func flaskPart(lot *rand.Rand, i, k int) string {
	name := fmt.Sprintf("%d_%d", i, k)
	switch lot.IntN(8) {
	case 0:
		return fmt.Sprintf(`
@bp.get("/things_%[1]s/<int:thing_id>")
@jwt_required()
def thing_%[1]s(thing_id):
    """The thing, as its owner sees it."""
    thing = db.session.get(Thing%[1]s, thing_id)
    if thing is None or thing.owner != get_jwt_identity():
        return jsonify(error="not found"), 404
    page = request.args.get("page", 1, type=int)
    return jsonify(thing=thing.to_dict(), page=page, links=[f"/things/{thing_id}?page={page + n}" for n in range(3)])

`, name)
	case 1:
		return fmt.Sprintf(`
@bp.get("/catalog_%[1]s")
@cache.cached(timeout=600, query_string=True)
def catalog_%[1]s():
    items = [item.to_dict() for item in Item%[1]s.query.order_by(Item%[1]s.name).limit(100)]
    return jsonify(items=items, total=len(items), currency=current_app.config["CURRENCY"])

`, name)
	case 2:
		return fmt.Sprintf(`
class Resource%[1]s(MethodView):
    decorators = [login_required]

    def get(self, order_id: int):
        order = Order%[1]s.query.filter_by(id=order_id, user_id=current_user.id).first_or_404()
        try:
            total = sum(line.price * line.quantity for line in order.lines if not line.cancelled)
        except (TypeError, AttributeError) as error:
            log.warning("order %%s has no total: %%s", order_id, error)
            total = None
        return jsonify(order=order.to_dict(), total=total)

    def post(self):
        payload = request.get_json(force=True)
        match payload:
            case {"lines": [_, *_] as lines, "note": str(note)}:
                order = Order%[1]s(user_id=current_user.id, lines=lines, note=note)
            case _:
                return jsonify(error="bad request"), 400
        db.session.add(order)
        db.session.commit()
        return jsonify(order.to_dict()), 201


bp.add_url_rule("/orders_%[1]s/<int:order_id>", view_func=Resource%[1]s.as_view("orders_%[1]s"))

`, name)
	case 3:
		leak := `f"summary:%[1]s:{get_jwt_identity()}"`
		if lot.IntN(40) == 0 {
			leak = `"summary:%[1]s"`
		}
		return fmt.Sprintf(`
def service_%[1]s(limit=10, *, deep=False, **options):
    key = `+leak+`
    found = cache.get(key)
    if found is not None:
        return found
    rows = [row for row in Row%[1]s.query.filter(Row%[1]s.user_id == get_jwt_identity()).limit(limit)]
    result = {"rows": [r.to_dict() for r in rows], "deep": other_service(limit=limit) if deep else None, **options}
    cache.set(key, result, timeout=60)
    return result

`, name)
	case 4:
		return fmt.Sprintf(`
def requires_%[1]s(role):
    def decorate(view):
        @wraps(view)
        def wrapped(*args, **kwargs):
            if role not in getattr(g, "roles", ()):
                return jsonify(error=f"{role!r} is needed"), 403
            return view(*args, **kwargs)
        return wrapped
    return decorate

`, name)
	case 5:
		return fmt.Sprintf(`
class Model%[1]s(db.Model):
    __tablename__ = "model_%[1]s"
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80), nullable=False, index=True)
    owner = db.Column(db.Integer, db.ForeignKey("users.id"))
    created = db.Column(db.DateTime(timezone=True), server_default=db.func.now())

    def to_dict(self):
        return {column.name: getattr(self, column.name) for column in self.__table__.columns if not column.name.startswith("_")}

    def __repr__(self):
        return f"<{type(self).__name__} {self.id:05d} {self.name!r:>20} {'old' if self.id < 100 else 'new'}>"

`, name)
	case 6:
		return fmt.Sprintf(`
@cache.memoize(timeout=120)
def report_%[1]s(user_id, year, month=1):
    totals = {}
    for entry in Entry%[1]s.query.filter_by(user_id=user_id, year=year):
        if entry.month < month:
            continue
        elif entry.kind in ("refund", "chargeback"):
            totals[entry.kind] = totals.get(entry.kind, 0) - entry.amount
        else:
            totals.setdefault(entry.kind, 0)
            totals[entry.kind] += entry.amount
    return totals

`, name)
	}
	decorators := "@jwt_required()\n@cache.cached(timeout=60, make_cache_key=lambda: f\"{request.path}:{get_jwt_identity()}\")"
	if lot.IntN(40) == 0 {
		decorators = "@cache.cached(timeout=60)\n@jwt_required()"
	}
	return fmt.Sprintf(`
@bp.route("/profile_%[1]s", methods=["GET"])
%[2]s
def profile_%[1]s():
    user = User.query.filter_by(name=get_jwt_identity()).first()
    with db.session.begin_nested():
        user.seen = db.func.now()
    data = {"name": user.name, "mail": user.mail, "roles": [role.name for role in user.roles]}
    return jsonify(data)

`, name, decorators)
}

// BenchmarkAudit is the whole command over 1,500 files, as a process of its own: how long it takes, and how much memory it has at most.
func BenchmarkAudit(b *testing.B) {
	dir := b.TempDir()
	if err := flaskProject(dir, 1500); err != nil {
		b.Fatal(err)
	}
	program := filepath.Join(b.TempDir(), "bearcache")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	var peak int64
	for b.Loop() {
		cmd := exec.Command(program, "audit", "--fail-on", "never", "--format", "json", dir)
		cmd.Stdout, cmd.Stderr = io.Discard, os.Stderr
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && runtime.GOOS == "linux" {
			peak = max(peak, usage.Maxrss)
		}
	}
	b.ReportMetric(float64(peak)/1024, "MiB-peak")
}

// An audit of many files reads all of them, and finds what is planted.
func TestAuditOfManyFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes many files")
	}
	dir := t.TempDir()
	if err := flaskProject(dir, 150); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	e := env{stdout: &out, stderr: io.Discard, getenv: os.LookupEnv, terminal: func(io.Writer) bool { return false }}
	if err := runAudit(t.Context(), e, []string{"--fail-on", "never", dir}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if last := lines[len(lines)-1]; !strings.Contains(last, " in 151 files") || strings.HasPrefix(last, "0 findings") || strings.Contains(last, "problem") {
		t.Error(last)
	}
}
