package bearcache

import "net/http"

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
