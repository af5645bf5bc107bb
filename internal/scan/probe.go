package scan

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
)

// probe asks the questions about one operation, in an order that neither hurts nor misleads:
// Nobody comes last, for a cold entry filled by a refusal would lock everybody else out.
type probe struct {
	*Trial
	courier *courier
	target  *url.URL // under the target
	origin  *url.URL // the same under Options.Origin; nil without
	header  http.Header
	salt    string
	keys    map[controlKind]int // fresh ones used so far
	sent    *int
	muted   *error      // why some question was not answered at all, though others may be
	turn    *sync.Mutex // of probes that ask for one URL with different fields: a cache may not tell them apart
	err     error       // the first that ended the probing of this operation
	done    bool        // all was asked
	cause   error       // of the end of the scan, where it was interrupted
	wait    time.Duration
	always  bool // also where little speaks for a leak
	waiting func()
	learnt  *learnt
	hazards bool              // checks may be made that others than the readers of the scan could feel
	patient bool              // what is the same for both is worth waiting for, whoever may see it
	stems   func() *url.URL   // spellings never used before, in the place of queries
	headed  bool              // a reader asked by HEAD, before nobody did by GET
	heads   bool              // entries are filled by HEAD
	oneWay  bool              // what the observer brings about on an entry is its own affair
	leading bool              // redirects are what the operation hands out
	moves   bool              // whatever redirect comes is an answer
	further bool              // another probe of the operation came before
	index   int               // of the operation among those of the scan
	values  map[string]string // of its parameters that were given or found
	feeds   bool              // others take values from its answers
	spares  []*url.URL        // of other objects of the first reader, for which nobody asked yet
	nth     nth               // the value of a parameter that the first reader was given, or the next that was found
	filled  []*exchange       // of a pair whose target nobody had asked for: what the first filled it with, and the other was given
	paired  bool              // of two askers: there is nobody else to ask
	// expected is true where an earlier report has it that the operation mixes readers up.
	expected bool
	// warm is how often more than once an entry is filled, and looked at: some caches store late, or on one of several nodes. revisited is
	// how thoroughly those who were spared were asked again.
	warm, revisited int
	// suspected is true once some operation of the API was seen to mix readers up: what is the same for all may be
	// worth a longer look then.
	suspected *atomic.Bool
}

// nth gives the value of a parameter that an operation was given, or the nth that was found.
type nth func(n int) func(operation.Parameter) (string, bool)

// question is what the operation is asked with, at u.
func (p *probe) question(id *Identity, u *url.URL) question {
	q := question{as: id, method: p.Operation.Method, url: u, header: p.header, body: p.Operation.Body, sets: p.Operation.Alternatives}
	if q.method == http.MethodGet || q.method == http.MethodHead {
		q.body = nil
	}
	if p.feeds {
		q.keep = keptBody
	}
	return q
}

func (p *probe) send(ctx context.Context, id *Identity, u *url.URL) *exchange {
	return p.put(ctx, p.question(id, u))
}

func (p *probe) put(ctx context.Context, q question) *exchange {
	*p.sent++
	e := p.courier.send(ctx, q)
	e.leads = p.leading && e.leadsOn() || p.moves && e.redirects()
	if errors.As(e.err, new(*silenceError)) {
		*p.muted = e.err
	}
	return e
}

// tell asks for a check and keeps the answer for its Judge.
func (p *probe) tell(ctx context.Context, rule *finding.Rule, q question) *exchange {
	e := p.put(ctx, q)
	if p.Told == nil {
		p.Told = make(map[*finding.Rule][]*exchange)
	}
	p.Told[rule] = append(p.Told[rule], e)
	return e
}

// ask fills Trial.Natural with an answer to each of cast. It reports whether all came.
func (p *probe) ask(ctx context.Context, cast ...*Identity) bool {
	for _, id := range cast {
		e := p.send(ctx, id, p.target)
		if e.err != nil {
			p.err = e.err
			return false
		}
		p.Natural = append(p.Natural, e)
	}
	return true
}

// variant is the operation's URL in a spelling that no cache can have seen, or nil where there is
// none left. The origin is asked under its own URL: nothing stands before it.
func (p *probe) variant(kind controlKind) *url.URL {
	switch {
	case p.stems != nil && kind == byQuery:
		return p.stems()
	case p.stems != nil:
		return nil
	}
	switch kind {
	case byOrigin:
		return p.origin
	case byQuery:
		p.keys[kind]++
		u := *p.target
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += fmt.Sprintf("bearcache=%s%d", p.salt, p.keys[kind])
		return &u
	case byPath:
		p.keys[kind]++
		return encodeSome(p.target, p.keys[kind])
	case byObject:
		return p.unused()
	}
	return nil
}

// unused is the URL of an object for which nobody has asked yet; nil where no more are known.
func (p *probe) unused() *url.URL {
	if len(p.spares) == 0 {
		return nil
	}
	u := p.spares[0]
	p.spares = p.spares[1:]
	return u
}

// encodeSome percent-encodes letters and digits of the path: the same resource (RFC 3986 §6.2.2.2) under
// another name for caches that compare bytes. The bits of n say which, the lowest the last of the path.
func encodeSome(u *url.URL, n int) *url.URL {
	path := u.EscapedPath()
	var b strings.Builder
	var pieces []string
	for i := len(path) - 1; i >= 0; i-- {
		c := path[i]
		if !wordByte(c) || i > 0 && path[i-1] == '%' || i > 1 && path[i-2] == '%' {
			pieces = append(pieces, path[i:i+1])
			continue
		}
		if n&1 != 0 {
			pieces = append(pieces, fmt.Sprintf("%%%02X", c))
		} else {
			pieces = append(pieces, path[i:i+1])
		}
		n >>= 1
	}
	if n != 0 {
		return nil
	}
	for _, piece := range slices.Backward(pieces) {
		b.WriteString(piece)
	}
	v := *u
	v.RawPath = b.String()
	return &v
}

func newSalt() string { return strings.ToLower(rand.Text()[:10]) }
