package bearcache

import (
	"bufio"
	"bytes"
	"context"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
	"github.com/bearcache/bearcache/internal/rfc9111"
)

// capture passes a response on to the client as it comes, and keeps a copy of one that may be
// stored. A 304 to a validation of ours, and an error that a stored response bridges, it holds back. It
// is the only ResponseWriter wrapper of the cache.
type capture struct {
	http.ResponseWriter
	exchange   *exchange
	why        rfc9111.Reason  // of the forwarding
	flight     *flight         // that the request leads; nil: none
	relay      *relay          // that writes to the client; nil: the handler does
	forwarded  context.Context // of the request to the origin
	validating bool            // the request's conditions are ours
	asked      time.Time       // when it went out

	// apart are the fields of a response that may yet be held back. nil: it will not be, and they are the
	// client's at once.
	apart       http.Header
	handed      http.Header // what apart was: the handler may have kept it
	outer       http.Header // what handlers around the cache had set before
	confirming  http.Header // of a 304 that is held back
	length      int64       // that was announced; negative: none
	wrote       bool
	held        held
	status      int  // of what is held back; zero: there was no response
	unreachable bool // next said so
	left        bool // the client did; somebody else waits
	mute        bool // the client's own condition is met: it gets no body
	reached     bool // the handler reached for what is behind, and has the client to itself

	sniffed   sniffed
	partition Partition      // where it is stored
	store     rfc9111.Reason // Kept: copy it; whatever ends that replaces the word
	original  http.Header    // the origin's fields, without those that are never stored
	sent      http.Header    // the same as the client got them
	body      []byte
	reserved  int64 // of what all copies under way may take
}

// held is why a response does not go to the client.
type held int

const (
	passed      held = iota // it does
	notModified             // it says that what is stored holds
	bridged                 // it is an error that what is stored may stand in for
)

// Unwrap lets http.ResponseController reach deadlines and the like of the connection. Whoever sets a deadline means
// the writes that follow, so none is left to a relay.
func (w *capture) Unwrap() http.ResponseWriter {
	w.settle()
	w.reached = true
	return w.ResponseWriter
}

// Header is what the handler sets.
func (w *capture) Header() http.Header {
	if w.apart != nil {
		return w.apart
	}
	if w.relay != nil {
		return w.handed
	}
	return w.ResponseWriter.Header()
}

func (w *capture) WriteHeader(status int) {
	if w.wrote || w.held != passed {
		if w.held == passed && w.relay == nil {
			w.ResponseWriter.WriteHeader(status) // a second final one is net/http's to refuse
		}
		return
	}
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		w.interim(status)
		return
	}
	switch {
	case w.apart == nil:
	case w.validating && status == http.StatusNotModified:
		w.wrote, w.held, w.status, w.confirming = true, notModified, status, w.apart.Clone()
		return
	case rfc9111.OnError(status):
		w.status = status
		if w.bridge(w.unreachable) {
			w.wrote = true
			return
		}
	}
	w.wrote = true
	x := w.exchange
	w.partition, w.store = x.answered(w, status, w.Header())
	w.join()
	h := w.ResponseWriter.Header()
	x.event.Status, x.event.Store = status, string(w.store)
	if w.store == rfc9111.Kept {
		w.original = dated(w.own(h), x.cache.state.now())
		delete(w.original, "Content-Length")
		w.sent = w.original.Clone()
		w.sniffed = sniffs(h)
		if w.length = -1; h["Content-Length"] != nil {
			w.length = announced(h)
		}
		if p := w.partition; !rfc9111.Fresh(p.kind(), x.decisive(p), x.response(status, h), w.asked, x.cache.state.now()) {
			w.free() // whoever waits would have to validate it first
		} else if w.flight != nil && w.flight.key.Partition.is('g') && !p.is('g') && p.kind() == rfc9111.PrivateCache {
			w.free() // it is this reader's alone
		}
		if w.flight != nil && w.length < 0 && hasBody(status) {
			w.flight.endless.Store(true)
		}
	} else {
		w.free()
	}
	if x.reader.told() && !(w.store == rfc9111.Kept && w.partition.open()) {
		x.harden(h, w.partition)
		if w.sent != nil {
			x.harden(w.sent, w.partition)
		}
	}
	withoutTags(h)
	withoutTags(w.sent)
	addStatus(h, forwardStatus(w.why, status, w.store, x.event.Detail))
	if w.validating && status == http.StatusOK && w.meets(h) {
		w.mute = true
		x.event.Status, status = http.StatusNotModified, http.StatusNotModified
		delete(h, "Content-Length")
	}
	w.ResponseWriter.WriteHeader(status)
}

// own is what of h is stored: not what is of one exchange only, and not what handlers around the cache had said before
// it was asked and say again with each hit. That is theirs, about this response. What decisions and the body's reading rest on
// stays, whoever said it.
func (w *capture) own(h http.Header) http.Header {
	kept := storableFields(h)
	for name, lines := range w.outer {
		if slices.Equal(h[name], lines) && !decisiveFields[name] && !httpfield.Surrogate(name) && name != "Content-Type" {
			delete(kept, name)
		}
	}
	return kept
}

