#!/bin/sh
# Builds bearcache and scans with it: what action.yml and ci/gitlab.yml run; and ci/audit.sh, which has it audit instead.
# It takes no arguments. Its inputs are environment variables, and none of them is ever read as shell code:
#
#   BEARCACHE_OPENAPI, BEARCACHE_TARGET, BEARCACHE_FAIL_ON, BEARCACHE_BASELINE, BEARCACHE_CHECKS
#                         are the flags of bearcache scan, which reads them itself; empty is as good as not set
#   BEARCACHE_IDENTITIES  NAME=SOURCE, one a line
#   BEARCACHE_ARGS        further arguments of bearcache scan, one a line
#   BEARCACHE_REPORTS     the directory for the reports; bearcache-reports if empty
#   BEARCACHE_VERSION     the version to install; if empty, the source that this script lies in is built
#   BEARCACHE_EARLIER     an earlier report, which may not be there yet: the baseline where BEARCACHE_BASELINE is empty
#   BEARCACHE_KEEP        where the report of a scan that came to its end is copied to, to be such an earlier one
#
# The exit status is that of the scan: 0 nothing found, 1 findings, 2 wrong usage, 3 not completed. It is 3 as well where
# the scanner could not be built, and where there is no report: only a scan that says what it saw may be green.
set -eu

command=${BEARCACHE_COMMAND:-scan} # or audit, of which BEARCACHE_PATHS and BEARCACHE_SINCE are inputs as well

main() {
	# To the scanner, a variable that is set and empty is a flag without its value.
	[ -n "${BEARCACHE_OPENAPI-}" ] || unset BEARCACHE_OPENAPI
	[ -n "${BEARCACHE_TARGET-}" ] || unset BEARCACHE_TARGET
	[ -n "${BEARCACHE_FAIL_ON-}" ] || unset BEARCACHE_FAIL_ON
	[ -n "${BEARCACHE_BASELINE-}" ] || unset BEARCACHE_BASELINE
	[ -n "${BEARCACHE_CHECKS-}" ] || unset BEARCACHE_CHECKS
	[ -n "${BEARCACHE_SINCE-}" ] || unset BEARCACHE_SINCE
	if [ -z "${BEARCACHE_BASELINE-}" ] && [ -n "${BEARCACHE_EARLIER-}" ] && [ -f "$BEARCACHE_EARLIER" ]; then
		export BEARCACHE_BASELINE="$BEARCACHE_EARLIER"
	fi
	reports=${BEARCACHE_REPORTS:-bearcache-reports}
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	trap 'exit 3' HUP INT TERM
	mark=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n') # nobody can have written this into a report or a name

	# One stream, so that GitHub reads in the order in which this is written.
	[ "${GITHUB_ACTIONS-}" != true ] || exec 2>&1

	: >"$work/problems"
	status=3
	if prepare && build; then
		status=0
		scan || status=$?
		judge
	fi
	publish
	exit "$status"
}

# prepare makes the directory and takes away what an earlier run left in it: nobody may take that for this run's.
prepare() {
	for format in sarif junit markdown html json; do
		if ! mkdir -p -- "$reports" || ! rm -f -- "$(file_of "$format")"; then
			problem "the reports cannot be written; name another directory, or take away what is in its place"
			return 1
		fi
	done
}

file_of() {
	case $1 in
	junit) printf '%s/junit.xml' "$reports" ;;
	markdown) printf '%s/report.md' "$reports" ;;
	*) printf '%s/report.%s' "$reports" "$1" ;;
	esac
}

# build has Go take its own flags and its workspace only from here: the repository that is tested may have others.
build() {
	export GOTOOLCHAIN=auto GOWORK=off CGO_ENABLED=0 GOFLAGS=-buildvcs=false
	if ! command -v go >/dev/null; then
		problem "there is no Go to build the scanner with; install it in a step before this one, as actions/setup-go does, or take an image that has it"
		return 1
	fi
	case ${BEARCACHE_VERSION-} in
	'')
		source=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
		(cd -- "$source" && go build -trimpath -o "$work/bearcache" ./cmd/bearcache) && return
		;;
	*[!A-Za-z0-9.+-]*)
		problem "what is given as the version is none; write one such as v1.2.3"
		return 1
		;;
	*)
		(cd / && GOBIN=$work go install -trimpath "github.com/bearcache/bearcache/cmd/bearcache@$BEARCACHE_VERSION") && return
		;;
	esac
	problem "the scanner could not be built; see above"
	return 1
}

