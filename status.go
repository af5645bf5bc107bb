package bearcache

import (
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/bearcache/bearcache/internal/rfc9111"
)

// Event is the outcome of one request, for metrics and access logs.
type Event struct {
	// Request as it reached the cache. It holds credentials: log what you pick from it.
	Request *http.Request
	// Status of the response; zero if the handler ended without one.
	Status int
	// Hit: answered from the cache; the origin was not asked.
	Hit bool
	// Reason is one word: "hit"; or why the request was forwarded, as RFC 9211 §2.2 has it: "bypass",
	// "method", "uri-miss", "vary-miss", "request", "stale".
	Reason string
	// Detail is one word more on a bypass: "off", "unidentified", "credentials", …
	Detail string
	// Store is one word: "stored", why the response was not, or empty if that was no question. It is the
	// word at the end, where Cache-Status has that of the beginning.
	Store string
	// Recalled: it is a hit, and what answered it came from the Store.
	Recalled bool
	// Collapsed: it waited for another request of its partition, and was answered with what that brought.
	Collapsed bool
	// Validated: the origin said that the stored response holds, and that was the answer.
	Validated bool
	// Stale: the origin failed, and the stored response, which is stale, was the answer.
	Stale bool
	// Bytes of the body written.
	Bytes int64
	// Age and Lifetime of the stored response that was reused.
	Age, Lifetime time.Duration

	partition Partition
	secret    *keyed
}

// Partition names the request's partition in logs: "shared", "none", or the start of a keyed digest.
func (e Event) Partition() string {
	switch {
	case e.partition == Partition{}:
		return "none"
	case e.partition == Shared:
		return "shared"
	case e.partition.unnamed():
		return "shared-" + hex.EncodeToString([]byte(e.partition.name[1:7]))
	case e.partition.is('c'):
		return hex.EncodeToString([]byte(e.partition.name[1:7]))
	}
	d := e.secret.begin("e") // the name is of texts, which may say who it is
	defer e.secret.end(d)
	d.text(e.partition.name)
	return hex.EncodeToString([]byte(d.sum()[:6]))
}

// hitStatus is the Cache-Status member of a hit (RFC 9211 §2.1, §2.4).
func hitStatus(d rfc9111.Decision) string {
	return "bearcache; hit; ttl=" + strconv.FormatInt(int64(d.Lifetime/time.Second)-int64(d.Age/time.Second), 10)
}

// collapsedStatus is that of a request that waited for another (RFC 9211 §2.6).
func collapsedStatus(why rfc9111.Reason) string {
	return "bearcache; fwd=" + string(why) + "; collapsed"
}

// bridgedStatus is that of a request whose origin failed and which was answered with a stale response.
// ttl says how long it is stale (RFC 9211 §2.4); status is zero where there was no answer at all.
func bridgedStatus(why rfc9111.Reason, status int, d rfc9111.Decision) string {
	s := "bearcache; fwd=" + string(why)
	if status != 0 {
		s += "; fwd-status=" + strconv.Itoa(status)
	}
	return s + "; ttl=" + strconv.FormatInt(int64(d.Lifetime/time.Second)-int64(d.Age/time.Second), 10) + "; detail=stale-on-error"
}

// forwardStatus is the Cache-Status member of a forwarded request (RFC 9211 §2.2, §2.3, §2.5, §2.8).
// It names no key: the identity is part of it.
//
// "stored" is said when the fields go out, which is before the last byte is there to be stored. It is
// what will happen unless the body is cut short, outgrows MaxBody or brings a trailer; RFC 9211 §2.5
// leaves no word for that, and holding every body back to be right about the broken ones would cost
// the others their streaming. Where the length is announced, as it is for most, only a broken
// connection can prove it wrong. Event.Store says what became of it.
func forwardStatus(why rfc9111.Reason, status int, store rfc9111.Reason, detail string) string {
	s := "bearcache; fwd=" + string(why) + "; fwd-status=" + strconv.Itoa(status)
	switch {
	case store == rfc9111.Kept:
		s += "; stored"
	case detail != "":
		s += "; detail=" + detail
	case store != "":
		s += "; detail=" + string(store)
	}
	return s
}
