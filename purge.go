package bearcache

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bearcache/bearcache/internal/texts"
)

// Extent says what a purge is of. The zero Extent is everything. At most one of TargetURI, Prefix and
// Tag says of which responses, Issuer and Subject say of whose; with both, a response is purged that is
// one of these and theirs. Each text has at most 8,192 bytes.
type Extent struct {
	// Issuer and Subject are those of an Identity, in all its scopes. A Subject without an Issuer is one
	// that nobody vouches for, as where Cache.Identify gave none. An Issuer without a Subject is everybody
	// it vouches for. Shared belongs to nobody, so a purge with either leaves it.
	Issuer, Subject string

	// TargetURI is one absolute http or https URI with its query, in all variants. Scheme and host are
	// taken in any case and with or without the scheme's default port. Path and query are compared byte
	// by byte, as requests sent them: /a%7Eb and /a~b are two.
	TargetURI string

	// Prefix is the start of such a URI, and is compared as TargetURI is: it ends anywhere within path
	// or query, so https://api.example/users/1 purges /users/10 too and https://api.example/users/1/ does
	// not. The host is never cut: without a path, it is that host on that port.
	Prefix string

	// Tag is one of those that the origin gave a response, in Surrogate-Key (divided by spaces) or in
	// Cache-Tag (by commas). Letters are taken in any case.
	Tag string
}

// Purge has everything in e forgotten, for every reader whom e does not leave out. Once it has
// returned, no request is answered by what a request brought that began before: what is under way
// is not stored to any use. Memory is given back as the records are replaced or evicted; with the zero
// Extent, at once. It returns ctx's error if ctx has ended, or says what is wrong with e; nothing is
// purged then.
//
// Where nodes share a PurgeLog, the others know within PurgeBound. An error that wraps ErrNotShared says that the
// purge holds here and could not be appended to the log yet, within two seconds or until ctx ended.
func (c *Cache) Purge(ctx context.Context, e Extent) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e, err := e.normal()
	if err != nil {
		return err
	}
	c.init()
	o := c.state.others
	if o == nil {
		c.state.purge(e)
		return nil
	}
	n := newNotice()
	n.extent = &e
	n = o.await(n)
	c.state.purge(e)
	told := o.tell(n)
	limit := time.NewTimer(tellLimit)
	defer limit.Stop()
	select {
	case <-told:
		return nil
	case <-ctx.Done():
	case <-limit.C:
	}
	return fmt.Errorf("purge: it holds on this node; %w", ErrNotShared)
}

// Count is how many of the records in memory a purge of e would be about, those that are dead already left out. What
// only the Store holds is not counted. It returns ctx's error if ctx has ended, or says what is wrong with e.
func (c *Cache) Count(ctx context.Context, e Extent) (int, error) {
	e, err := e.normal()
	if err != nil {
		return 0, err
	}
	c.init()
	count := 0
	for r := range c.state.memory.all() {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		for i := range r.variants {
			v := &r.variants[i]
			if e.matches(r.key, v.tags) && c.state.invalidations.current(r.key, v.tags, v.stamp) {
				count++
				break
			}
		}
	}
	return count, nil
}

// purge purges e, which is normal, on this node.
func (s *state) purge(e Extent) {
	s.invalidations.purge(e)
	if e == (Extent{}) {
		s.memory.forgetAll()
	}
}

// The bounds of the log.
const (
	maxExtents    = 1024 // purges that are remembered one by one
	maxExtentText = 8192 // bytes of each text of an Extent
)

// invalidations is the log of what was purged, in memory that does not grow. Each purge has the next
// number. A record carries the number read before its request went to the origin; it is dead if a
// later purge is about it.
//
//	1: reads number 7   2: a purge, number 8   1: stores the answer born under 7
//	A lookup holds the answer against purge 8. Reading the number after the answer would lose this.
//
// Purges of one URI, or of one key, are frequent: every POST brings one. Of these a fixed table keeps
// the last number by the hash of what they are about, so that some die with others: a miss, never a
// stale answer. All others are kept in a list, and where it is full the oldest of them is forgotten
// together with everything that was born before it: misses again.
type invalidations struct {
	mu    sync.Mutex    // of writers. It makes the numbers appear in order, each after what it stands for
	count atomic.Uint64 // the last number whose purge can be seen by everybody
	seed  maphash.Seed
	slots [1 << 14]atomic.Uint64
	list  atomic.Pointer[extents]
	// holders are those of partitions that were forgotten together. Each has a number of its own: whoever has himself
	// refused time and again costs nobody else a hit.
	holders forgotten
}

// extents are the purges that no slot holds. It is never changed, only replaced.
type extents struct {
	floor  uint64     // what was born before this number is dead
	purges []numbered // in order
}

type numbered struct {
	number uint64
	extent Extent // normal
}

func newInvalidations() *invalidations {
	v := &invalidations{seed: maphash.MakeSeed()}
	v.list.Store(new(extents))
	v.holders.seed, v.holders.last = v.seed, make(map[uint64]uint64)
	return v
}

// now is the number to be read before a request goes out.
func (v *invalidations) now() uint64 { return v.count.Load() }

