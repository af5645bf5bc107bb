#!/bin/sh
# Runs every fuzz target of the module for the time given. Targets of one package share what is built: to compile and link for each
# takes longer than to run it for a few seconds.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
known=$(go env GOCACHE)/fuzz # where go test -fuzz keeps inputs, too
for dir in $(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n 1 dirname | sort -u); do
	go test -c -fuzz=. -o "$work/fuzz" "$dir"
	package=$(go list "$dir")
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' "$dir"/*_test.go); do
		echo "== $dir $target"
		if (cd "$dir" && "$work/fuzz" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$1" -test.fuzzminimizetime 1x -test.fuzzcachedir "$known/$package") >"$work/out" 2>&1; then
			tail -n 2 "$work/out" | head -n 1
		# Go's fuzzer fails now and then because its own time is up. Then no input was
		# found that fails, and it says no more than this.
		elif grep -q '^    context deadline exceeded$' "$work/out" && ! grep -qE 'Failing input|panic|_test.go:' "$work/out"; then
			echo "the time ended in the middle of an input; no input failed"
		else
			cat "$work/out"
			exit 1
		fi
	done
done
