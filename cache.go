package bearcache

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/textproto"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
	"github.com/bearcache/bearcache/internal/seal"
)

// Cache is an HTTP cache (RFC 9111) with a partition for every identity. Its zero value is ready to
// use: in memory, one partition per set of credentials. Fields must not change after the first call
// of a method. A Cache must not be copied after that.
type Cache struct {
	// ShareReleased lets an origin release what came with credentials to requests with others, or with none
	// (RFC 9111 §3.5): by public, must-revalidate or s-maxage. What is released is stored in Shared, and goes
	// out as the origin made it. False: it stays in its own partition, whatever the origin says.
	ShareReleased bool

	// Memory bounds the stored responses, in bytes of bodies, fields and overhead. Zero means 64 MiB.
	Memory int64

	// Quota bounds what one partition but Shared holds, in bytes. Zero means an eighth of Memory. What a
	// reader stored first goes first.
	Quota int64

	// Identify says whom a request is made for. Nil: the holder of its credentials, told by a digest
	// of all fields in Credentials, until the "exp" that a JSON Web Token among them states; a request
	// with none of them is Anonymous. An error, an Identity without a Subject, or Anonymous for a request
	// with credentials means unknown: the request goes to the origin and its response is not stored. It is
	// not asked about a request whose Policy is Public.
	//
	// A request that carries what may be further credentials (a repeated or malformed field, one
	// that is called like a credential and not listed, a token-like query parameter) is unknown before
	// Identify is asked. A client certificate is part of whatever identity there is.
	//
	// An Identity without an Issuer is one that nobody verified. Where Identify is set, all such share a quarter of
	// Memory, so that whoever makes up credentials cannot drive out what is stored for verified readers.
	//
	// An origin's Vary is obeyed within an identity too (RFC 9111 §4.1): where it names Authorization,
	// what one token of a user left is not found by the user's next one. An origin that answers by the
	// user alone should not name it.
	Identify func(*http.Request) (Identity, error)

	// Credentials names the request fields that say who asks. Nil means Authorization, Cookie and
	// X-Api-Key. A field that tells readers apart, such as a tenant's, belongs here too.
	Credentials []string

	// TrustedFields names request fields that say nothing about who asks, and are set by whoever stands
	// before the cache and not by the client: X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto and Via,
	// where a gateway sets or removes all of them. The origin is taken not to answer by them unless its Vary
	// says so. Nil: none. A field that a client can send through belongs here never: it would decide what
	// others are given. One that names the user, as authenticating proxies set it, belongs into Credentials;
	// Check refuses it here.
	TrustedFields []string

	// Secret keys the digests that stand for credentials, the keys of the Store and the seals in it. Nil: random, so
	// that digests mean nothing to another process. Otherwise at least 16 bytes.
	Secret []byte

	// PreviousSecret is another that other nodes, or this one until a moment ago, have for Secret: what they sealed
	// opens. Nil: none. To change a secret without a stop, first have all nodes know the new one as PreviousSecret, then
	// have them exchange the two, then take the old one away.
	PreviousSecret []byte

	// Store is a second level behind memory that several nodes share: sealed records under keys that mean nothing.
	// Nil: none. It needs a Secret and a PurgeLog. Whatever it says, or fails to, costs a miss; a call that goes on after its context
	// has ended holds up the request that made it.
	Store Store

	// PurgeLog is where nodes tell each other what was purged. Nil: a purge is this Cache's alone. It needs a Secret. A
	// node that has not heard of the log for PurgeBound answers nothing from what it stores until it has.
	PurgeLog PurgeLog

	// CredentialLifetime bounds how long a response is kept for credentials whose end nobody knows, from when it was
	// asked for. Zero means a day.
	CredentialLifetime time.Duration

	// MaxBody bounds a stored body, in bytes. Zero means 1 MiB; a larger response passes through
	// unstored.
	MaxBody int64

	// MaxVariants bounds the responses that Vary keeps apart under one key. Zero means 16; the oldest
	// goes first.
	MaxVariants int

	// Policy is what an operator knows of a request's route. Nil: the zero Policy, for every route.
	Policy func(*http.Request) Policy

	// Now is the clock. Nil means time.Now.
	Now func() time.Time

	// Observe is told the outcome of every request, after its response was written and before the
	// handler returns. It must be safe for concurrent use. Nil: nobody.
	Observe func(Event)

	// Logger receives what an operator must know. Nil means slog.Default().
	Logger *slog.Logger

	once  sync.Once
	state *state
}

