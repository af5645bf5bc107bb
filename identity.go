package bearcache

import (
	"crypto/x509"
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
	Until   time.Time // nothing is served to this request's sender after it, nor kept for him unless Renewable; zero: not known

	// Renewable says that Until is the end of what this request shows, and not of the identity: whoever shows something newer is
	// the same reader, and finds what is stored for him. It must not be set where the texts above stand for a single token.
	Renewable bool

	// Group names all subjects of Issuer to whom the origin gives one answer to this request: those of one tenant, or with
	// the same roles. What it does not call private is stored for the whole group. Empty: none; so it is without an
	// Issuer, for anybody could name any. It is part of the identity too: who is an administrator no longer is not given
	// what was private to him as one.
	Group string

	// Joined names fields of Cache.Credentials that tell readers apart beside the texts above: where the request has
	// them, a digest of their values is part of the identity, and of the group. Nil: none is, as the texts say all. One
	// that Credentials does not name makes the request unknown.
	Joined []string

	anonymous bool
}

// Anonymous is nobody in particular. An Identify that returns it for a request which carries
// credentials is overruled: that request is unknown.
var Anonymous = Identity{anonymous: true}

// Partition is a cache of its own inside the cache. The zero Partition is no cache at all. Its name begins with a letter
// for what it is made of:
//
//	s  nothing: Shared
//	u  the fields of unknown meaning that requests without credentials have in common
//	c  a digest of credentials that nobody verified
//	i  the texts of an Identity, and a digest of what it joins
//	g  the issuer and the group of one, and the same
type Partition struct{ name string }

// Shared is the partition of requests without credentials. It follows the rules for shared caches.
var Shared = Partition{name: "s"}

func (p Partition) is(letter byte) bool { return p.name != "" && p.name[0] == letter }

// unnamed reports whether p is that of requests without credentials whose fields of unknown meaning
// have the same values: a shared cache, of whom nobody can tell more.
func (p Partition) unnamed() bool { return p.is('u') }

// open reports whether what is stored in p goes out as its origin made it: nobody is told apart there.
func (p Partition) open() bool { return p == Shared || p.unnamed() }

// kind is which cache p is (RFC 9111 §1). A group's is a shared one: what its origin calls private is one reader's.
func (p Partition) kind() rfc9111.Kind {
	if p.open() || p.is('g') {
		return rfc9111.SharedCache
	}
	return rfc9111.PrivateCache
}

// unverified reports whether nobody vouches for the readers of p, of which anybody can make as many as he likes.
func (p Partition) unverified() bool {
	return p.is('c') || p.unnamed() || p.is('i') && strings.HasPrefix(p.name, "i\x00")
}

// Partition is where the responses of id are stored: Shared for Anonymous, none for an Identity without a
// Subject or one that is Anonymous and somebody, and otherwise a partition of exactly this Issuer, Subject,
// Scope and Group. What a request joins to them is not part of it.
func (id Identity) Partition() Partition { return id.partition("") }

// partition is the partition of id with a digest of what a request joins to it; empty: nothing.
func (id Identity) partition(joined string) Partition {
	somebody := id.Issuer != "" || id.Subject != "" || id.Scope != "" || id.Group != "" || joined != ""
	switch {
	case id.anonymous && !somebody:
		return Shared
	case id.anonymous, id.Subject == "": // all whom one issuer vouches for are not one reader
		return Partition{}
	}
	// Lengths before texts: no choice of texts makes two identities one.
	var room [192]byte // on the stack: most names fit
	name := append(room[:0], 'i')
	name = texts.Append(name, id.Issuer)
	name = texts.Append(name, id.Subject)
	name = texts.Append(name, id.Scope)
	name = texts.Append(name, id.Group)
	name = append(name, joined...)
	return Partition{name: string(name)}
}

// group is the partition of id's group with a digest of what a request joins to it, and what else tells its members
// apart: a digest of fields of unknown meaning, and a mark of who is told by no field. None without a group.
func (id Identity) group(joined, others string) Partition {
	if id.Group == "" || id.Issuer == "" { // who made up a token would choose a group
		return Partition{}
	}
	var room [192]byte
	name := append(room[:0], 'g')
	name = texts.Append(name, id.Issuer)
	name = texts.Append(name, id.Group)
	name = texts.Append(name, joined)
	name = append(name, others...)
	return Partition{name: string(name)}
}

// reader is what the cache knows of who sends a request.
type reader struct {
	identity  Identity
	partition Partition // zero: unknown, and why says why
	group     Partition // of those to whom the origin gives the same answer; zero: none
	crowd     Partition // of those whose fields of unknown meaning are the same; zero: it has none, or nobody asks
	fields    []string  // credential fields the request carries, canonical
	joined    []string  // those of them whose values are part of the partition
	certified bool      // so does a certificate, which no field names
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
	whyDeaf        = "purge-log"  // others may have purged what is stored, and nobody has heard
	whyMemory      = "memory"     // all copies under way together take what Memory allows
	whyBody        = "body"       // a GET with content, which no key holds and an origin may answer by
)

