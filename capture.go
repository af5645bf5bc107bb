package bearcache

import (
	"bufio"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bearcache/bearcache/internal/rfc9111"
)

// capture passes a response on to the client as it comes, and keeps a copy of one that may be
// stored. It is the only ResponseWriter wrapper of the cache.
type capture struct {
	http.ResponseWriter
	exchange *exchange
	why      rfc9111.Reason // of the forwarding

	wrote    bool
	sniffed  sniffed
	store    rfc9111.Reason // Kept: copy it; whatever ends that replaces the word
	original http.Header    // the origin's fields, without those that are never stored
	sent     http.Header    // the same as the client got them
	body     []byte
}

// Unwrap lets http.ResponseController reach deadlines and the like of the connection.
func (w *capture) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *capture) WriteHeader(status int) {
	if w.wrote || status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status) // 1xx responses are passed on; a second final one is net/http's to refuse
		return
	}
	w.wrote = true
	x, h := w.exchange, w.Header()
	w.store = x.answered(status, h)
	x.event.Status, x.event.Store = status, string(w.store)
	if w.store == rfc9111.Kept {
		w.original = storableFields(h)
		if w.original["Date"] == nil { // RFC 9110 §6.6.1: the recipient's clock, where the origin had none
			w.original["Date"] = []string{x.cache.state.now().UTC().Format(http.TimeFormat)}
		}
		delete(w.original, "Content-Length")
		w.sent = w.original.Clone()
		w.sniffed = sniffs(h)
	}
	if x.reader.told() {
		harden(h, &x.reader)
		if w.sent != nil {
			harden(w.sent, &x.reader)
		}
	}
	addStatus(h, forwardStatus(w.why, status, w.store, x.event.Detail))
	w.ResponseWriter.WriteHeader(status)
}

func (w *capture) Write(p []byte) (int, error) {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.ResponseWriter.Write(p)
	w.exchange.event.Bytes += int64(n)
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

// Flush sends what was written so far.
func (w *capture) Flush() { w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *capture) FlushError() error {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
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
}

// finish stores the response if the handler came to its end and nothing was missing. It is not
// reached when the handler panics, as httputil.ReverseProxy does when the origin breaks off.
func (w *capture) finish() {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
	if w.store != rfc9111.Kept {
		return
	}
	x, h := w.exchange, w.Header()
	switch {
	case x.request.Context().Err() != nil: // a handler may have stopped early because its client left
		w.drop(rfc9111.Incomplete)
	case h["Content-Length"] != nil && announced(h) != int64(len(w.body)):
		w.drop(rfc9111.Incomplete)
	case trailing(h):
		w.drop(rfc9111.Trailers)
	default:
		if hasBody(x.event.Status) {
			w.sent["Content-Length"] = []string{strconv.Itoa(len(w.body))}
		}
		w.sniffed.apply(w.sent, w.body)
		x.store(x.event.Status, w.original, w.sent, slices.Clip(w.body))
	}
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
