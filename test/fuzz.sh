#!/bin/sh
# Runs every fuzz target of the module for the time given.
set -eu
out=$(mktemp)
trap 'rm -f "$out"' EXIT
for file in $(grep -rl --include='*_test.go' '^func Fuzz' .); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' "$file"); do
		echo "== $(dirname "$file") $target"
		if go test "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "$1" >"$out" 2>&1; then
			tail -n 1 "$out"
		# Go's fuzzer fails now and then because its own time is up. Then no input was
		# found that fails, and it says no more than this.
		elif grep -q '^    context deadline exceeded$' "$out" && ! grep -qE 'Failing input|panic|_test.go:' "$out"; then
			echo "the time ended in the middle of an input; no input failed"
		else
			cat "$out"
			exit 1
		fi
	done
done