// Policy is what an operator says about a route beyond its origin's own words. The zero Policy adds
// nothing to them.
type Policy struct {
	// Off: neither look up nor store. Why is a word that says why, a token of RFC 9110 §5.6.2, for Cache-Status and events; one that is none, or
	// empty, is "off".
	Off bool
	Why string
	// Lifetime is the freshness lifetime of responses with status 200, 203, 204, 404 or 410 whose
	// origin says nothing about caching, to us or to a CDN.
	Lifetime time.Duration
	// Public: the route answers everybody alike. Credentials are removed from the request before it
	// is looked up or forwarded, and from a GET or HEAD every field that is not known to say nothing
	// about who asks and is not in TrustedFields, so that what the origin answers cannot depend on
	// them. The response is stored in Shared.
	Public bool
}

// state is what a Cache works with once it is in use.
type state struct {
	credentials   []string
	subsets       [][]string      // of credentials, by bit mask
	neutral       map[string]bool // request fields that say nothing about who asks
	maxBody       int64
	maxVariants   int
	now           func() time.Time
	memory        *memory
	invalidations *invalidations
	flights       *flights
	underway      *underway
	refused       *refused
	background    *background
	others        *others                                   // nil: there are none
	second        *second                                   // nil: there is none
	secret        *keyed                                    // what digests are made with
	previous      *keyed                                    // what other nodes may make them with; nil: nothing else
	lifetime      time.Duration                             // of what is stored for credentials whose end nobody knows
	veiler        func(name string, values []string) string // veil, bound once
	wall          atomic.Int64
	copying       atomic.Int64 // bytes of the copies of responses under way
	hits          atomic.Uint64
	forwards      atomic.Uint64
}

// ErrSecret is returned by Check for a Secret or PreviousSecret that is too short to key a digest.
var ErrSecret = errors.New("bearcache: Secret or PreviousSecret has less than 16 bytes")

// Check reports what is wrong with the fields of c; Handler panics where Check has an error.
func (c *Cache) Check() error {
	switch {
	case c.Secret != nil && len(c.Secret) < 16, c.PreviousSecret != nil && len(c.PreviousSecret) < 16:
		return ErrSecret
	case c.Secret == nil && (c.Store != nil || c.PurgeLog != nil || c.PreviousSecret != nil):
		return errors.New("bearcache: Store, PurgeLog and PreviousSecret need a Secret, the same on all nodes")
	case c.Store != nil && c.PurgeLog == nil:
		return errors.New("bearcache: Store needs a PurgeLog, or what is purged would come back from it")
	case c.CredentialLifetime < 0:
		return errors.New("bearcache: CredentialLifetime cannot be negative")
	case len(c.Credentials) > 10:
		return errors.New("bearcache: Credentials names more than 10 fields")
	case slices.ContainsFunc(c.Credentials, func(name string) bool { return !httpfield.IsToken(name) }):
		return errors.New("bearcache: Credentials has an entry that is no field name")
	case !disjoint(c.TrustedFields, c.credentials()):
		return errors.New("bearcache: a field in TrustedFields is no field name, or names credentials too")
	case slices.ContainsFunc(c.TrustedFields, httpfield.TellsReader):
		return errors.New("bearcache: a field in TrustedFields is called like one that tells who asks: name it in Credentials")
	case c.Memory < 0 || c.Quota < 0 || c.MaxBody < 0 || c.MaxBody > math.MaxInt32 || c.MaxVariants < 0:
		return errors.New("bearcache: Memory, Quota, MaxBody (at most 2 GiB) and MaxVariants cannot be negative")
	}
	return nil
}

func (c *Cache) init() {
	c.once.Do(func() {
		if err := c.Check(); err != nil {
			panic(err)
		}
		secret := c.Secret
		if secret == nil {
			secret = make([]byte, 32)
			rand.Read(secret) // never fails: it ends the process where there is no randomness
		}
		memory := orElse(c.Memory, 64<<20)
		s := &state{
			maxBody:       orElse(c.MaxBody, 1<<20),
			maxVariants:   orElse(c.MaxVariants, 16),
			now:           c.Now,
			memory:        newMemory(memory, orElse(c.Quota, max(memory/8, 1)), c.Identify != nil),
			invalidations: newInvalidations(),
			flights:       newFlights(),
			underway:      newUnderway(),
			background:    newBackground(),
			secret:        newKeyed(secret),
			lifetime:      orElse(c.CredentialLifetime, 24*time.Hour),
		}
		s.refused = newRefused(s.lifetime)
		if s.now == nil {
			s.now = time.Now
		}
		if c.PreviousSecret != nil {
			s.previous = newKeyed(c.PreviousSecret)
		}
		s.veiler = s.veil
		s.credentials = c.credentials()
		s.subsets = subsetsOf(s.credentials)
		s.neutral = maps.Clone(neutralFields)
		for _, name := range c.TrustedFields {
			s.neutral[textproto.CanonicalMIMEHeaderKey(name)] = true
		}
		c.state = s
		keys := []key{{s.secret, seal.New(secret)}}
		if s.previous != nil {
			keys = append(keys, key{s.previous, seal.New(c.PreviousSecret)})
		}
		if c.PurgeLog != nil {
			var boxes []*seal.Box
			for _, k := range keys {
				boxes = append(boxes, k.box)
			}
			s.others = startOthers(c, boxes)
		}
		if c.Store != nil {
			s.second = startSecond(c, s.others, keys)
		}
	})
}

