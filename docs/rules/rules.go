// Package rules carries the pages of this directory, one for each rule: what is wrong, how it is proven,
// and how to mend it. Those of an audit are in a directory of what they are about: flask, nginx, varnish, apache.
package rules

import "embed"

//go:embed *.md */*.md
var pages embed.FS

// Page is the page of a rule, in Markdown; ok is false where there is none.
func Page(id string) (text string, ok bool) {
	data, err := pages.ReadFile(id + ".md")
	return string(data), err == nil
}
