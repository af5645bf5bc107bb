// Package naive is a second reading of RFC 9111, written from its text alone and for obviousness, against which tests compare the
// reading that the cache uses.
//
// What the RFC leaves to a cache is answered with "may": a cache that is stricter does not disagree. Where a sender broke the
// grammar, a directive that restricts (no-store, private, no-cache, must-revalidate, proxy-revalidate, s-maxage) is taken as said if
// its name is to be found in the broken part at all, and one that permits (public, must-understand, a release for credentials) only if
// it was said without fault.
//
// No function here panics, whatever it is given. Nothing here is fast.
package naive

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Exchange is one request, the response to it, when they were sent and received, and for what kind of cache the question is.
type Exchange struct {
	Method                    string
	Request                   http.Header
	Authorized                bool // the request had an Authorization field, even if Request no longer shows it
	Status                    int
	Response                  http.Header
	RequestTime, ResponseTime time.Time
	Shared                    bool // a shared cache; otherwise a private one
}

// Targets is the target list of RFC 9213 §2.2, for shared caches; the first that is valid and not empty counts.
var Targets = []string{"CDN-Cache-Control"}

// policy gives the directives that count for this exchange's response, and whether they are from a targeted field.
//
// RFC 9213 §2.2: a valid and not empty targeted field is used, and Cache-Control and Expires are ignored. §2.1: one that is empty or
// does not parse is ignored itself.
func (e Exchange) policy() (p policy, targeted bool) {
	if e.Shared {
		for _, name := range Targets {
			if p, ok := readDictionary(fieldLines(e.Response, name)); ok && len(p.said) > 0 {
				return p, true
			}
		}
	}
	return readDirectives(fieldLines(e.Response, "Cache-Control")), false
}

// expires gives the lines of Expires, none if a targeted field replaces them.
func (e Exchange) expires() []string {
	if _, targeted := e.policy(); targeted {
		return nil
	}
	return fieldLines(e.Response, "Expires")
}

// authorized: either sign of an Authorization field is enough.
func (e Exchange) authorized() bool {
	return e.Authorized || len(fieldLines(e.Request, "Authorization")) > 0
}

// heuristicallyCacheable lists RFC 9110 §15.1.
var heuristicallyCacheable = []int{200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501}

// understandable: some cache may know what the status code asks of it, because it is registered.
func understandable(status int) bool { return http.StatusText(status) != "" }

// MayStore is §3 as an upper bound: false means that no conforming cache may store the response.
func MayStore(e Exchange) bool {
	p, _ := e.policy()

	// §3, first point: the method is understood. Methods are case-sensitive (RFC 9110 §9.1).
	switch e.Method {
	case "GET", "HEAD":
	case "POST", "PATCH":
		// RFC 9110 §9.3.3, RFC 5789 §2: only with explicit freshness and a Content-Location that is the target.
		// Which target is not known here.
		if _, explicit := Lifetime(e); !explicit || len(fieldLines(e.Response, "Content-Location")) == 0 {
			return false
		}
	default: // RFC 9110 §9.3: the others are not cacheable
		return false
	}

	// §3, second point: the status code is final.
	if e.Status < 200 {
		return false
	}

	// §3, third point: with must-understand (and for 206 and 304, which some cache understands) the status code is understood.
	if p.hinted("must-understand") && !understandable(e.Status) {
		return false
	}

	// §3, fourth point: no no-store. §5.2.2.3: a cache that understands the status code ignores it beside must-understand.
	if p.hinted("no-store") && !(p.granted("must-understand") && len(p.broken) == 0) {
		return false
	}

	// §5.2.1.5: no-store in the request forbids to store any response to it.
	if readDirectives(fieldLines(e.Request, "Cache-Control")).hinted("no-store") {
		return false
	}

	// §3, fifth point: a shared cache needs that private is absent or names fields only (§5.2.2.7).
	if e.Shared && p.unqualified("private") {
		return false
	}

	// §3, sixth point: a shared cache needs a release to store a response to a request with credentials.
	if e.Shared && e.authorized() && !released(p) {
		return false
	}

	// §3, last point: there is at least one reason to store.
	switch {
	case p.hinted("public"):
	case p.hinted("private") && !e.Shared:
	case len(e.expires()) > 0:
	case p.hinted("max-age"):
	case p.hinted("s-maxage") && e.Shared:
	case slices.Contains(heuristicallyCacheable, e.Status):
	default:
		return false
	}
	return true
}

