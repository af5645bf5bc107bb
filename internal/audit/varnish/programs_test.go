package varnish

import (
	"slices"
	"testing"

	"github.com/bearcache/bearcache/internal/audit"
)

func TestMatch(t *testing.T) {
	for path, want := range map[string]bool{
		"default.vcl": true, "etc/varnish/default.vcl": true, "roles/varnish/templates/default.vcl.j2": true, "templates/vcl.erb": true,
		"DEFAULT.VCL": true, "site.vcl.tpl": true, "magento.vcl.6": true, "default.vcl.dist": true, "default.vcl.j2.example": true,
		"default.vcl.md": false, "vcl.go": false, "nginx.conf": false, "vcl/readme.txt": false, "": false, "x.j2": false, ".vcl.swp": false,
	} {
		if got := Language.Match(path); got != want {
			t.Errorf("%s: %v, not %v", path, got, want)
		}
	}
}

// What one file says, another may hold true or undo.
func TestIncludes(t *testing.T) {
	const check = "sub vcl_recv {\n    if (req.http.Authorization) { return (pass); }\n}\n"
	const lookup = "sub vcl_recv {\n    return (hash);\n}\n"
	for _, c := range []struct {
		name  string
		files []audit.File
		want  []string
	}{
		{"the included file checks before", []audit.File{file("default.vcl", "vcl 4.1;\ninclude \"check.vcl\";\n"+lookup), file("check.vcl", check)}, nil},
		{"the included file checks behind", []audit.File{file("default.vcl", "vcl 4.1;\n"+lookup+"include \"check.vcl\";\n"), file("check.vcl", check)},
			[]string{"default.vcl:3"}},
		{"the finding is in the included file", []audit.File{file("default.vcl", "vcl 4.1;\ninclude \"/etc/varnish/sub/recv.vcl\";\n"), file("conf/sub/recv.vcl", lookup)},
			[]string{"conf/sub/recv.vcl:2"}},
		{"of two files of a name, that of the path is meant", []audit.File{
			file("a/default.vcl", "include \"/etc/varnish/b/check.vcl\";\n"+lookup), file("a/check.vcl", "# nothing\n"), file("b/check.vcl", check)}, nil},
		{"of two files of a name, the nearest is meant", []audit.File{
			file("a/default.vcl", "include \"check.vcl\";\n"+lookup), file("a/check.vcl", check), file("b/check.vcl", "# nothing\n")}, nil},
		{"a template is included by the name of what it becomes", []audit.File{file("default.vcl.j2", "include \"check.vcl\";\n"+lookup), file("check.vcl.j2", check)}, nil},
		{"the included file is in the middle of a subroutine", []audit.File{
			file("default.vcl", "sub vcl_recv {\n    include \"check.vcl\";\n    return (hash);\n}\n"), file("check.vcl", "if (req.http.Authorization) { return (pass); }\n")}, nil},
		{"what belongs to one statement is in two files", []audit.File{
			file("default.vcl", "sub vcl_recv {\n    include \"if.vcl\"; { return (pass); }\n    return (hash);\n}\n"), file("if.vcl", "if (req.http.Authorization)\n")}, nil},
		{"all that match", []audit.File{file("default.vcl", "include +glob \"conf.d/*.vcl\";\n"+lookup), file("conf.d/check.vcl", check)}, nil},
		{"two programs include one file: one finding", []audit.File{
			file("a.vcl", "include \"recv.vcl\";\n"), file("b.vcl", "include \"recv.vcl\";\n"), file("recv.vcl", lookup)}, []string{"recv.vcl:2"}},
		{"a circle", []audit.File{file("a.vcl", "include \"b.vcl\";\n"), file("b.vcl", "include \"a.vcl\";\n"+lookup)}, []string{"b.vcl:3"}},
		{"a file that is not there", []audit.File{file("a.vcl", "include \"b.vcl\";\n"+lookup)}, []string{"a.vcl:3"}},
		{"a subroutine that is not there, and is called as if it checked", []audit.File{file("a.vcl", "sub vcl_recv {\n    call check_token;\n    return (hash);\n}\n")}, nil},
		{"a subroutine that is not there, and is called otherwise", []audit.File{file("a.vcl", "sub vcl_recv {\n    call devicedetect;\n    return (hash);\n}\n")},
			[]string{"a.vcl:3"}},
		{"subroutines that nothing calls", []audit.File{file("a.vcl", "sub decide {\n    return (hash);\n}\n")}, nil},
	} {
		var got []string
		for _, f := range audited(c.files...).Findings {
			got = append(got, f.Source.File+":"+string(rune('0'+f.Source.Line)))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}

func TestProblems(t *testing.T) {
	for text, want := range map[string]int{
		"sub vcl_recv {\n    if (req.url ~ \"a\") {\n        return (pass);\n}\n": 1,
		"vcl 4.1;\nsub vcl_recv {\n    set req.http.a = \"b;\n}\n":                3,
		"/* not closed\n": 1,
		"vcl 4.1;\n":      0,
	} {
		r := audited(file("a.vcl", text))
		switch {
		case want == 0 && len(r.Problems) > 0:
			t.Errorf("%q: %v", text, r.Problems)
		case want > 0 && (len(r.Problems) == 0 || r.Problems[0].Line != want || r.Problems[0].File != "a.vcl"):
			t.Errorf("%q: %v, not line %d", text, r.Problems, want)
		}
	}
}

// Behind a statement that cannot be read, the next one is.
func TestRecovery(t *testing.T) {
	for _, broken := range []string{
		"set req.http.a = ;", "if () { }", "set = 1;", "foo bar baz;", "%%;", "call;", "unset;", "return;", "set req.http.a = \"x\"", "if (a == ) { set b; }",
		"std.log(;", "f(a,,b);", "else { }", "new x = ;", ")", ";;", "{{ something }}", "<%= other %>;", "${VAR}",
	} {
		text := "sub vcl_recv {\n    " + broken + "\n    return (hash);\n}\n"
		if broken == "return;" {
			continue // it is one
		}
		if got := found(audited(file("a.vcl", text))); !slices.Equal(got, []string{"3 varnish/hash-ignores-authorization"}) {
			t.Errorf("%q: %q", broken, got)
		}
	}
}