// key invalidates what is stored under a key in its own partition.
func (v *invalidations) key(k Key) { v.append(v.slotOfKey(k).Store) }

func (v *invalidations) slotOfURI(uri string) *atomic.Uint64 {
	return &v.slots[maphash.String(v.seed, uri)%uint64(len(v.slots))]
}

func (v *invalidations) slotOfKey(k Key) *atomic.Uint64 {
	return &v.slots[maphash.Comparable(v.seed, k)%uint64(len(v.slots))]
}

// holder invalidates what is stored in all partitions of a holder.
func (v *invalidations) holder(of Partition) (number uint64) {
	v.append(func(n uint64) { v.holders.add(Key{Partition: of}, n); number = n })
	return number
}

// mark is a number that is about nothing stored: what was asked for under it or a greater one is newer.
func (v *invalidations) mark() (number uint64) {
	v.append(func(n uint64) { number = n })
	return number
}

// append makes a purge visible and then its number. In this order, since a record that was held
// against all purges up to a number is never held against them again.
func (v *invalidations) append(write func(number uint64)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := v.count.Load() + 1
	write(n)
	v.count.Store(n)
}

// under is append under a number that somebody else gave, greater than all before.
func (v *invalidations) under(number uint64, write func(number uint64)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	write(number)
	v.count.Store(number)
}

// purge appends a purge of e, which is normal.
func (v *invalidations) purge(e Extent) { v.append(func(n uint64) { v.write(e, n) }) }

// write makes a purge visible; append calls it.
func (v *invalidations) write(e Extent, n uint64) {
	switch {
	case e.TargetURI != "" && e == (Extent{TargetURI: e.TargetURI}):
		v.slotOfURI(e.TargetURI).Store(n)
	case e == (Extent{}): // whatever was purged before is part of it
		v.list.Store(&extents{floor: n})
	default:
		old := v.list.Load()
		next := &extents{floor: old.floor, purges: old.purges}
		if len(next.purges) >= maxExtents {
			next.floor, next.purges = next.purges[0].number, next.purges[1:]
		}
		// It may grow in place: who reads the old list does not look behind its end.
		next.purges = append(next.purges, numbered{n, e})
		v.list.Store(next)
	}
}

// alive reports whether what was born under a number is still valid for k, if it has no tags.
func (v *invalidations) alive(k Key, born uint64) bool {
	return v.aliveTagged(k, func() []string { return nil }, born)
}

// aliveTagged reports whether what was born under a number, and has these tags, is still valid for k.
// It costs one comparison if nothing was purged since, and one more for each newer purge in the list; the
// tags are asked for where one of these is of a tag.
func (v *invalidations) aliveTagged(k Key, tags func() []string, born uint64) bool {
	if v.count.Load() == born {
		return true
	}
	if v.slotOfURI(k.TargetURI).Load() > born || v.slotOfKey(k).Load() > born {
		return false
	}
	list := v.list.Load()
	if list.floor > born {
		return false
	}
	if holder := k.Partition.holder(); holder != (Partition{}) && v.holders.since(Key{Partition: holder}, born) {
		return false
	}
	var known []string
	read := false
	once := func() []string {
		if !read {
			known, read = tags(), true
		}
		return known
	}
	for i := len(list.purges) - 1; i >= 0 && list.purges[i].number > born; i-- {
		if list.purges[i].extent.matches(k, once) {
			return false
		}
	}
	return true
}

// stamp is what a stored response is held against the log by: no purge up to this number is about it. It
// is shared by all copies of the response.
type stamp struct{ seen atomic.Uint64 }

// newStamp is of a response whose request went out after born was read.
func newStamp(born uint64) *stamp {
	s := new(stamp)
	s.seen.Store(born)
	return s
}

// current reports whether what s was put on, which has these tags, is still valid for k. It notes how far it
// looked, so that each purge is held against each record once and not at every hit.
func (v *invalidations) current(k Key, tags func() []string, s *stamp) bool {
	// In this order: everything up to a number that is seen here is seen below.
	n, seen := v.count.Load(), s.seen.Load()
	if n <= seen {
		return true
	}
	if !v.aliveTagged(k, tags, seen) {
		return false
	}
	for old := seen; old < n && !s.seen.CompareAndSwap(old, n); old = s.seen.Load() {
	}
	return true
}

// matches reports whether a purge of e, which is normal, is about what is stored under k with these tags.
func (e Extent) matches(k Key, tags func() []string) bool {
	switch {
	case e.Subject != "" && !k.Partition.belongsTo(e.Issuer, e.Subject),
		e.Subject == "" && e.Issuer != "" && !k.Partition.vouchedForBy(e.Issuer),
		e.TargetURI != "" && e.TargetURI != k.TargetURI,
		e.Tag != "" && !slices.Contains(tags(), e.Tag):
		return false
	}
	return strings.HasPrefix(k.TargetURI, e.Prefix)
}