// released is §3.5: public, must-revalidate or s-maxage. Only without fault: the first two without an argument, the last with a valid
// one.
func released(p policy) bool {
	_, _, valid := p.seconds("s-maxage")
	return p.granted("public") || p.granted("must-revalidate") || valid
}

// Lifetime is §4.2.1, never negative. explicit is false where only a heuristic could give one; then the lifetime is 0.
//
// §4.2.1 wants, of several values, the first one or "stale", and encourages to take a value that is not valid for "stale". So the first
// one counts, and is 0 if it is not valid, or if the name is also to be found in a broken part.
func Lifetime(e Exchange) (d time.Duration, explicit bool) {
	p, _ := e.policy()

	// Its first point: s-maxage, in a shared cache.
	if n, present, _ := p.seconds("s-maxage"); present && e.Shared {
		return seconds(n), true
	}
	// Its second point: max-age.
	if n, present, _ := p.seconds("max-age"); present {
		return seconds(n), true
	}
	// Its third point: Expires minus Date. §5.3: what is not a date is a time in the past.
	if lines := e.expires(); len(lines) > 0 {
		expires, ok := parseDate(lines[0], e.ResponseTime)
		if !ok {
			return 0, true
		}
		return max(0, expires.Sub(e.date())), true
	}
	return 0, false
}

// date is the origin's Date. RFC 9110 §6.6.1: the time of receipt takes the place of one that is missing or not valid.
func (e Exchange) date() time.Time {
	if lines := fieldLines(e.Response, "Date"); len(lines) > 0 {
		if t, ok := parseDate(lines[0], e.ResponseTime); ok {
			return t
		}
	}
	return e.ResponseTime
}

// mayGuess is §4.2.2: a heuristic only without explicit expiration, and only where the status code is heuristically cacheable or the
// response is marked as cacheable. How long it gives is up to the cache.
func mayGuess(e Exchange) bool {
	if _, explicit := Lifetime(e); explicit {
		return false
	}
	p, _ := e.policy()
	marked := p.hinted("public") || !e.Shared && p.hinted("private")
	return marked || slices.Contains(heuristicallyCacheable, e.Status)
}

// Age is §4.2.3 with the more conservative corrected_initial_age. A difference that clocks make negative counts as 0.
func Age(e Exchange, now time.Time) time.Duration {
	apparent := max(0, e.ResponseTime.Sub(e.date()))
	return add(max(apparent, e.correctedAge()), e.resident(now))
}

// LeastAge is §4.2.3 with corrected_age_value as corrected_initial_age, which it permits: no conforming cache may count less.
func LeastAge(e Exchange, now time.Time) time.Duration {
	return add(e.correctedAge(), e.resident(now))
}

func (e Exchange) correctedAge() time.Duration {
	return add(e.ageValue(), max(0, e.ResponseTime.Sub(e.RequestTime)))
}

func (e Exchange) resident(now time.Time) time.Duration { return max(0, now.Sub(e.ResponseTime)) }

// ageValue is §5.1: the first member of a list counts, and what is not delta-seconds is ignored. §1.2.2: a large number may count as
// 2^31, and this wants the least that is conforming.
func (e Exchange) ageValue() time.Duration {
	lines := fieldLines(e.Response, "Age")
	if len(lines) == 0 {
		return 0
	}
	first, _, _ := strings.Cut(lines[0], ",")
	n, ok := deltaSeconds(trim(first))
	if !ok {
		return 0
	}
	return seconds(min(n, 1<<31))
}

// MayReuse tells what may be done with the stored response for a second request for the same target.
//
// without: it may be sent without validation, as a fresh response. stale: it may be sent if the origin cannot be reached, whatever its
// age (§4.2.4). Directives of the second request are advice (§5.2.1) and change nothing here; [ClientAccepts] heeds them.
func MayReuse(e Exchange, request http.Header, method string, authorized bool, now time.Time) (without, stale bool) {
	// §3, §3.5: what may not be stored may not be reused.
	if !MayStore(e) {
		return false, false
	}
	// §4, second point: the stored response's method allows it. What GET or POST stored answers GET and HEAD, what HEAD stored HEAD.
	if method != "HEAD" && (method != "GET" || e.Method == "HEAD") {
		return false, false
	}
	// RFC 9110 §15.4.5: a 304 answers one precondition only, and has no content.
	if e.Status == http.StatusNotModified {
		return false, false
	}
	// §3.3: a partial response answers only what lies wholly within it.
	if e.Status == http.StatusPartialContent && !within(e.Response, request, method) {
		return false, false
	}
	// §4, third point, and §4.1.
	if !SelectedBy(e, request) {
		return false, false
	}
	names, _ := ParseVary(fieldLines(e.Response, "Vary"))
	authorized = authorized || len(fieldLines(request, "Authorization")) > 0
	if slices.Contains(names, "authorization") && e.authorized() != authorized {
		return false, false
	}
	// §4, fourth point, and §5.2.2.4: no-cache, unless it names fields only.
	p, _ := e.policy()
	if p.unqualified("no-cache") {
		return false, false
	}
	// §4.2: fresh is a lifetime greater than the age.
	lifetime, _ := Lifetime(e)
	return mayGuess(e) || lifetime > LeastAge(e, now), !staleForbidden(p, e.Shared)
}

