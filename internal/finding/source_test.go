package finding

import (
	"slices"
	"testing"
)

// The fingerprint of a place in source is of what stands there: it stays when lines move, and is another in another file or function.
func TestFingerprintOfSource(t *testing.T) {
	f := Finding{Rule: FlaskUnkeyedCache, Operation: "GET /me", Source: &Source{Root: ".", Place: Place{File: "a.py", Line: 3}, Symbol: "me", Key: "@cache.cached()"}}
	// Written down: a change would make every finding of every baseline new.
	const want = "e4017e14891cee8ab338eff1"
	if got := f.Fingerprint(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	change := func(how func(*Finding)) string {
		other, source := f, *f.Source
		other.Source = &source
		how(&other)
		return other.Fingerprint()
	}
	for name, how := range map[string]func(*Finding){
		"line": func(f *Finding) { f.Source.Line, f.Source.EndLine = 9, 12 }, "root": func(f *Finding) { f.Source.Root = "src" }, "route": func(f *Finding) { f.Operation = "" },
		"words": func(f *Finding) { f.Summary, f.Detail, f.Severity = "a", "b", Low }, "edits": func(f *Finding) { f.Source.Edits = []Edit{{}} },
	} {
		if change(how) != want {
			t.Errorf("it depends on its %s", name)
		}
	}
	for name, how := range map[string]func(*Finding){
		"file": func(f *Finding) { f.Source.File = "b.py" }, "function": func(f *Finding) { f.Source.Symbol = "you" }, "key": func(f *Finding) { f.Source.Key += "x" },
		"rule": func(f *Finding) { f.Rule = FlaskCacheBeforeAuth },
	} {
		if change(how) == want {
			t.Errorf("it does not depend on its %s", name)
		}
	}
}

func TestSortOfSource(t *testing.T) {
	at := func(root, file string, line int, rule *Rule, s Severity) Finding {
		return Finding{Rule: rule, Severity: s, Source: &Source{Root: root, Place: Place{File: file, Line: line}}}
	}
	want := []Finding{
		at("b", "z.py", 9, FlaskUnkeyedCache, High), at("a", "a.py", 2, FlaskCacheBeforeAuth, Medium), at("a", "a.py", 2, FlaskUnkeyedCache, Medium),
		at("a", "a.py", 10, FlaskCacheBeforeAuth, Medium), at("a", "b.py", 1, FlaskCacheBeforeAuth, Medium), at("b", "a.py", 1, FlaskCacheBeforeAuth, Medium),
	}
	r := Report{Findings: slices.Clone(want)}
	slices.Reverse(r.Findings)
	r.Sort()
	for i, f := range r.Findings {
		if f.Source != want[i].Source {
			t.Errorf("%d: %s/%s:%d %s", i, f.Source.Root, f.Source.File, f.Source.Line, f.Rule.ID)
		}
	}
}
