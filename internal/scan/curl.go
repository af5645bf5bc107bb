package scan

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// curl is a line that repeats a request. A credential stands in it as the variable it came from; so does
// the value of any further field that was sent with every request. What looks like another credential, in a URL, a field
// or content that a document has, is redacted.
func (c *courier) curl(q question) string {
	var b strings.Builder
	b.WriteString("curl -s")
	switch q.method {
	case http.MethodGet:
	case http.MethodHead:
		b.WriteString(" -I")
	default:
		b.WriteString(" -X " + q.method)
	}
	presented := q.as.presents(q.sets)
	target := shellQuote(c.redactor.URL(q.url.String()))
	if len(q.inQuery) > 0 {
		target = shellQuote(c.redactor.URL(addQuery(q.url, "x").String()))
		target = strings.TrimSuffix(strings.TrimSuffix(target, "'"), "x")
		if strings.HasPrefix(target, "'") {
			target += "'"
		}
		target += `"` + queryOf(q.inQuery, presented, func(p credential) string { return p.shown }) + `"`
	}
	cookies := ""
	for _, p := range presented {
		shown := p.before + p.shown
		if p.basic {
			shown = p.before + `$(printf %s "` + p.shown + `" | base64 -w0)`
		}
		switch {
		case len(q.inQuery) > 0:
		case p.in == "header":
			fmt.Fprintf(&b, ` -H "%s: %s"`, p.field, shown)
		case p.in == "query":
			separator := "?"
			if q.url.RawQuery != "" {
				separator = "&"
			}
			target += `"` + separator + url.QueryEscape(p.field) + "=" + shown + `"`
		case p.in == "cookie":
			cookies += "; " + p.field + "=" + shown
		}
	}
	if cookies != "" {
		fmt.Fprintf(&b, ` -b "%s"`, strings.TrimPrefix(cookies, "; "))
	}
	for _, name := range sortedKeys(c.header) {
		fmt.Fprintf(&b, ` -H "%s: $%s"`, name, strings.ReplaceAll(strings.ToUpper(name), "-", "_"))
	}
	for _, name := range sortedKeys(q.header) {
		for _, v := range q.header[name] {
			field := name + ": "
			if name == "Cookie" { // a credential is never in it: those are presented
				field += c.redactor.Text(v)
			} else {
				field = c.redactor.Text(field + v)
			}
			fmt.Fprintf(&b, " -H %s", shellQuote(field))
		}
	}
	if q.body != nil {
		fmt.Fprintf(&b, " -H %s --data-binary %s", shellQuote("Content-Type: "+q.body.Media), shellQuote(c.redactor.Text(string(q.body.Content))))
	}
	b.WriteByte(' ')
	b.WriteString(target)
	return b.String()
}

// shellQuote quotes s for a POSIX shell where it must be.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~:/@%+,=", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
