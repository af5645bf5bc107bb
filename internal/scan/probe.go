package scan

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
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
	turn    *sync.Mutex // of probes that ask for one URL with different fields: a cache may not tell them apart
	err     error       // the first that ended the probing of this operation
	wait    time.Duration
	waiting func()
	learnt  *learnt
	hazards bool              // checks may be made that others than the readers of the scan could feel
	patient bool              // what is the same for both is worth waiting for, whoever may see it
	stems   func() *url.URL   // spellings never used before, in the place of queries
	headed  bool              // the first reader asked by HEAD, before nobody did by GET
	heads   bool              // entries are filled by HEAD
	further bool              // another probe of the operation came before
	index   int               // of the operation among those of the scan
	values  map[string]string // of its parameters that were given or found
	feeds   bool              // others take values from its answers
	made    bool              // some value was made of the schema: an object that it names probably does not exist
	spare   *url.URL          // of another object of the first reader, for which nobody asked yet
	// suspected is true once some operation of the API was seen to mix readers up: what is the same for all may be
	// worth a longer look then.
	suspected func() bool
}

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
	return p.courier.send(ctx, q)
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

// natural asks under the operation's own URL: readers by turns, so that what follows the clock is not
// taken for what follows the reader, and a second time unless their answers name them; then those who should get
// nothing.
func (p *probe) natural(ctx context.Context) {
	if p.owned && p.further {
		// Of another reader's object the other may ask first: it is of the scan's own readers, and what it is given
		// now no cache has of the owner.
		if e := p.tell(ctx, finding.BrokenObjectAuthorization, p.question(p.Readers[1], p.target)); e.err != nil {
			p.err = e.err
			return
		}
	}
	if !p.ask(ctx, p.Readers[0]) {
		return
	}
	if p.Natural[0].status == http.StatusNotFound { // a replica may be behind, or the object be made just now
		if sleep(ctx, settling) != nil || !p.ask(ctx, p.Readers[0]) {
			return
		}
		p.Natural = p.Natural[1:]
	}
	// The others ask with the validators of the first answer, where it has any: told 304 they would have been
	// shown that answer, and otherwise nothing is lost.
	if !p.askConditionally(ctx, p.Readers[1:]...) || len(contents(p.Natural)) == 0 {
		return // nothing was handed out: there is nothing that could reach anybody else
	}
	rounds := moreRounds(p.Natural[0].header)
	unsettled := p.unsettled()
	if unsettled {
		rounds = max(rounds, 1)
	}
	for i := 1; i < rounds && p.separate(); i++ {
		if !p.round(ctx) {
			return
		}
	}
	// In the last round the first reader comes after those who are refused: a refusal that is stored shows then.
	last := rounds > 0 && (unsettled || p.separate())
	if last && p.Operation.Method == http.MethodGet {
		// What answers GET may be filled by HEAD, a moment after that was answered, and looked up by other rules.
		q := p.question(p.Readers[0], p.target)
		q.method = http.MethodHead
		p.headed = p.put(ctx, q).err == nil
	}
	if last && !p.ask(ctx, reversed(p.Readers[1:])...) {
		return
	}
	if unsettled && p.incriminating() { // what falls by reader may do so by chance: not fourteen times
		for range 6 {
			if !p.round(ctx) {
				return
			}
		}
	}
	if p.askConditionally(ctx, p.Nobody) && p.ask(ctx, p.Forged) && last {
		p.ask(ctx, p.Readers[0])
	}
}

// settling is how long what is not found at first is given to appear.
const settling = 500 * time.Millisecond