// staleForbidden is §4.2.4 with §5.2.2.2, §5.2.2.4, §5.2.2.8 and §5.2.2.10.
func staleForbidden(p policy, shared bool) bool {
	return p.unqualified("no-cache") || p.hinted("must-revalidate") ||
		shared && (p.hinted("proxy-revalidate") || p.hinted("s-maxage"))
}

// PermittedStale tells whether the stored response, if [MayReuse] says that it may be sent stale, may be so though the origin can be
// reached: §4.2.4 wants a permission of the client or of the origin for that. serving: now, by max-stale (§5.2.1.2) or by
// stale-while-revalidate (RFC 5861 §3). onError: also by stale-if-error (RFC 5861 §4), if the origin answered with 500, 502, 503 or 504.
func PermittedStale(e Exchange, request http.Header, now time.Time) (serving, onError bool) {
	p, _ := e.policy()
	if staleForbidden(p, e.Shared) {
		return false, false
	}
	asked := readDirectives(fieldLines(request, "Cache-Control"))
	if mayGuess(e) { // nobody but the cache knows since when it is stale
		serving = asked.hinted("max-stale") || p.hinted("stale-while-revalidate")
		return serving, serving || asked.hinted("stale-if-error") || p.hinted("stale-if-error")
	}
	lifetime, _ := Lifetime(e)
	late := LeastAge(e, now) - lifetime // both are at least 0
	allows := func(p policy, name string) bool {
		n, _, valid := p.seconds(name)
		return valid && late <= seconds(n)
	}
	serving = asked.granted("max-stale") || allows(asked, "max-stale") || allows(p, "stale-while-revalidate")
	return serving, serving || allows(asked, "stale-if-error") || allows(p, "stale-if-error")
}

// ClientAccepts tells whether a cache that heeds the directives of requests would send the stored response without validation: no
// no-cache (§5.2.1.4, and §5.4 for Pragma), not older than max-age (§5.2.1.1), fresh for min-fresh (§5.2.1.3). A directive whose argument
// is not valid says nothing, other than no-cache.
func ClientAccepts(e Exchange, request http.Header, now time.Time) bool {
	lines := fieldLines(request, "Cache-Control")
	p := readDirectives(lines)
	if p.hinted("no-cache") || len(lines) == 0 && readDirectives(fieldLines(request, "Pragma")).hinted("no-cache") {
		return false
	}
	age := LeastAge(e, now)
	if n, _, valid := p.seconds("max-age"); valid && age > seconds(n) {
		return false
	}
	if n, _, valid := p.seconds("min-fresh"); valid && !mayGuess(e) {
		if lifetime, _ := Lifetime(e); lifetime-age < seconds(n) {
			return false
		}
	}
	return true
}

// interchangeable lists fields whose members may be reordered and whose case may be changed without another meaning (§4.1, RFC 9110
// §12.5): for all others only the same text is the same.
var interchangeable = []string{"accept", "accept-charset", "accept-encoding", "accept-language"}

// SelectedBy is §4.1: false means that the second request must not be given the response without validation.
func SelectedBy(e Exchange, request http.Header) bool {
	names, star := ParseVary(fieldLines(e.Response, "Vary"))
	if star {
		return false
	}
	for _, name := range names {
		before, after := fieldLines(e.Request, name), fieldLines(request, name)
		// A field that is absent from one request matches only if it is absent from the other.
		if (len(before) == 0) != (len(after) == 0) {
			return false
		}
		if !sameField(name, before, after) {
			return false
		}
	}
	return true
}

func sameField(name string, before, after []string) bool {
	if slices.Contains(interchangeable, name) {
		return slices.Equal(sortedMembers(before), sortedMembers(after))
	}
	// RFC 9110 §5.3: several lines are as one, with a comma and perhaps a space between them.
	return strings.Join(before, ", ") == strings.Join(after, ", ") || strings.Join(before, ",") == strings.Join(after, ",")
}