// meets reports whether the client's own condition makes 304 the answer, though ours did not.
func (w *capture) meets(h http.Header) bool {
	x := w.exchange
	s := rfc9111.Keep(rfc9111.PrivateCache, rfc9111.Request{}, x.response(http.StatusOK, h), w.asked, x.cache.state.now())
	return rfc9111.NotModified(x.request.Header, &s, h)
}

// interim passes a 1xx response on with its own fields.
func (w *capture) interim(status int) {
	h := w.ResponseWriter.Header()
	before := maps.Clone(h)
	maps.Copy(h, w.apart)
	withoutTags(h)
	w.ResponseWriter.WriteHeader(status)
	clear(h)
	maps.Copy(h, before)
}

// join makes the fields the client's.
func (w *capture) join() {
	if w.apart == nil {
		return
	}
	h := w.ResponseWriter.Header()
	clear(h)
	maps.Copy(h, w.apart)
	w.apart, w.handed = nil, w.apart
}

// trail takes trailers over that the handler set in the fields it was given at first.
func (w *capture) trail() {
	h := w.ResponseWriter.Header()
	for name, values := range w.handed {
		announced := slices.ContainsFunc(h["Trailer"], func(line string) bool {
			return slices.ContainsFunc(strings.Split(line, ","), func(s string) bool { return strings.EqualFold(strings.Trim(s, " \t"), name) })
		})
		if (announced || strings.HasPrefix(name, http.TrailerPrefix)) && h[name] == nil {
			h[name] = values
		}
	}
}

// bridge reports whether the stored response that was found may stand in for the origin, and has it do so.
func (w *capture) bridge(unreachable bool) bool {
	x := w.exchange
	f := x.found
	now := x.cache.state.now()
	if x.cachable && f.record != nil && !x.cache.state.others.deaf() && x.valid(f.record, f.i, now) && !x.ended(now) && rfc9111.UsableOnError(x.decisive(f.record.key.Partition), &f.variant().Stored, now, unreachable) {
		w.held = bridged
		return true
	}
	return false
}

func (w *capture) Write(p []byte) (int, error) {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
	if w.held != passed {
		return len(p), nil
	}
	switch {
	case w.store != rfc9111.Kept:
	case int64(len(w.body)+len(p)) > w.exchange.cache.state.most(w.partition): // nobody is to wait for the client first
		w.drop(rfc9111.TooLarge)
	case !w.reserve(int64(len(w.body) + len(p))):
		w.drop(whyMemory)
	default:
		if w.body == nil {
			w.body = make([]byte, 0, max(int64(len(p)), w.length))
		}
		w.body = append(w.body, p...)
	}
	n, err := w.pass(p)
	if (err != nil || n != len(p)) && w.leaves() {
		return len(p), nil
	}
	return n, err
}

// reserve reports whether the copy may grow to n bytes. All copies under way together take no more than what is
// stored may: slow origins and many readers would otherwise have memory grow without bound.
func (w *capture) reserve(n int64) bool {
	if n = max(n, w.length); n <= w.reserved {
		return true
	}
	n = max(n, 2*w.reserved) // as a slice grows
	s := w.exchange.cache.state
	if s.copying.Add(n-w.reserved) > s.memory.budget {
		s.copying.Add(w.reserved - n)
		return false
	}
	w.reserved = n
	return true
}

func (w *capture) release() {
	if w.reserved != 0 {
		w.exchange.cache.state.copying.Add(-w.reserved)
		w.reserved = 0
	}
}

// leaves is called when the client did not take what it was given. It reports whether the handler goes on all
// the same, for others.
func (w *capture) leaves() bool {
	w.left = w.awaited()
	if !w.left && w.store == rfc9111.Kept {
		w.drop(rfc9111.Incomplete)
	}
	return w.left
}

// pass has the client get p, which is the end of the copy if there is one.
func (w *capture) pass(p []byte) (int, error) {
	if w.mute || w.left {
		return len(p), nil
	}
	if w.relayed(len(w.body)-len(p)) && w.relay.take(part{body: w.body}) {
		return len(p), nil
	}
	if err := w.settle(); err != nil {
		return 0, err
	}
	w.holds(true)
	n, err := w.ResponseWriter.Write(p)
	w.holds(false)
	w.exchange.event.Bytes += int64(n)
	return n, err
}

// relayed reports whether a relay writes to the client. It does from the first byte that somebody else waits
// for; what was sent before is so many bytes.
func (w *capture) relayed(sent int) bool {
	if w.store != rfc9111.Kept || w.reached {
		return false
	}
	if w.relay == nil && w.awaited() {
		// The client's fields may be read with a write of the relay's: the handler has others from here on.
		if w.handed == nil {
			w.handed = http.Header{}
		}
		maps.Copy(w.handed, w.ResponseWriter.Header())
		w.relay = newRelay(w.ResponseWriter, sent)
	}
	return w.relay != nil && !w.relay.over
}