// askConditionally is ask with the validators of the first answer. Who is told 304 is asked without them again.
func (p *probe) askConditionally(ctx context.Context, cast ...*Identity) bool {
	tag, date := p.validators()
	for _, id := range cast {
		q := p.question(id, p.target)
		switch {
		case q.method != http.MethodGet && q.method != http.MethodHead:
		case tag != "":
			q.header = with(q.header, "If-None-Match", tag)
		case date != "" && id == p.Nobody: // a reader's own answer may be older than that
			q.header = with(q.header, "If-Modified-Since", date)
		}
		e := p.put(ctx, q)
		if e.err == nil && e.status == http.StatusNotModified {
			p.Conditional = append(p.Conditional, e)
			e = p.send(ctx, id, p.target)
		}
		if e.err != nil {
			p.err = e.err
			return false
		}
		p.Natural = append(p.Natural, e)
	}
	return true
}

// validators are those of the first answer, without what is too long to be sent back.
func (t *Trial) validators() (tag, date string) {
	made := t.Natural[0]
	if !made.ok() {
		return "", ""
	}
	short := func(name string) string {
		if v := made.header.Get(name); len(v) < 1<<10 {
			return v
		}
		return ""
	}
	return short("Etag"), short("Last-Modified")
}

// with is h and one field more.
func with(h http.Header, name, value string) http.Header {
	h = h.Clone()
	if h == nil {
		h = make(http.Header)
	}
	h.Set(name, value)
	return h
}

// round lets every reader ask once more, the last first.
func (p *probe) round(ctx context.Context) bool {
	cast := p.Readers
	if n := len(of(p.Readers[0], p.Natural)); odd(n) {
		cast = reversed(cast)
	}
	return p.ask(ctx, cast...)
}

