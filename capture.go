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
	forwarded  context.Context // of the request to the origin
	validating bool            // the request's conditions are ours
	asked      time.Time       // when it went out

	// apart are the fields of a response that may yet be held back. nil: it will not be, and they are the
	// client's at once.
	apart       http.Header
	handed      http.Header // what apart was: the handler may have kept it
	confirming  http.Header // of a 304 that is held back
	length      int64       // that was announced; negative: none
	wrote       bool
	held        held
	status      int  // of what is held back; zero: there was no response
	unreachable bool // next said so
	left        bool // the client did; somebody else waits
	mute        bool // the client's own condition is met: it gets no body

	sniffed   sniffed
	partition Partition      // where it is stored
	store     rfc9111.Reason // Kept: copy it; whatever ends that replaces the word
	original  http.Header    // the origin's fields, without those that are never stored
	sent      http.Header    // the same as the client got them
	body      []byte
}

// held is why a response does not go to the client.
type held int

const (
	passed      held = iota // it does
	notModified             // it says that what is stored holds
	bridged                 // it is an error that what is stored may stand in for
)

// Unwrap lets http.ResponseController reach deadlines and the like of the connection.
func (w *capture) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Header is what the handler sets.
func (w *capture) Header() http.Header {
	if w.apart != nil {
		return w.apart
	}
	return w.ResponseWriter.Header()
}

func (w *capture) WriteHeader(status int) {
	if w.wrote || w.held != passed {
		if w.held == passed {
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
		w.original = dated(storableFields(h), x.cache.state.now())
		delete(w.original, "Content-Length")
		w.sent = w.original.Clone()
		w.sniffed = sniffs(h)
		if w.length = -1; h["Content-Length"] != nil {
			w.length = announced(h)
		}
		if p := w.partition; !rfc9111.Fresh(p.kind(), x.decisive(p), x.response(status, h), w.asked, x.cache.state.now()) {
			w.free() // whoever waits would have to validate it first
		}
	} else {
		w.free()
	}
	if x.reader.told() && !(w.store == rfc9111.Kept && w.partition.kind() == rfc9111.SharedCache) {
		harden(h, &x.reader)
		if w.sent != nil {
			harden(w.sent, &x.reader)
		}
	}
	addStatus(h, forwardStatus(w.why, status, w.store, x.event.Detail))
	if w.validating && status == http.StatusOK && w.meets(h) {
		w.mute = true
		x.event.Status, status = http.StatusNotModified, http.StatusNotModified
		delete(h, "Content-Length")
	}
	w.ResponseWriter.WriteHeader(status)
}

// meets reports whether the client's own condition makes 304 the answer, though ours did not.
func (w *capture) meets(h http.Header) bool {
	x := w.exchange
	s := rfc9111.Keep(rfc9111.PrivateCache, rfc9111.Request{}, x.response(http.StatusOK, h), w.asked, x.cache.state.now())
	return rfc9111.NotModified(x.request.Header, &s, h)
}

// interim passes a 1xx response on with its own fields.
func (w *capture) interim(status int) {
	if w.apart == nil {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	h := w.ResponseWriter.Header()
	before := maps.Clone(h)
	maps.Copy(h, w.apart)
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
	if x.cachable && f.record != nil && x.valid(f.record, f.i, now) && !x.ended(now) && rfc9111.UsableOnError(x.decisive(f.record.key.Partition), &f.variant().Stored, now, unreachable) {
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
	n, err := len(p), error(nil)
	if !w.mute && !w.left {
		n, err = w.ResponseWriter.Write(p)
		w.exchange.event.Bytes += int64(n)
		if (err != nil || n != len(p)) && w.awaited() {
			w.left, n, err = true, len(p), nil
		}
	}
	switch {
	case w.store != rfc9111.Kept:
	case err != nil || n != len(p):
		w.drop(rfc9111.Incomplete)
	case int64(len(w.body)+len(p)) > w.exchange.cache.state.maxBody:
		w.drop(rfc9111.TooLarge)
	default:
		if w.body == nil {
			w.body = make([]byte, 0, max(int64(len(p)), announced(w.Header())))
		}
		w.body = append(w.body, p...)
	}
	return n, err
}

// awaited reports whether somebody but the client waits for the response.
func (w *capture) awaited() bool {
	return w.flight != nil && w.store == rfc9111.Kept && w.exchange.cache.state.flights.awaited(w.flight)
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
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack takes the connection from net/http. What the handler says on it passes no Write of ours, so
// nothing of it can be kept, and nothing is left for finish to say.
func (w *capture) Hijack() (net.Conn, *bufio.ReadWriter, error) {
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
	key := Key{x.reader.partition, x.uri}
	x.cache.state.flights.lone(key, x.cache.state.now())
	x.cache.state.flights.land(key, w.flight)
}

// finish stores the response if the handler came to its end and nothing was missing. It is not
// reached when the handler panics, as httputil.ReverseProxy does when the origin breaks off. false: the
// response is held back and cannot be used; the origin has to be asked again, without a condition.
func (w *capture) finish() bool {
	if !w.wrote && w.held == passed {
		w.WriteHeader(http.StatusOK)
	}
	x := w.exchange
	w.trail()
	switch {
	case w.held == notModified:
		return x.freshen(w, w.ResponseWriter)
	case w.held == bridged:
		w.free()
		x.stale(w)
		return true
	case w.store != rfc9111.Kept:
		return true
	}
	h := w.Header()
	switch {
	case w.forwarded.Err() != nil, x.request.Context().Err() != nil && !w.awaited(): // a handler may have stopped early because its client left
		w.drop(rfc9111.Incomplete)
	case w.length >= 0 && w.length != int64(len(w.body)):
		w.drop(rfc9111.Incomplete)
	case trailing(h):
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
	}
	return true
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

// sniffed is what net/http makes of the body where the handler gave no Content-Type. A hit must say
// the same, and would not by itself: it writes the body at once, to a HEAD not at all.
type sniffed struct {
	asked bool // the fields allow it
	sent  bool // they went out, with as many bytes of the body as
	bytes int
}

// sniffs reads fields as net/http's server does: a Content-Type set to nil is one, and coded content
// has no type that its bytes would tell.
func sniffs(h http.Header) sniffed {
	_, typed := h["Content-Type"]
	_, coded := h["Transfer-Encoding"]
	return sniffed{asked: !typed && !coded && h.Get("Content-Encoding") == ""}
}

// flush notes what of the body there was when the fields went out.
func (s *sniffed) flush(bytes int) {
	if !s.sent {
		s.sent, s.bytes = true, bytes
	}
}

// apply sets the Content-Type that went out with a miss, or forbids the server to find one. Unless
// they were flushed earlier the fields go out with more of the body than DetectContentType looks at.
func (s *sniffed) apply(h http.Header, body []byte) {
	if s.sent {
		body = body[:s.bytes]
	}
	switch {
	case s.asked && len(body) > 0:
		h["Content-Type"] = []string{http.DetectContentType(body)}
	case h["Content-Type"] == nil:
		h["Content-Type"] = nil
	}
}