// credentials are the canonical names of the fields that say who asks.
func (c *Cache) credentials() []string {
	names := c.Credentials
	if names == nil {
		names = defaultCredentials
	}
	canonical := make([]string, len(names))
	for i, name := range names {
		canonical[i] = textproto.CanonicalMIMEHeaderKey(name)
	}
	return canonical
}

// disjoint reports whether names are field names, none of them in canonical.
func disjoint(names, canonical []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		return !httpfield.IsToken(name) || slices.Contains(canonical, textproto.CanonicalMIMEHeaderKey(name))
	})
}

func orElse[T int | int64 | time.Duration](n, other T) T {
	if n == 0 {
		return other
	}
	return n
}

// Handler is the cache in front of next, the origin. It panics if Check has an error. Handlers of
// one Cache share what is stored: give two origins two Caches, or two authorities.
func (c *Cache) Handler(next http.Handler) http.Handler {
	c.init()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.serve(w, r, next) })
}

// Close ends what goes on without a request: it writes what is on its way to the Store, for five seconds at most, and tells
// other nodes what they were not told yet, for three; what is left then is logged. And it cancels validations in the
// background and waits for their end, for five seconds at most: a handler may not look at the context of its request. What it answers after that is not stored. The cache can be used after it,
// without any validation in the background. A cache that is never closed cancels each after half a minute.
func (c *Cache) Close() {
	c.init()
	c.state.background.close()
	if c.state.second != nil {
		c.state.second.close()
	}
	if c.state.others != nil {
		if left := c.state.others.node.Close(); left > 0 {
			c.logger().Error("other nodes were not told of some purges and refusals, and will not be: purge again, or everything", "untold", left)
		}
	}
}

// Stats counts since the first request.
type Stats struct {
	Hits       uint64 // requests answered from the cache
	Forwards   uint64 // requests the origin answered
	Refused    uint64 // records heavier than the whole of Memory, or of Quota
	OverQuota  uint64 // records that went since their partition held more than Quota
	Mismatches uint64 // records found under a key that is not theirs; anything but zero is a defect
	Records    int    // in memory, about
	Weight     int64  // bytes in memory, about

	StoreHits    uint64 // requests for which the Store had something that memory had not
	StoreRefused uint64 // records from the Store that were not what this node, or another with its secret, wrote
	StoreErrors  uint64 // calls of the Store that failed
	StoreDropped uint64 // records that were not written since too many were on their way
	LogUnread    uint64 // entries of the PurgeLog that came while it was followed and did not open; each had everything forgotten
	LogWaiting   int    // purges that the other nodes were not told yet
	Deaf         bool   // the PurgeLog was not heard of for PurgeBound: nothing is answered from the cache
}

// Stats returns the current counts.
func (c *Cache) Stats() Stats {
	c.init()
	m := c.state.memory
	s := Stats{
		Hits: c.state.hits.Load(), Forwards: c.state.forwards.Load(),
		Refused: m.refused.Load(), OverQuota: m.overQuota.Load(), Mismatches: m.mismatches.Load(),
	}
	for _, records := range m.shares() {
		s.Records += records.EstimatedSize()
		s.Weight += int64(records.WeightedSize())
	}
	if second := c.state.second; second != nil {
		s.StoreHits, s.StoreRefused = second.found.Load(), second.refused.Load()
		s.StoreErrors, s.StoreDropped = second.failed.Load(), second.dropped.Load()
	}
	if o := c.state.others; o != nil {
		s.LogUnread, s.LogWaiting, s.Deaf = o.node.Unread(), o.node.Waiting(), o.deaf()
	}
	return s
}

func (c *Cache) logger() *slog.Logger {
	if c.Logger != nil {
		return c.Logger
	}
	return slog.Default()
}
