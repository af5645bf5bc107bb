#!/bin/sh
# Installs what the end-to-end tests start, by package name, and only what is missing.
set -eu
python=${BEARCACHE_TEST_PYTHON:-/usr/bin/python3}
suite=$(dirname "$0")/cachesuite
packages=
"$python" -c 'import flask, flask_caching, jwt, redis, gunicorn' 2>/dev/null || packages="python3 python3-flask python3-flask-caching python3-jwt python3-redis gunicorn"
# What the annotated programs of the auditor use.
"$python" -c 'import flask_jwt_extended, flask_login, flask_httpauth, flask_restful, flask_sqlalchemy, flask_principal, cachetools, authlib, loguru, flask_wtf, dogpile.cache' 2>/dev/null ||
	packages="$packages python3-python-flask-jwt-extended python3-flask-login python3-flask-httpauth python3-flask-restful python3-flask-sqlalchemy python3-flask-principal python3-cachetools python3-authlib python3-loguru python3-flaskext.wtf python3-dogpile.cache"
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # where the servers are, and users who are not root do not look
for server in nginx varnishd:varnish squid apache2; do
	command -v "${server%:*}" >/dev/null || packages="$packages ${server#*:}"
done
command -v curl >/dev/null || packages="$packages curl"
node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null || packages="$packages nodejs"
command -v chromium >/dev/null || packages="$packages chromium"
command -v shellcheck >/dev/null || packages="$packages shellcheck"
command -v xmllint >/dev/null || packages="$packages libxml2-utils"
command -v cmark-gfm >/dev/null || packages="$packages cmark-gfm"
command -v redis-server >/dev/null || command -v valkey-server >/dev/null || packages="$packages redis-server"
# npm runs only where the suite is not there as the lock file wants it.
installed=$suite/node_modules/.installed
cmp -s "$suite/package-lock.json" "$installed" || command -v npm >/dev/null || packages="$packages npm ca-certificates"
if [ -n "$packages" ] && ! command -v apt-get >/dev/null; then
	echo "The tests need curl, redis-server, nginx, varnishd, squid, apache2, Chromium, xmllint, cmark-gfm, shellcheck, Node.js 18 or newer with npm, and Flask, Flask-Caching, PyJWT, redis-py and gunicorn for $python; there is no apt-get to install them with." >&2
	echo "Install them, or name an interpreter that has them in BEARCACHE_TEST_PYTHON. Tests that need them are skipped." >&2
elif [ -n "$packages" ]; then
	as_root=
	if [ "$(id -u)" != 0 ]; then
		as_root=sudo
		echo "Installing $packages (this asks for root)"
	fi
	# Tests start servers themselves: what a package would start, now or with the machine, stays off.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
		$as_root chmod +x "$policy"
		trap '$as_root rm -f "$policy"' EXIT
	fi
	$as_root apt-get update -q
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages
	for service in redis-server nginx varnish squid apache2; do
		case " $packages " in *" $service "*) $as_root systemctl -q disable "$service" 2>/dev/null || true ;; esac
	done
fi
if ! cmp -s "$suite/package-lock.json" "$installed" && command -v npm >/dev/null; then
	(cd "$suite" && npm ci)
	cp "$suite/package-lock.json" "$installed"
fi