func reversed(list []*Identity) []*Identity {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// unsettled reports whether two readers got different answers of which nothing says whose they are, or one of them
// none.
func (p *probe) unsettled() bool {
	for i, a := range p.Readers {
		for _, b := range p.Readers[i+1:] {
			x, y := first(a, p.Natural), first(b, p.Natural)
			if x.ok() != y.ok() && !p.owned || x.ok() && y.ok() && !x.same(y) && !p.differed(a, b) {
				return true
			}
		}
	}
	return false
}

// separate reports whether every reader was answered, and no two got the same.
func (p *probe) separate() bool {
	for i, a := range p.Natural {
		for _, b := range p.Natural[i+1:] {
			if !a.ok() || !b.ok() || a.as != b.as && a.same(b) {
				return false
			}
		}
	}
	return len(p.Readers) > 1
}

// controls tries, for what is suspected, the ways past the stored response until one rules on it.
func (p *probe) controls(ctx context.Context) {
	list := p.suspicions()
	if len(list) == 0 {
		return
	}
	undecided := func(s suspicion) bool { return p.proofOf(s).verdict == unknown && ctx.Err() == nil }
	for _, s := range list {
		if other := p.otherThan(s.victim); other != nil && !p.isReader(s.observer) && undecided(s) {
			p.byTurns(ctx, s, other, followers(s, list))
		}
	}
	for _, kind := range []controlKind{byOrigin, byQuery, byPath} {
		p.tryOpen(ctx, kind, list)
		for _, s := range list {
			if !undecided(s) || kind == byPath && p.neutral(s) && !p.patient && p.ways(byQuery) || p.openTo(kind, s) {
				continue
			}
			for times := 1; times <= warmups; times++ {
				if p.fresh(ctx, kind, s, list, times) || kind == byOrigin || !undecided(s) {
					break
				}
				if p.headed && times == 1 && !p.isReader(s.observer) && p.filledByHead(ctx, kind, s, list) {
					break
				}
			}
		}
	}
	if p.intermittent() { // several nodes: who was spared may have asked another
		for i := range 2 { // each a place later in the second round: balancers take turns
			cast := append(slices.Clone(p.Readers), p.Nobody, p.Forged)
			if !p.ask(ctx, append(cast[1-i:len(cast):len(cast)], cast[:1-i]...)...) {
				return
			}
		}
		for _, s := range p.suspicions() {
			if undecided(s) {
				p.fresh(ctx, byQuery, s, p.suspicions(), warmups)
			}
		}
		list = p.suspicions()
	}
	waited := false
	for _, s := range list {
		if !undecided(s) || s.about || p.stems != nil || !p.isReader(s.observer) || p.neutral(s) && !p.guarded() && !p.patient || p.wait <= 0 {
			continue
		}
		if !waited {
			waited = true
			p.waiting()
		}
		p.expiry(ctx, s, list)
	}
	for _, s := range list { // once more, for the report to show that it comes again
		if p.proofOf(s).verdict == unknown && s.strong && !s.about && len(of(s.observer, p.Natural)) < 2 {
			p.ask(ctx, s.observer)
			break
		}
	}
}

// intermittent reports whether somebody is given what a cache has of a reader, which another reader, or one more who
// has no good credentials, was spared: there is a cache on each of several nodes, or processes.
func (p *probe) intermittent() bool {
	list := p.suspicions()
	for _, s := range list {
		if proof := p.proofOf(s); proof.verdict == leak && (proof.control.times > 1 || s.observer == p.Nobody && proof.control.kind != byTurns) {
			return len(list) < len(p.Readers)+1
		}
	}
	return false
}

// tryOpen lets nobody ask first for a fresh entry of a kind, where all got the same and nothing in it names a reader alone:
// if nobody gets that too, it is no question any more whether the others may have it.
func (p *probe) tryOpen(ctx context.Context, kind controlKind, list []suspicion) {
	i := slices.IndexFunc(list, func(s suspicion) bool { return s.observer == p.Nobody && (p.neutral(s) || s.about) })
	if i < 0 || len(list) < 2 || kind == byOrigin {
		return
	}
	if u := p.variant(kind); u != nil {
		if e := p.send(ctx, p.Nobody, u); e.same(list[i].seen) {
			p.Controls = append(p.Controls, &control{kind: kind, reached: true, entries: []entry{{answers: []*exchange{e}}}})
		}
	}
}

// openTo reports whether nobody was seen to get, as the first to ask for a fresh entry of a kind, the bytes of s.
func (p *probe) openTo(kind controlKind, s suspicion) bool {
	return slices.ContainsFunc(p.Controls, func(c *control) bool {
		return c.kind == kind && c.reached && len(c.entries) == 1 && c.entries[0].answers[0].as == p.Nobody && c.entries[0].answers[0].same(s.seen)
	})
}

// neutral is true where nothing but that two readers got the same speaks for a leak.
func (p *probe) neutral(s suspicion) bool { return len(s.marks) == 0 }

// otherThan is a reader who is given an answer of its own, apart from id's; nil where there is none.
func (p *probe) otherThan(id *Identity) *Identity {
	for _, other := range p.Readers {
		if other != id && p.differed(id, other) {
			return other
		}
	}
	return nil
}

// byTurns asks as the victim and as another reader under the natural URL, each time followed by those who
// should get neither's answer: some caches are looked up without credentials only, and filled by all.
func (p *probe) byTurns(ctx context.Context, s suspicion, other *Identity, followers []*Identity) {
	c := &control{kind: byTurns}
	p.Controls = append(p.Controls, c)
	for i := range enoughUnnamed {
		reader := other
		if odd(i) {
			reader = s.victim
		}
		var en entry
		cast := []*Identity{reader, s.observer}
		if i == 1 || i == 3 { // after either reader
			cast = append(cast, followers...)
		}
		for _, id := range cast {
			en.answers = append(en.answers, p.send(ctx, id, p.target))
		}
		c.entries = append(c.entries, en)
		if !all(en.answers, func(e *exchange) bool { return e.err == nil }) || !p.alive(s, c) || p.proofOf(s).verdict != unknown {
			return
		}
	}
}

// warmups are how often the first asks for an entry, at most, where once was not enough: some caches store from a
// later request on.
const warmups = 4

// fresh asks on entries that nothing can have filled before, each under a key of its own, now the
// observer first and now the victim, until the control is decided. The first asks so many times before
// the others. It reports whether more of that would show nothing.
func (p *probe) fresh(ctx context.Context, kind controlKind, s suspicion, list []suspicion, times int) (done bool) {
	c := &control{kind: kind, times: times}
	p.Controls = append(p.Controls, c)
	for i := range enoughUnnamed {
		u := p.variant(kind)
		if u == nil {
			return true
		}
		order, after := []*Identity{s.observer, s.victim}, followers(s, list)
		switch {
		case odd(i):
			slices.Reverse(order)
		case i == 3 && !p.isReader(s.observer) && len(after) > 0 && !p.isReader(after[0]):
			// Whoever else has no good credentials must be refused too, as the first to ask.
			order[0], after = after[0], append([]*Identity{s.observer}, after[1:]...)
		}
		if i != 1 && i != 3 && kind != byOrigin { // once after the victim, once after the other
			after = nil
		}
		if kind == byQuery && i >= enoughPairs {
			order, after = order[:1], nil
		}
		en, ok := p.enter(ctx, u, order, s, after, times, kind != byOrigin && i == 0)
		if !ok {
			return true // a control that fails rules on nothing
		}
		c.entries = append(c.entries, en)
		c.reached = i == 0 && (len(en.answers) == 1 || p.everybodys(s, en))
		switch {
		case c.reached || p.proofOf(s).verdict != unknown:
			return true
		case !p.alive(s, c):
			return en.stored() || !slices.ContainsFunc(en.answers, (*exchange).ok) // then more of that would show nothing else
		}
	}
	return true
}

// everybodys reports whether the observer of s, first to ask, was told what made the suspicion: the victim is told
// nothing else.
func (p *probe) everybodys(s suspicion, en entry) bool {
	held := common(contents(append(of(s.victim, p.Natural), s.seen)), nil)
	return len(held) > 0 && en.answers[0].as == s.observer && en.answers[0].says(held) && s.marked(en.answers[0])
}

// marked reports whether an answer holds some mark that made the suspicion, if any did: it may stand in a field, beside
// a body that is the same for all.
func (s suspicion) marked(e *exchange) bool {
	return len(s.marks) == 0 || slices.ContainsFunc(s.marks, e.content.holds)
}

// stored reports whether somebody got what somebody else had got before on the entry.
func (en entry) stored() bool {
	for i, a := range en.answers {
		for _, b := range en.answers[i+1:] {
			if a.as != b.as && a.same(b) {
				return true
			}
		}
	}
	return false
}

// odd is the Thue-Morse sequence, which repeats no pattern: 0 1 1 0 1 0 0 1 …
func odd(i int) bool {
	n := false
	for ; i > 0; i &= i - 1 {
		n = !n
	}
	return n
}

// followers are the others who may have got what the victim of s is suspected to have lost. They come
// after both on an entry, and show whether they too get what it was filled with.
func followers(s suspicion, list []suspicion) []*Identity {
	var ids []*Identity
	for _, other := range list {
		if other.victim == s.victim && other.observer != s.observer {
			ids = append(ids, other.observer)
		}
	}
	return ids
}

// denials are how often a denial must repeat before somebody else asks for the same: one that goes away
// by itself, such as a replica that lags, is none.
const denials = 2

// enter lets readers ask for one entry in order, the first several times, then the followers. Who is denied
// is asked once more, before and after the other filled the entry. With tentative it stops where the first
// answer is what was seen already, for then the entry is not fresh, or everybody gets the same.
func (p *probe) enter(ctx context.Context, u *url.URL, order []*Identity, s suspicion, followers []*Identity, times int, tentative bool) (en entry, ok bool) {
	ask := func(to *url.URL, list *[]*exchange, ids ...*Identity) {
		for _, id := range ids {
			if p.heads && id == s.victim {
				*list = append(*list, p.head(ctx, s, to))
			} else {
				*list = append(*list, p.send(ctx, id, to))
			}
		}
	}
	ask(u, &en.answers, order[0])
	if len(order) == 1 {
		return en, en.answers[0].err == nil
	}
	first := en.answers[0]
	if tentative && first.same(s.seen) && s.marked(first) {
		return en, true
	}
	if first.denied() && first.as != s.victim {
		for range denials - 1 {
			ask(u, &en.answers, first.as)
		}
		ask(u, &en.answers, slices.Repeat([]*Identity{s.victim}, times)...)
		ask(u, &en.answers, first.as)
	} else {
		ask(u, &en.answers, slices.Repeat(order[:1], times-1)...)
		ask(u, &en.answers, order[1])
	}
	ask(u, &en.answers, followers...)
	if u == p.origin { // is what was seen still there?
		ask(p.target, &en.natural, append(followers, s.observer)...)
	}
	return en, all(append(en.answers, en.natural...), func(e *exchange) bool { return e.err == nil })
}

// filledByHead is fresh with entries that the victim fills by HEAD. It reports whether that ruled on s.
func (p *probe) filledByHead(ctx context.Context, kind controlKind, s suspicion, list []suspicion) bool {
	p.heads = true
	defer func() { p.heads = false }()
	p.fresh(ctx, kind, s, list, 1)
	return p.proofOf(s).verdict != unknown
}

// head asks by HEAD as the victim, which fills the entry with what the victim would be told.
func (p *probe) head(ctx context.Context, s suspicion, to *url.URL) *exchange {
	q := p.question(s.victim, to)
	q.method = http.MethodHead
	e := p.put(ctx, q)
	if e.ok() {
		e.content, e.body = s.made.content, s.made.body
	}
	sleep(ctx, 100*time.Millisecond) // it is stored a moment after it was answered
	return e
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
	}
	return nil
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

// expiry waits for the stored response to go, with the observer as the first to ask then; for that to go,
// with the victim as the first; and lets a third lifetime pass in which the victim alone asks, for what
// changes by itself would change then. Each wait lasts no longer than wait.
func (p *probe) expiry(ctx context.Context, s suspicion, list []suspicion) {
	c := &control{kind: byExpiry}
	p.Controls = append(p.Controls, c)
	x := &expiring{probe: p, s: s, followers: followers(s, list), control: c, wait: p.wait, last: []*exchange{s.made, s.seen}, since: s.made.at}
	if slices.ContainsFunc(p.Controls[:len(p.Controls)-1], func(c *control) bool { return c.kind == byExpiry }) {
		x.since = time.Now() // another suspicion was looked into meanwhile, which filled the entry who knows when
	}
	for i := range enoughExpiredUnnamed {
		var en entry
		var ok bool
		switch step := "ovsov"[i]; {
		case step == 'o' || i > 0 && c.entries[i-1].answers[0].denied():
			en, ok = x.gone(ctx, s.observer, s.victim)
		case step == 'v':
			en, ok = x.gone(ctx, s.victim, s.observer)
		default:
			en, ok = x.still(ctx)
		}
		if !ok {
			return
		}
		c.entries = append(c.entries, en)
		if !p.alive(s, c) || p.proofOf(s).verdict != unknown {
			return
		}
	}
}

// expiring is the wait for one stored response after another.
type expiring struct {
	*probe
	s         suspicion
	followers []*Identity
	control   *control
	wait      time.Duration
	last      []*exchange   // what the entry answers now
	since     time.Time     // when it was filled
	span      time.Duration // between the last two times it was
	// A stored response was seen to be there still at the age least, and to be gone at the age most.
	least, most time.Duration
	first       *Identity // who filled it
}

// gone asks as id until the entry answers otherwise, and then as the other.
func (x *expiring) gone(ctx context.Context, id, other *Identity) (entry, bool) {
	e := x.untilGone(ctx, id)
	if e == nil {
		return entry{}, false
	}
	x.since, x.span, x.first = e.at, e.at.Sub(x.since), id
	en := entry{answers: []*exchange{e}}
	if e.denied() && id == x.s.observer {
		// It must stay denied until the victim has asked, and only until then.
		return x.fill(ctx, en, id, id, id, other, id, id)
	}
	return x.fill(ctx, en, other)
}

// still lets a lifetime pass and asks as whoever came first before: had the content changed by itself, it
// would have changed now.
func (x *expiring) still(ctx context.Context) (entry, bool) {
	// Content that goes to and fro by itself is at the other end at one of the two.
	filled := x.since
	var en entry
	for _, age := range []time.Duration{x.span * 8 / 10, x.span * 15 / 10} {
		pause := time.Until(filled.Add(age))
		if pause > 2*x.wait || sleep(ctx, max(pause, 0)) != nil {
			return entry{}, false
		}
		e := x.send(ctx, x.first, x.target)
		if e.err != nil {
			return entry{}, false
		}
		en.answers = append(en.answers, e)
	}
	other := x.s.victim
	if x.first == x.s.victim {
		other = x.s.observer
	}
	x.since = time.Now()
	return x.fill(ctx, en, other)
}

func (x *expiring) fill(ctx context.Context, en entry, cast ...*Identity) (entry, bool) {
	if len(x.control.entries) <= 1 { // once after the observer, once after the victim
		cast = append(cast, x.followers...)
	}
	for _, id := range cast {
		e := x.send(ctx, id, x.target)
		if e.err != nil {
			return en, false
		}
		en.answers = append(en.answers, e)
	}
	x.last = slices.DeleteFunc(slices.Clone(en.answers), func(e *exchange) bool { return !e.ok() })
	return en, true
}

// untilGone asks as id until the answer is no longer what the entry holds; nil where that does not
// happen in time.
func (x *expiring) untilGone(ctx context.Context, id *Identity) *exchange {
	held := common(contents(x.last), nil)
	if len(held) == 0 {
		return nil
	}
	for age := range x.ages() {
		if sleep(ctx, max(time.Until(x.since.Add(age)), 50*time.Millisecond)) != nil {
			return nil
		}
		e := x.send(ctx, id, x.target)
		if e.err != nil {
			return nil
		}
		if age = e.at.Sub(x.since); e.ok() && !e.says(held) || e.denied() {
			if x.most == 0 || age < x.most {
				x.most = age
			}
			return e
		}
		x.least = max(x.least, age)
	}
	return nil
}

// ages are those at which a look is worth while: what a response says of its lifetime; where one was seen to end;
// and otherwise ever later ones.
func (x *expiring) ages() func(yield func(time.Duration) bool) {
	const margin = 100 * time.Millisecond
	return func(yield func(time.Duration) bool) {
		if x.most > 0 {
			step := (x.most-x.least)/3 + margin
			for age := x.least + margin; age <= x.wait+x.most; age += step {
				if !yield(age) {
					return
				}
				if age > x.most {
					step += step / 2
				}
			}
			return
		}
		growth, last := 1.8, x.wait
		if x.neutral(x.s) && !x.suspected() {
			growth = 6
			if x.wait == Defaults.Wait && !x.open() { // nobody asked for more
				last = shortLook
			}
		}
		if d := lifetimeOf(x.s.made); d > 0 && d < x.wait {
			if !yield(d + 3*margin) {
				return
			}
		}
		for age := 1500 * time.Millisecond; ; age = time.Duration(float64(age) * growth) {
			if since := time.Since(x.since); age < since {
				continue
			}
			if !yield(min(age, last)) || age >= last {
				return
			}
		}
	}
}

// open reports whether nobody is answered, or a forged token, where the document wants credentials: something is wrong there.
func (t *Trial) open() bool {
	return t.Operation.Security == operation.Required && (first(t.Nobody, t.Natural).ok() || first(t.Forged, t.Natural).ok())
}

// shortLook is how long to wait for what is the same for two readers, names neither, and stands in an API of which
// nothing else speaks for a cache that mixes up readers.
const shortLook = 9 * time.Second

func newSalt() string { return strings.ToLower(rand.Text()[:10]) }
