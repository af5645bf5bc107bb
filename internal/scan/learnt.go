package scan

import "sync"

// learnt is what the operations of one scan tell each other about the API as a whole.
type learnt struct {
	mu        sync.Mutex
	urls      int  // operations that were tried with a token in the URL
	inURL     bool // one of them took it
	deceivers []deceiver
	spellings map[string]int // operations that were tried with each; -1: one was deceived
}

// mostSpellings is how many operations are tried with a spelling that the servers take for the path itself, while no
// cache was deceived by it: rules for static files are seldom about one path.
const mostSpellings = 8

// trySpelling reports whether one more operation should be tried.
func (l *learnt) trySpelling(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.spellings == nil {
		l.spellings = make(map[string]int)
	}
	if l.spellings[name] < 0 {
		return true
	}
	l.spellings[name]++
	return l.spellings[name] <= mostSpellings
}

func (l *learnt) spellingTaken(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spellings[name] = -1
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

// accepted are the ways to spell a path that the API's servers take for the path itself.
func (l *learnt) accepted() []deceiver {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.deceivers
}
