package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/internal/report"
	"github.com/bearcache/bearcache/redact"
)

// What errors repeat of the command line and the environment goes through this file: errors end up in
// the logs of CI, and any flag may have been given a token by mistake.

// unshown stands in the place of what is not repeated.
const unshown = "(not shown)"

// harmless is a short word that cannot be a secret, fit for a terminal; unshown for any other.
func harmless(word string) string {
	if config.MaySecret(word) || redact.New(nil).Text(word) != word {
		return unshown
	}
	return printable(word)
}

// harmlessPath is a path fit for an error; unshown for a single word that may be a secret.
func harmlessPath(path string) string {
	if redact.New(nil).URL(path) != path || strings.Contains(path, "eyJ") || !severalWords(path) && config.MaySecret(path) {
		return unshown
	}
	return cut(report.Plain(path), 200)
}

// pathLike reports a path that may be repeated even where a secret is likely: it has several words, and
// none of them may be one.
func pathLike(path string) bool {
	return severalWords(path) && harmlessPath(path) == path &&
		!slices.ContainsFunc(strings.Split(filepath.ToSlash(path), "/"), config.MaySecret)
}

func severalWords(path string) bool {
	return strings.ContainsRune(path, filepath.Separator) || extension.MatchString(path)
}

var extension = regexp.MustCompile(`\.[A-Za-z][A-Za-z0-9]{0,7}$`)

// harmlessURL is a URL without its credentials, fit for an error.
func harmlessURL(url string) string { return cut(report.Plain(redact.New(nil).URL(url)), 200) }
