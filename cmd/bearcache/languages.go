package main

import (
	"path"
	"strings"

	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/audit/apache"
	"github.com/bearcache/bearcache/internal/audit/flask"
	"github.com/bearcache/bearcache/internal/audit/nginx"
	"github.com/bearcache/bearcache/internal/audit/python"
	"github.com/bearcache/bearcache/internal/audit/varnish"
)

// languages are what audit reads.
var languages = []audit.Language{commented(flask.Language), nginx.Language, varnish.Language, apache.Language}

// commented has the comments of Python found by its parser, which knows what is a string where quotes do not tell.
func commented(l audit.Language) audit.Language {
	l.Comments = func(f audit.File) (list []audit.Comment) {
		if path.Ext(f.Path) != ".py" && path.Ext(f.Path) != ".pyw" { // a template
			return audit.HashComments(f.Text)
		}
		parsed := python.Parse(f.Text)
		for _, c := range parsed.Comments {
			line := parsed.Line(c.Start)
			before := parsed.Text[c.Start-int32(parsed.Column(c.Start)) : c.Start]
			list = append(list, audit.Comment{Line: line, Text: trimComment(parsed.Text[c.Start:c.End]), Alone: blank(before)})
		}
		return list
	}
	return l
}

func trimComment(text []byte) string { return strings.TrimSpace(strings.TrimPrefix(string(text), "#")) }

func blank(text []byte) bool { return strings.Trim(string(text), " \t\f") == "" }
