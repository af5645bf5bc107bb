package scan

import (
	"slices"
	"strings"
	"sync"
)

// learnt is what the operations of one scan tell each other about the API as a whole.
type learnt struct {
	mu        sync.Mutex
	urls      int  // operations that were tried with a token in the URL
	inURL     bool // one of them took it
	deceivers []deceiver
	tried     map[string]int  // operations on which something was tried, by what and where
	taken     map[string]bool // what came true on one of them, wherever
}

// How many operations of servers that look alike are tried, as long as nothing comes of it: servers and rules for static
// files are seldom about one path.
const (
	mostSegments   = 8  // with another segment; then those only that answer about whoever asks
	mostSpellings  = 4  // with a spelling that some server takes for the path itself
	mostRules      = 2  // with that in all the forms that caches may have rules for, and not in the first only
	mostDeceiving  = 24 // is how many requests, about, one of them takes for all that
	mostReflecting = 8  // with inputs that nobody declares; then those only that hold links
	mostNegotiated = 4  // with another language, and with another format
	mostCompressed = 2  // as readers who take compressed answers
	mostRedirects  = 2  // with such inputs, as nobody, who is sent elsewhere
)

// try reports whether one more operation should be tried with something, of those that servers which look like place answer.
func (l *learnt) try(what, place string, most int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken[what] {
		return true
	}
	if l.tried == nil {
		l.tried = make(map[string]int)
	}
	key := what + "\x00" + place
	l.tried[key]++
	return l.tried[key] <= most
}

// took has all operations be tried with it.
func (l *learnt) took(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken == nil {
		l.taken = make(map[string]bool)
	}
	l.taken[what] = true
}

// tryURL reports whether one more operation should be tried with a token in the URL. Those that look like it always
// are, and all are once one took it.
func (l *learnt) tryURL(likely bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !likely && !l.inURL && l.urls >= mostURLs {
		return false
	}
	l.urls++
	return true
}

func (l *learnt) urlTaken() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inURL = true
}

// accepted are the ways to spell a path that the API's servers take for the path itself, those first that were tried least on
// operations of place.
func (l *learnt) accepted(place string) []deceiver {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := slices.Clone(l.deceivers)
	slices.SortStableFunc(list, func(a, b deceiver) int { return l.tried[a.name+"\x00"+place] - l.tried[b.name+"\x00"+place] })
	return list
}

// server is what a response says of the program that made it: the same for what is behind one balancer and of one make.
func (t *Trial) server() string {
	e := t.Natural[0]
	return strings.Join([]string{e.header.Get("Server"), e.header.Get("X-Powered-By"), e.header.Get("Content-Type")}, "\x00")
}

// learners are the probes on which spellings of paths are learnt: the first, one more of each further server, and otherwise one of
// another part of the API, which may be another program's.
func (s *scanner) learners() (list []*probe) {
	var fit []*probe
	for _, p := range s.probes {
		if p.err == nil && p.Operation.Method == "GET" && p.private() && p.distinctive() {
			fit = append(fit, p)
		}
	}
	shared := sharedSegments(s.probes)
	for _, kind := range []struct {
		most int
		of   func(*probe) string
	}{{mostLearners, func(p *probe) string { return p.server() }}, {2, func(p *probe) string { return segments(p)[min(shared, len(segments(p))-1)] }}} {
		seen := make(map[string]bool)
		for _, p := range list {
			seen[kind.of(p)] = true
		}
		for _, p := range fit {
			if len(list) < kind.most && !seen[kind.of(p)] {
				seen[kind.of(p)] = true
				list = append(list, p)
			}
		}
	}
	return list
}

// mostLearners are the operations, at most, on which all spellings are tried.
const mostLearners = 3

func segments(p *probe) []string { return strings.Split(strings.Trim(p.Operation.Path, "/"), "/") }

// sharedSegments is how many segments all paths begin with.
func sharedSegments(list []*probe) int {
	if len(list) == 0 {
		return 0
	}
	first := segments(list[0])
	n := len(first)
	for _, p := range list[1:] {
		other := segments(p)
		n = min(n, len(other))
		for i := range n {
			if other[i] != first[i] {
				n = i
				break
			}
		}
	}
	return n
}
