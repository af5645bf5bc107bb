// Package varnish finds, in VCL, the lines by which Varnish looks up requests with credentials as if they had none. It hides the grammar
// of VCL, its dialects and the templates that it is made from, the code that Varnish appends to a program, and how a program is run
// without a request.
package varnish

import (
	"path"
	"strings"

	"github.com/bearcache/bearcache/internal/audit"
)

// Language is VCL: of Varnish 2 to 7, and of Fastly.
var Language = audit.Language{Name: "varnish", Match: match, Audit: judge}

// templates are the endings of what a program is made from.
var templates = wordSet("j2 jinja jinja2 erb ejs epp tpl tmpl template tt dist sample example in mustache hbs liquid default prod dev production")

// match knows default.vcl, and default.vcl.j2, and vcl.erb.
func match(file string) bool {
	name := strings.ToLower(path.Base(file))
	for {
		ext := strings.TrimPrefix(path.Ext(name), ".")
		switch {
		case ext == "vcl", ext == "" && name == "vcl":
			return true
		case !templates[ext] && !version(ext):
			return false
		}
		name = strings.TrimSuffix(name, "."+ext)
	}
}

// version knows the 6 of default.vcl.6.
func version(ext string) bool { return ext != "" && strings.Trim(ext, "0123456789") == "" }

func judge(files []audit.File) audit.Result {
	var r audit.Result
	found := verdicts{}
	for _, p := range programs(files) {
		for _, v := range inspect(p) {
			found.add(v)
		}
		for _, b := range p.broken {
			r.Problems = append(r.Problems, placeAt(b.file, b.line, b.note))
		}
	}
	r.Findings = found.findings()
	return r
}
