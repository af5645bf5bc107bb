package bearcache

import (
	"io"
	"net/http"
)

// relay writes a response to the client of the request that leads a flight, from the copy that will be
// stored and in a goroutine of its own. So the handler goes on, and whoever waits for the copy gets it,
// however slowly that client reads. It needs no memory beside the copy, which it keeps no longer than a hit keeps a
// record. The handler uses the client again only after the relay's end.
type relay struct {
	over  bool          // the handler gives it nothing more
	parts chan part     // the newest one, until it is taken; never more
	done  chan struct{} // closed at the end; what follows may be read then
	bytes int64
	err   error // the client's
	panic any
}

// part is what there is to be written.
type part struct {
	body  []byte // all of it, from the first byte
	flush bool   // at the end
	head  int    // and after so many bytes, for the first time
}

// newRelay begins behind what was sent already.
func newRelay(w http.ResponseWriter, sent int) *relay {
	r := &relay{parts: make(chan part, 1), done: make(chan struct{})}
	go func() {
		defer close(r.done)
		defer func() { r.panic = recover() }()
		flushed := -1
		flush := func() {
			if flushed != sent {
				flushed = sent
				http.NewResponseController(w).Flush() // its error shows with the next write
			}
		}
		to := func(body []byte) {
			if r.err == nil && len(body) > sent {
				n, err := w.Write(body[sent:])
				if err == nil && n != len(body)-sent {
					err = io.ErrShortWrite
				}
				sent += n
				r.bytes, r.err = r.bytes+int64(n), err
			}
		}
		for p := range r.parts {
			if p.flush && flushed < 0 { // net/http finds the Content-Type in what goes out with the fields
				to(p.body[:p.head])
				flush()
			}
			to(p.body)
			if p.flush {
				flush()
			}
			if r.err != nil {
				return
			}
		}
	}()
	return r
}

// take has p written, in the place of what was not taken up yet; false: the relay is at its end.
func (r *relay) take(p part) bool {
	select {
	case <-r.done:
		return false
	case old := <-r.parts:
		p.flush, p.head = p.flush || old.flush, max(p.head, old.head)
	default:
	}
	r.parts <- p // there is room: nobody else puts anything in
	return true
}
