package flask

import (
	"regexp"
	"strings"
	"sync"
)

// word is an expression that names are held against. A program says few names often: what was found of one is kept.
type word struct {
	expression *regexp.Regexp
	mu         sync.RWMutex
	known      map[string]bool
}

// Of so many names, and of none that is longer, the answer is kept: hostile files have many.
const (
	mostNames   = 1 << 14
	longestName = 64
)

func words(expression string) *word {
	return &word{expression: regexp.MustCompile(expression), known: map[string]bool{}}
}

func (w *word) MatchString(name string) bool {
	if len(name) > longestName {
		return w.expression.MatchString(name)
	}
	w.mu.RLock()
	matches, known := w.known[name]
	w.mu.RUnlock()
	if known {
		return matches
	}
	matches = w.expression.MatchString(name)
	w.mu.Lock()
	if len(w.known) < mostNames {
		w.known[strings.Clone(name)] = matches // name is a part of a file, which would be kept with it
	}
	w.mu.Unlock()
	return matches
}
