package bearcache

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
	"github.com/bearcache/bearcache/internal/rfc9111"
	"github.com/bearcache/bearcache/internal/texts"
)

// Identity is whom a response is made for. One without a Subject is unknown, the zero Identity among them:
// nothing is stored for it and nothing stored is served to it.
type Identity struct {
	Issuer  string    // who vouches for Subject; empty for credentials nobody verified
	Subject string    // "sub", or what else its issuer tells its holder from all others by
	Scope   string    // what else the origin may look at: scope and audience, canonical
	Until   time.Time // no record outlives it; zero: not known

	// Group names all subjects of Issuer to whom the origin gives one answer to this request: those of one tenant, or with
	// the same roles. What it does not call private is stored for the whole group. Empty: none.
	Group string

	// Joined names fields of Cache.Credentials that tell readers apart beside the texts above: where the request has
	// them, a digest of their values is part of the identity, and of the group. Nil: none is, as the texts say all.
	Joined []string

	anonymous bool
}

// Anonymous is nobody in particular. An Identify that returns it for a request which carries
// credentials is overruled: that request is unknown.
var Anonymous = Identity{anonymous: true}

// Partition is a cache of its own inside the cache. The zero Partition is no cache at all.
type Partition struct{ name string }

// Shared is the partition of requests without credentials. It follows the rules for shared caches.
var Shared = Partition{name: "s"}

// unnamed reports whether p is that of requests without credentials whose fields of unknown meaning
// have the same values: a shared cache, of whom nobody can tell more.
func (p Partition) unnamed() bool { return strings.HasPrefix(p.name, "u") }

// kind is which cache p is (RFC 9111 §1).
func (p Partition) kind() rfc9111.Kind {
	if p == Shared || p.unnamed() {
		return rfc9111.SharedCache
	}
	return rfc9111.PrivateCache
}

// Partition is where the responses of id are stored: Shared for Anonymous, none for an Identity without a
// Subject or one that is Anonymous and somebody, and otherwise a partition of exactly this Issuer, Subject
// and Scope.
func (id Identity) Partition() Partition {
	somebody := id.Issuer != "" || id.Subject != "" || id.Scope != ""
	switch {
	case id.anonymous && !somebody:
		return Shared
	case id.anonymous, id.Subject == "": // all whom one issuer vouches for are not one reader
		return Partition{}
	}
	// Lengths before texts: no choice of texts makes two identities one.
	var room [128]byte // on the stack: most names fit
	name := append(room[:0], 'i')
	name = texts.Append(name, id.Issuer)
	name = texts.Append(name, id.Subject)
	name = append(name, id.Scope...)
	return Partition{name: string(name)}
}

// reader is what the cache knows of who sends a request.
type reader struct {
	identity  Identity
	partition Partition // zero: unknown, and why says why
	crowd     Partition // of those whose fields of unknown meaning are the same; zero: it has none, or nobody asks
	fields    []string  // credential fields the request carries, canonical
	why       string
	strangers strangers
}

// Why a request belongs to no partition. The words reach clients as the detail of Cache-Status.
const (
	whyOff         = "off"                 // Policy.Off
	whyIdentify    = "unidentified"        // Identify said error, or the zero Identity
	whyCredentials = "credentials"         // repeated or malformed credentials
	whyUnlisted    = "unlisted-credential" // a field or parameter that looks like credentials and is not in Credentials
	whyCertificate = "client-certificate"
	whyExpired     = "expired"
	whyTarget      = "target" // no target URI that a key could be made of
	whyUpgrade     = "upgrade"
	whyMalformed   = "malformed"  // a field whose name no look-up finds
	whyConnection  = "connection" // a field that proxies drop on the way to the origin
	whyMemory      = "memory"     // all copies under way together take what Memory allows
	whyBody        = "body"       // a GET with content, which no key holds and an origin may answer by
)