// settle ends the relay once it has written everything: the client is the handler's again, and so is a panic
// of its. A client that did not take everything is not given anything more, ever: there would be a gap.
func (w *capture) settle() error {
	r := w.relay
	if r == nil {
		return nil
	}
	if !r.over {
		r.over = true
		close(r.parts)
		<-r.done
		w.exchange.event.Bytes += r.bytes
		if r.panic != nil {
			panic(r.panic)
		}
	}
	return r.err
}

// holds notes whether the handler waits for the client.
func (w *capture) holds(is bool) {
	if w.flight != nil {
		w.flight.held.Store(is)
	}
}

// awaited reports whether somebody but the client waits for the response.
func (w *capture) awaited() bool {
	return w.flight != nil && w.store == rfc9111.Kept && w.flight.waiting.Load() > 0
}

// Flush sends what was written so far.
func (w *capture) Flush() { w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *capture) FlushError() error {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
	if w.held != passed || w.left {
		return nil
	}
	w.sniffed.flush(len(w.body))
	if !w.mute && w.relayed(len(w.body)) && w.relay.take(part{body: w.body, flush: true, head: w.sniffed.bytes}) {
		return nil
	}
	if err := w.settle(); err != nil {
		if w.leaves() {
			return nil
		}
		return err
	}
	w.holds(true)
	defer w.holds(false)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack takes the connection from net/http. What the handler says on it passes no Write of ours, so
// nothing of it can be kept, and nothing is left for finish to say.
func (w *capture) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if err := w.settle(); err != nil {
		return nil, nil, err
	}
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		if w.store == rfc9111.Kept || w.store == "" && w.exchange.cachable {
			w.drop(rfc9111.Incomplete)
		}
		w.wrote = true
	}
	return conn, buffered, err
}

func (w *capture) drop(why rfc9111.Reason) {
	w.store, w.body, w.original, w.sent = why, nil, nil, nil
	w.release()
	w.exchange.event.Store = string(why)
	w.free()
}

// free lets whoever waits for this response, which is none to be had, go at once, and has nobody wait
// for the next few.
func (w *capture) free() {
	if w.flight == nil {
		return
	}
	x := w.exchange
	x.cache.state.flights.lone(w.flight.key, x.cache.state.now())
	x.cache.state.flights.land(w.flight)
}

// finish stores the response if the handler came to its end and nothing was missing. It is not
// reached when the handler panics, as httputil.ReverseProxy does when the origin breaks off. false: the
// response is held back and cannot be used; the origin has to be asked again, without a condition.
func (w *capture) finish() bool {
	if !w.wrote && w.held == passed {
		w.WriteHeader(http.StatusOK)
	}
	if w.relay == nil {
		w.trail()
	}
	x := w.exchange
	switch {
	case w.held == notModified:
		return x.freshen(w, w.ResponseWriter)
	case w.held == bridged:
		w.free()
		x.stale(w)
		return true
	case w.store == rfc9111.Kept:
		w.keep()
	}
	err := w.settle()
	if w.relay != nil {
		w.trail()
	}
	if err != nil || w.left { // what the client has must not look like the whole
		panic(http.ErrAbortHandler)
	}
	return true
}

// keep stores the response, if it is whole, and frees whoever waits.
func (w *capture) keep() {
	x := w.exchange
	switch {
	case w.forwarded.Err() != nil, x.request.Context().Err() != nil && !w.awaited(): // a handler may have stopped early because its client left
		w.drop(rfc9111.Incomplete)
	case w.length >= 0 && w.length != int64(len(w.body)):
		w.drop(rfc9111.Incomplete)
	case trailing(w.Header()):
		w.drop(rfc9111.Trailers)
	default:
		if hasBody(x.event.Status) || w.mute {
			w.sent["Content-Length"] = lengthOf(w.body)
		}
		w.sniffed.apply(w.sent, w.body)
		status := x.event.Status
		if w.mute {
			status = http.StatusOK
		}
		if kept, _ := x.store(w.partition, status, w.original, w.sent, fitted(w.body), w.asked, nil); !kept {
			x.event.Store = string(rfc9111.Status)
		}
		w.arrive()
	}
}

// arrive frees whoever waits, as there is something stored now.
func (w *capture) arrive() {
	if w.flight != nil {
		w.exchange.cache.state.flights.arrive(w.flight)
	}
}

// fitted is b in about as much memory as it needs: what came in pieces was given room for more.
func fitted(b []byte) []byte {
	if cap(b)-len(b) > len(b)/8 {
		return bytes.Clone(b)
	}
	return b
}

// trailing reports whether the handler set trailers without announcing them.
func trailing(h http.Header) bool {
	for name := range h {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			return true
		}
	}
	return false
}