# problem is said in the log, and once more in the summary.
problem() { printf 'bearcache %s: %s\n' "$command" "$1" | tee -a "$work/problems" >&2; }

# scan puts each line into one argument, whatever is in it.
scan() {
	set --
	set -f # no line is a pattern
	IFS='
'
	identities=${BEARCACHE_IDENTITIES-}
	[ "$command" = scan ] || identities=
	for line in $identities; do
		line=$(trimmed "$line")
		[ -z "$line" ] || set -- "$@" "--identity=$line"
	done
	for format in sarif junit markdown html json; do
		set -- "$@" "--format=$format=$(file_of "$format")"
	done
	for line in ${BEARCACHE_ARGS-}; do
		line=$(trimmed "$line")
		[ -z "$line" ] || set -- "$@" "$line"
	done
	if [ "$command" = audit ]; then
		set -- "$@" -- # a path is no flag, whatever it is called
		for line in ${BEARCACHE_PATHS:-.}; do
			line=$(trimmed "$line")
			[ -z "$line" ] || set -- "$@" "$line"
		done
	fi
	unset IFS
	set +f

	# What a server answered stands in the report, and GitHub takes commands from lines of the log.
	[ "${GITHUB_ACTIONS-}" != true ] || echo "::stop-commands::$mark"
	code=0
	"$work/bearcache" "$command" --format=terminal "$@" 2>>"$work/problems" || code=$?
	cat "$work/problems" >&2
	[ "${GITHUB_ACTIONS-}" != true ] || echo "::$mark::"
	return "$code"
}

# trimmed is a line without the blanks at its ends, among which is the CR of a file from Windows.
trimmed() {
	text=${1#"${1%%[![:space:]]*}"}
	printf '%s' "${text%"${text##*[![:space:]]}"}"
}

# judge sees to it that the status means what it says.
judge() {
	case $status in
	0 | 1)
		if [ ! -s "$(file_of json)" ]; then # as with --help among the arguments
			problem "nothing was scanned, as there is no report; look at what the further arguments ask for"
			status=3
		elif [ -n "${BEARCACHE_KEEP-}" ]; then
			mkdir -p -- "$(dirname -- "$BEARCACHE_KEEP")"
			cp -- "$(file_of json)" "$BEARCACHE_KEEP"
		fi
		;;
	2)
		if grep -q ' is not set; ' "$work/problems"; then
			problem "a run for a pull request from a fork is given no secrets, and so cannot scan with them; it is not green, because nothing was tested (docs/ci.md, Forks)"
		fi
		;;
	3) ;;
	*)
		problem "the scanner was ended ($status)"
		status=3
		;;
	esac
}

# publish tells GitHub, where that is who asked.
publish() {
	json=$(existing json)
	output exit-status "$status"
	output findings "${json:+$(counted severity)}"
	output known "${json:+$(counted known)}"
	output reports "$reports"
	for format in sarif junit markdown html json; do
		output "$format" "$(existing "$format")"
	done
	[ -z "${GITHUB_STEP_SUMMARY-}" ] || summary >>"$GITHUB_STEP_SUMMARY"
	[ "${GITHUB_ACTIONS-}" != true ] || annotation
}

existing() {
	file=$(file_of "$1")
	[ ! -s "$file" ] || printf '%s' "$file"
}

# counted is how many findings have a key: in the report each stands on a line of its own, six blanks from the margin.
# What a server answered stands further in, and its line ends are escaped.
counted() { grep -c -e "^      \"$1\": " -- "$json" || :; }

output() { [ -z "${GITHUB_OUTPUT-}" ] || printf '%s<<%s\n%s\n%s\n' "$1" "$mark" "$2" "$mark" >>"$GITHUB_OUTPUT"; }

summary() {
	report=$(existing markdown)
	if [ -n "$report" ]; then
		cat -- "$report"
	else
		printf '### bearcache %s: not done (exit %s)\n\n' "$command" "$status"
		sed 's/^/    /' "$work/problems" # as code
	fi
	echo
}

annotation() {
	case $status in
	0) return 0 ;;
	1) text="findings at the threshold or above; the summary of this run and $reports have them" ;;
	*) text=$(cat "$work/problems") ;;
	esac
	# By the rules of GitHub's commands, in which a line end is %0A.
	printf '%s' "$text" | sed 's/%/%25/g; s/'"$(printf '\r')"'/%0D/g' |
		awk -v command="$command" -v status="$status" 'BEGIN { printf "::error title=bearcache %s (exit %s)::", command, status } NR > 1 { printf "%%0A" } { printf "%s", $0 } END { print "" }'
}

main