// identify tells whose request r is. In doubt it is nobody's. Of a public route nobody is asked: what could
// tell the reader was removed.
func (c *Cache) identify(r *http.Request, now time.Time, public bool) reader {
	rd := reader{fields: c.state.present(r)}
	if rd.why, rd.strangers = c.state.unclear(r, rd.fields); rd.why != "" {
		return rd
	}
	if c.Identify == nil || public {
		rd.identity, rd.partition = c.byCredentials(r, rd.fields)
		return c.crowd(r, rd)
	}
	id, err := c.Identify(r)
	if err != nil || id.anonymous && len(rd.fields) > 0 || id.Partition() == (Partition{}) {
		rd.why = whyIdentify
		return rd
	}
	rd.identity = id
	if !rd.identity.Until.IsZero() && !c.latest(now).Before(rd.identity.Until) {
		rd.why = whyExpired
		return rd
	}
	rd.partition = rd.identity.Partition()
	return c.crowd(r, rd)
}

// crowd tells which requests have the fields of unknown meaning, and their values, in common with r: an
// origin may answer by them, and not say so in Vary. Without credentials, that is the request's partition.
func (c *Cache) crowd(r *http.Request, rd reader) reader {
	if !rd.strangers.unknown || rd.partition != Shared && !c.ShareReleased {
		return rd
	}
	rd.crowd = c.state.crowd(r)
	if rd.partition == Shared {
		rd.partition = rd.crowd
	}
	return rd
}

func (s *state) crowd(r *http.Request) Partition {
	var names []string
	for name := range r.Header {
		if s.stranger(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	d := s.digests.Get().(*digest)
	defer s.digests.Put(d)
	d.reset()
	d.text("u") // no digest of credentials has the same text
	for _, name := range names {
		d.text(name)
		value, _ := httpfield.Selecting(name, r.Header[name])
		d.text(value)
	}
	return Partition{name: "u" + d.sum()}
}

// byCredentials is the identity of whoever holds the credentials that r carries: a keyed digest of
// all of them, so that no two sets of credentials are one identity.
func (c *Cache) byCredentials(r *http.Request, fields []string) (Identity, Partition) {
	if len(fields) == 0 {
		return Anonymous, Shared
	}
	d := c.state.digests.Get().(*digest)
	defer c.state.digests.Put(d)
	d.reset()
	for _, name := range fields {
		d.text(name)
		d.number(len(r.Header[name]))
		for _, value := range r.Header[name] {
			d.text(value)
		}
	}
	id := Identity{Subject: d.sum()}
	return id, id.Partition()
}

// veil is what stands for the values of a credential field where Vary must compare them and a record
// must not keep them: a keyed digest, which means nothing outside this cache.
func (s *state) veil(name string, values []string) string {
	d := s.digests.Get().(*digest)
	defer s.digests.Put(d)
	d.reset()
	d.text(name)
	for _, value := range values {
		d.text(value)
	}
	return d.sum()
}

// present lists the credential fields that r carries.
func (s *state) present(r *http.Request) []string {
	mask := 0
	for i, name := range s.credentials {
		if _, ok := r.Header[name]; ok {
			mask |= 1 << i
		}
	}
	return s.subsets[mask]
}

// subsetsOf lists all subsets of names, by bit mask: requests carry few different ones, and finding
// theirs should not allocate.
func subsetsOf(names []string) [][]string {
	subsets := make([][]string, 1<<len(names))
	for mask := range subsets {
		for i, name := range names {
			if mask&(1<<i) != 0 {
				subsets[mask] = append(subsets[mask], name)
			}
		}
		subsets[mask] = slices.Clip(subsets[mask])
	}
	return subsets
}

// latest is the latest wall-clock time seen, so that a clock set back does not revive what has
// expired (now's own reading is compared without its monotonic part, as expiry is a wall time).
func (c *Cache) latest(now time.Time) time.Time {
	for {
		seen, wall := c.state.wall.Load(), now.UnixNano()
		if wall <= seen {
			return time.Unix(0, seen)
		}
		if c.state.wall.CompareAndSwap(seen, wall) {
			return now
		}
	}
}
