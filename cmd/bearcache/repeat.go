package main

import (
	"fmt"
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

// harmlessPath is a path fit for an error; unshown if it may be a secret: base64 has slashes too.
func harmlessPath(path string) string {
	if redact.New(nil).URL(path) != path || strings.Contains(path, "eyJ") || !extension.MatchString(path) && secretPart(path) {
		return unshown
	}
	return cut(report.Plain(path), 200)
}

// pathLike reports a path that may be repeated even where a secret is likely: it has several words, and
// none of them may be one.
func pathLike(path string) bool {
	several := strings.ContainsRune(path, filepath.Separator) || extension.MatchString(path)
	return several && !secretPart(path) && harmlessPath(path) == path
}

func secretPart(path string) bool {
	return slices.ContainsFunc(strings.Split(filepath.ToSlash(path), "/"), config.MaySecret)
}

var extension = regexp.MustCompile(`\.[A-Za-z][A-Za-z0-9]{0,7}$`)

// harmlessURL is a URL without its credentials, fit for an error.
func harmlessURL(url string) string { return cut(report.Plain(redact.New(nil).URL(url)), 200) }

// which tells the values of a repeatable flag apart where they cannot be repeated: " (the 2nd of 3)".
func which(i, n int) string {
	if n == 1 {
		return ""
	}
	ending := "th"
	if i < 3 {
		ending = [...]string{"st", "nd", "rd"}[i]
	}
	return fmt.Sprintf(" (the %d%s of %d)", i+1, ending, n)
}