// identify tells whose request r is. In doubt it is nobody's. Of a public route nobody is asked: what could
// tell the reader was removed.
func (c *Cache) identify(r *http.Request, now time.Time, public bool) reader {
	rd := reader{fields: c.state.present(r), certified: certificate(r) != nil}
	if rd.why, rd.strangers = c.state.unclear(r, rd.fields); rd.why != "" {
		return rd
	}
	if c.Identify == nil || public {
		rd.partition = c.state.secret.byCredentials(r, rd.fields)
		return c.crowd(r, rd)
	}
	id, err := c.Identify(r)
	if err != nil || id.anonymous && len(rd.fields) > 0 {
		rd.why = whyIdentify
		return rd
	}
	var ok bool
	if rd.joined, ok = c.state.joins(id, rd.fields); !ok {
		rd.why = whyIdentify
		return rd
	}
	joined := c.state.secret.joined(r, rd.joined)
	if rd.partition = id.partition(joined); rd.partition == (Partition{}) || len(rd.partition.name) > maxExtentText {
		rd.why, rd.partition = whyIdentify, Partition{}
		return rd
	}
	id.Until = earlier(id.Until, certificate(r))
	rd.identity = id
	if !id.Until.IsZero() && !c.latest(now).Before(id.Until) {
		rd.why, rd.partition = whyExpired, Partition{}
		return rd
	}
	if id.Group != "" {
		rd.group = id.group(joined, c.state.secret.others(c.state, r, &rd))
	}
	return c.crowd(r, rd)
}

// crowd tells which requests have the fields of unknown meaning, and their values, in common with r: an
// origin may answer by them, and not say so in Vary. Without credentials, that is the request's partition.
func (c *Cache) crowd(r *http.Request, rd reader) reader {
	if !rd.strangers.unknown || rd.partition != Shared && !c.ShareReleased {
		return rd
	}
	rd.crowd = Partition{name: "u" + c.state.secret.crowd(c.state, r)}
	if rd.partition == Shared {
		rd.partition = rd.crowd
	}
	return rd
}

// crowd is a digest of r's fields of unknown meaning.
func (k *keyed) crowd(s *state, r *http.Request) string {
	var names []string
	for name := range r.Header {
		if s.stranger(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	d := k.begin("u") // no digest of credentials has the same text
	defer k.end(d)
	for _, name := range names {
		d.text(name)
		value, _ := httpfield.Selecting(name, r.Header[name])
		d.text(value)
	}
	return d.sum()
}

// formerly is the partition p of the request as it is called under the previous secret; none, where it has no other
// name.
func (x *exchange) formerly(p Partition) Partition {
	s, r, rd := x.cache.state, x.request, &x.reader
	former := p
	switch {
	case s.previous == nil:
	case p.is('c'):
		former = s.previous.byCredentials(r, rd.fields)
	case p.is('i'):
		former = rd.identity.partition(s.previous.joined(r, rd.joined))
	case p.is('g'):
		former = rd.identity.group(s.previous.joined(r, rd.joined), s.previous.others(s, r, rd))
	case p.unnamed():
		former = Partition{name: "u" + s.previous.crowd(s, r)}
	}
	if former == p {
		return Partition{}
	}
	return former
}

// others is what else tells a group's members apart.
func (k *keyed) others(s *state, r *http.Request, rd *reader) (others string) {
	if rd.strangers.unknown {
		others = k.crowd(s, r)
	}
	if rd.unnamed() { // what goes out to these is not what goes out to others
		others += "*"
	}
	return others
}

// byCredentials is the partition of whoever holds the credentials that r carries: a keyed digest of all of them, so
// that no two sets of credentials are one reader.
func (k *keyed) byCredentials(r *http.Request, fields []string) Partition {
	if len(fields) == 0 && certificate(r) == nil {
		return Shared
	}
	return Partition{name: "c" + k.credentials(r, fields)}
}

// joins lists those of fields that id joins; ok is false where it names one that is no credential here: who meant to
// tell readers apart by it would not.
func (s *state) joins(id Identity, fields []string) (joined []string, ok bool) {
	mask := 0
	for _, name := range id.Joined {
		i := slices.IndexFunc(s.credentials, func(listed string) bool { return strings.EqualFold(listed, name) })
		if i < 0 {
			return nil, false
		}
		if contains(fields, s.credentials[i]) {
			mask |= 1 << i
		}
	}
	return s.subsets[mask], true
}

// joined is a digest of what of r is part of the identity beside its texts, or "": some of its fields, and a
// certificate, which no text can be known to speak of.
func (k *keyed) joined(r *http.Request, fields []string) string {
	if len(fields) == 0 && certificate(r) == nil {
		return ""
	}
	return k.credentials(r, fields)
}

// credentials is a digest of the values of fields, and of the client's certificate.
func (k *keyed) credentials(r *http.Request, fields []string) string {
	d := k.begin("c")
	defer k.end(d)
	for _, name := range fields {
		d.text(name)
		d.number(len(r.Header[name]))
		for _, value := range r.Header[name] {
			d.text(value)
		}
	}
	if cert := certificate(r); cert != nil {
		d.text("") // no field is called so
		d.text(string(cert.Raw))
	}
	return d.sum()
}

// certificate is the one that the client proved to hold, or nil.
func certificate(r *http.Request) *x509.Certificate {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil
	}
	return r.TLS.PeerCertificates[0]
}

// earlier is until, or the end of the certificate where that comes first. The zero time is no end; a certificate has one.
func earlier(until time.Time, cert *x509.Certificate) time.Time {
	switch {
	case cert == nil:
		return until
	case cert.NotAfter.IsZero(): // year 1 is one that a certificate can name
		return time.Unix(0, 0)
	case until.IsZero() || cert.NotAfter.Before(until):
		return cert.NotAfter
	}
	return until
}

// veil is what stands for the values of a credential field where Vary must compare them and a record
// must not keep them: a keyed digest, which means nothing outside this cache.
func (s *state) veil(name string, values []string) string {
	d := s.secret.begin("v")
	defer s.secret.end(d)
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