func sortedMembers(lines []string) []string {
	members := []string{}
	for _, member := range strings.Split(lower(strings.Join(lines, ",")), ",") {
		if member = strings.NewReplacer(" ", "", "\t", "").Replace(member); member != "" {
			members = append(members, member)
		}
	}
	slices.Sort(members)
	return members
}

// notStored lists what §3.1 keeps out of a cache, with RFC 9110 §7.6.1, and what §3.2 keeps as it was.
var notStored = []string{
	"connection", "proxy-connection", "keep-alive", "te", "transfer-encoding", "upgrade", // of one connection
	"proxy-authenticate", "proxy-authentication-info", "proxy-authorization", // of one proxy
	"content-length", "content-range", // of the content that is stored
}

// MayOmit lists, in lower case, fields that a cache need not update, as it may have acted on them already (§3.2), and Age, which
// counts only until the validation.
var MayOmit = []string{"content-encoding", "content-type", "age"}

// Freshened is §3.2 for §4.3.4: each field of the 304 replaces all of its lines that are stored. Not so for those that are not to be
// stored: of one connection, of one proxy, named by Connection, named by a no-cache or private in the 304; nor for Content-Length and
// Content-Range. Neither argument is changed.
func Freshened(stored http.Header, notModified http.Header) http.Header {
	skip := slices.Clone(notStored)
	for _, line := range fieldLines(notModified, "Connection") {
		for _, name := range strings.Split(line, ",") {
			skip = append(skip, lower(trim(name)))
		}
	}
	p := readDirectives(fieldLines(notModified, "Cache-Control"))
	for _, d := range p.said {
		if names, ok := fieldNames(d); ok && (d.name == "private" || d.name == "no-cache") {
			skip = append(skip, names...)
		}
	}
	replaces := func(name string) bool {
		return len(fieldLines(notModified, name)) > 0 && !slices.Contains(skip, lower(name))
	}
	fresh := http.Header{}
	for name, lines := range stored {
		if !replaces(name) {
			fresh[name] = slices.Clone(lines)
		}
	}
	for name, lines := range notModified {
		if replaces(name) {
			fresh[name] = slices.Clone(lines)
		}
	}
	return fresh
}

// MayUpdateByHead is §4.3.5: whether the fields of a response to HEAD may update the stored response to GET. Each validator that was
// received, and Content-Length if it was, must be what is stored. Not said there, but meant: the stored response is a 200 or part of
// one, for what describes a representation does not describe an error.
func MayUpdateByHead(e Exchange, status int, head http.Header) bool {
	if status != http.StatusOK || e.Method != "GET" || e.Status != http.StatusOK && e.Status != http.StatusPartialContent {
		return false
	}
	if lines := fieldLines(head, "ETag"); len(lines) > 0 && !slices.Equal(lines, fieldLines(e.Response, "ETag")) {
		return false
	}
	modified, before := fieldLines(head, "Last-Modified"), fieldLines(e.Response, "Last-Modified")
	if len(modified) > 0 && !sameDate(modified, before, e.ResponseTime) {
		return false
	}
	lengths, stored := fieldLines(head, "Content-Length"), fieldLines(e.Response, "Content-Length")
	if len(lengths) == 0 || len(stored) == 0 { // how long the stored content is, is not known here
		return true
	}
	if e.Status == http.StatusPartialContent { // of which HEAD tells the complete length
		parts := fieldLines(e.Response, "Content-Range")
		if len(parts) != 1 {
			return false
		}
		_, _, total, ok := ContentRange(parts[0])
		n, valid := deltaSeconds(lengths[0]) // digits only, as Content-Length is
		return ok && (total < 0 || valid && n == total)
	}
	return slices.Equal(lengths, stored)
}

func sameDate(a, b []string, received time.Time) bool {
	if slices.Equal(a, b) {
		return true
	}
	if len(a) != 1 || len(b) != 1 {
		return false
	}
	s, ok := parseDate(a[0], received)
	t, too := parseDate(b[0], received)
	return ok && too && s.Equal(t)
}

// seconds: more than a duration can hold is the most that it can hold (§1.2.2).
func seconds(n int64) time.Duration {
	return time.Duration(min(n, math.MaxInt64/int64(time.Second))) * time.Second
}

// add adds two durations that are not negative; the most that a duration can hold stands for all that is more.
func add(a, b time.Duration) time.Duration {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