// normal is e as it is compared, or what is wrong with it. No error repeats the texts.
func (e Extent) normal() (Extent, error) {
	of := 0
	for _, text := range []string{e.TargetURI, e.Prefix, e.Tag} {
		if text != "" {
			of++
		}
	}
	if of > 1 {
		return e, errors.New("bearcache: purge of more than one of TargetURI, Prefix and Tag: purge each by itself")
	}
	for _, text := range []string{e.Issuer, e.Subject, e.TargetURI, e.Prefix, e.Tag} {
		if len(text) > maxExtentText {
			return e, errors.New("bearcache: purge of a text with more than 8,192 bytes")
		}
	}
	var why string
	switch {
	case e.TargetURI != "":
		if e.TargetURI, why = normalURI(e.TargetURI); why != "" {
			return e, errors.New("bearcache: purge of a TargetURI " + why)
		}
	case e.Prefix != "":
		if e.Prefix, why = normalURI(e.Prefix); why != "" {
			return e, errors.New("bearcache: purge of a Prefix " + why)
		}
	case e.Tag != "":
		e.Tag = strings.ToLower(e.Tag)
		if !slices.Equal(tagsOf(http.Header{"Surrogate-Key": {e.Tag}}), []string{e.Tag}) &&
			!slices.Equal(tagsOf(http.Header{"Cache-Tag": {e.Tag}}), []string{e.Tag}) {
			return e, errors.New("bearcache: purge of a Tag that is none, or more than one: purge each by itself")
		}
	}
	return e, nil
}

// normalURI is an absolute URI, or the start of one, as targetURI makes it; or what is wrong with it.
func normalURI(uri string) (normal, why string) {
	scheme, rest, ok := strings.Cut(uri, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "http" && scheme != "https" {
		return "", "that does not begin with http:// or https://"
	}
	host, path := rest, "/"
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		if host, path = rest[:i], rest[i:]; path[0] == '?' {
			path = "/" + path
		}
	}
	route, _, _ := strings.Cut(path, "?")
	u, err := url.Parse(scheme + "://" + host)
	switch {
	case err != nil || u.Hostname() == "" || strings.ContainsAny(host, " \\%"):
		return "", "without a host that a request can name"
	case u.User != nil:
		return "", "with user information, which no key holds"
	case strings.Contains(path, "#"):
		return "", "with a fragment, which no request sends"
	case strings.ContainsFunc(path, func(c rune) bool { return c <= ' ' || c == 0x7f }),
		strings.ContainsFunc(route, func(c rune) bool { return c > 0x7f }):
		return "", "that is not percent-encoded as requests are"
	}
	port := ":80"
	if scheme == "https" {
		port = ":443"
	}
	return scheme + "://" + authority(host, port) + path, ""
}

// tagsOf lists the tags that an origin gave a response, in lower case: caches that know Cache-Tag take
// case for nothing, those that know Surrogate-Key do not, and what dies too often is only missed.
func tagsOf(h http.Header) []string {
	var tags []string
	for _, line := range h["Surrogate-Key"] {
		for tag := range strings.FieldsFuncSeq(line, func(c rune) bool { return c == ' ' || c == '\t' }) {
			tags = append(tags, strings.ToLower(tag))
		}
	}
	for _, line := range h["Cache-Tag"] {
		for tag := range strings.SplitSeq(line, ",") {
			if tag = strings.Trim(tag, " \t"); tag != "" {
				tags = append(tags, strings.ToLower(tag))
			}
		}
	}
	return tags
}

// withoutTags removes what the origin says to caches that purge by it, this one first: it tells clients how an
// application is made.
func withoutTags(h http.Header) {
	for name := range h { // in any spelling that net/http would write
		if strings.EqualFold(name, "Surrogate-Key") || strings.EqualFold(name, "Cache-Tag") {
			delete(h, name)
		}
	}
}

// belongsTo reports whether p is a partition of this issuer's subject, in whatever scope.
func (p Partition) belongsTo(issuer, subject string) bool {
	i, s, ok := p.owner()
	return ok && i == issuer && s == subject
}

// vouchedForBy reports whether p is a partition of a subject of this issuer.
func (p Partition) vouchedForBy(issuer string) bool {
	i, _, ok := p.owner()
	return ok && i == issuer
}

// holder stands for all partitions of the issuer's subject whose one p is, whatever else tells them apart: it is the beginning of their
// names, which is itself the name of none. The holder of a holder is itself; where nobody vouches for a subject, there is none.
func (p Partition) holder() Partition {
	if !p.is('i') {
		return Partition{}
	}
	issuer, rest, _ := texts.Cut(p.name[1:])
	_, rest, ok := texts.Cut(rest)
	if !ok || issuer == "" {
		return Partition{}
	}
	return Partition{p.name[:len(p.name)-len(rest)]}
}

// owner is whose partition p is, as Identity wrote it; ok is false where that is nobody whom an issuer or subject names.
// A group has no subject.
func (p Partition) owner() (issuer, subject string, ok bool) {
	if !p.is('i') && !p.is('g') {
		return "", "", false
	}
	issuer, rest, ok := texts.Cut(p.name[1:])
	if ok && p.is('i') {
		subject, _, ok = texts.Cut(rest)
	}
	return issuer, subject, ok
}
