#!/bin/sh
# Builds bearcache and audits source with it: what ci/audit/action.yml and ci/gitlab-audit.yml run. It takes no arguments. Its
# inputs are environment variables, and none of them is ever read as shell code:
#
#   BEARCACHE_PATHS       directories and files, one a line; the current directory if empty
#   BEARCACHE_SINCE       a revision: only findings that touch files changed since then are told
#   BEARCACHE_FAIL_ON, BEARCACHE_BASELINE, BEARCACHE_ARGS, BEARCACHE_VERSION, BEARCACHE_EARLIER, BEARCACHE_KEEP
#                         as ci/scan.sh has them
#   BEARCACHE_REPORTS     the directory for the reports; bearcache-audit-reports if empty
#
# The exit status is that of the audit: 0 nothing found, 1 findings, 2 wrong usage, 3 not completed.
set -eu
export BEARCACHE_COMMAND=audit BEARCACHE_REPORTS="${BEARCACHE_REPORTS:-bearcache-audit-reports}"
exec sh "$(dirname -- "$0")/scan.sh"
