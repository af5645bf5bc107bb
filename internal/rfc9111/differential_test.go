package rfc9111

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
	"github.com/bearcache/bearcache/internal/rfc9111/naive"
)

// FuzzDifferential holds the decisions of this package against a second reading of the RFC, which has no line in common with it. That
// one says what a cache may do at most, so a stricter answer here is no disagreement.
func FuzzDifferential(f *testing.F) {
	seed(f, func(req, resp, again string) {
		f.Add("GET", 200, req, resp, again, uint32(0), uint32(59), strings.Contains(again, "Bearer"), true)
		f.Add("GET", 302, req, resp, again, uint32(1), uint32(61), false, false)
		f.Add("GET", 500, again, resp, req, uint32(9), uint32(0), false, true)
	})
	f.Fuzz(func(t *testing.T, method string, status int, req, resp, again string, delay, after uint32, authorized, shared bool) {
		x := newExchange(method, status, req, resp, again, delay, after, authorized, shared)
		for _, wrong := range append(x.compare(), x.addWhatForbids()...) {
			t.Errorf("%s\n%+v\nthen %+v", wrong, x.naive, x.again.Header)
		}
	})
}

// TestDifferential does the same with fields made of words that mean something, which bytes by chance seldom are.
func TestDifferential(t *testing.T) {
	r := rand.New(rand.NewPCG(9111, 9213))
	some := func(words string) string {
		list := strings.Split(words, "|")
		return list[r.IntN(len(list))]
	}
	often := func(times int, line func() string) (text string) {
		for range r.IntN(times + 1) {
			text += line() + "\n"
		}
		return text
	}
	list := func(words string) string {
		return strings.TrimSuffix(strings.ReplaceAll(often(3, func() string { return some(words) }), "\n", ", "), ", ")
	}
	const (
		said = `max-age=60|max-age=60|max-age=60|s-maxage=60|public|no-store|no-cache|private|public|max-age=60|max-age=0|max-age=x|max-age|max-age="60"|max-age=9|max-age=99999999999|max-age =60|s-maxage=60|s-maxage=0|` +
			`s-maxage=x|must-revalidate|proxy-revalidate|must-understand|immutable|private="a"|private=a|no-cache="a"|no-cache=1|no-store=x|public=x|public x|x public|` +
			`must-understand x|x no-store|public; no-store|stale-while-revalidate=30|stale-while-revalidate=x|stale-if-error=30|stale-if-error|x="a, no-store"|x="|a=b c|=|"`
		targeted = `no-store|no-store=?0|no-store;a|private|private="a"|private=1|no-cache|no-cache="a"|public|public=?0|public=1|max-age=60|max-age=60;a|max-age=60.0|max-age=?0|` +
			`max-age=-1|s-maxage=60|s-maxage="x"|must-revalidate|must-revalidate=1|proxy-revalidate|must-understand|stale-while-revalidate=30|stale-if-error=30|x=(1 "b" c)|d=@1|X`
		asked = `no-store|no-cache|max-age=60|max-age=0|max-age=x|min-fresh=9|min-fresh=50|max-stale|max-stale=9|only-if-cached|stale-if-error=30|x no-cache|"`
		dates = `Thu, 01 Jan 2026 00:00:00 GMT|Thu, 01 Jan 2026 00:01:00 GMT|Wed, 31 Dec 2025 23:59:00 GMT|Thu Jan  1 00:01:00 2026|Thursday, 01-Jan-26 00:01:00 GMT|` +
			`Thursday, 01-Jan-26 00:01:00 CET|Thursday, 01-Jan-99 00:01:00 GMT|thu, 01 jan 2026 00:01:00 gmt|Thu, 01 Jan 2026 00:01:00.5 GMT|Mon, 01 Jan 0001 00:00:00 GMT|0|`
		values = `|a|A|a,b|a , b|b,a|"a, b"|de|de, en;q=0.5|EN;q=0.50,de|gzip;q=0|*`
		names  = `A|Accept|Accept-Encoding|Accept-Language|Authorization|Cookie`
	)
	request := func() string {
		return often(r.IntN(2), func() string { return "Cache-Control: " + list(asked) }) + often(2, func() string { return some(names) + ": " + some(values) })
	}
	stored, reused := 0, 0
	for range 10000 {
		req, again := request(), request()
		if r.IntN(4) > 0 {
			again = req
		}
		resp := often(2, func() string { return "Cache-Control: " + list(said) }) +
			often(r.IntN(2), func() string { return "CDN-Cache-Control: " + list(targeted) }) +
			often(1, func() string { return "Vary: " + list(names+"|*|a b") }) +
			often(1, func() string { return some("Date|Expires|Last-Modified") + ": " + some(dates) }) +
			often(1, func() string { return "Expires: " + some(dates) }) +
			often(1, func() string { return some(`Age: 5|Age: 5, 6|Age: x|Age: 99999999999|Etag: "1"`) })
		status := []int{200, 200, 200, 200, 200, 204, 302, 303, 404, 500, 299, 206}[r.IntN(12)]
		after := []uint32{0, 1, 30, 59, 60, 61, 89, 90, 91, 4000, math.MaxUint32}[r.IntN(11)]
		x := newExchange(some("GET|GET|GET|GET|GET|GET|GET|HEAD|POST"), status, req, resp, again, uint32(r.IntN(3)), after, r.IntN(4) == 0, r.IntN(2) == 0)
		for _, wrong := range append(x.compare(), x.addWhatForbids()...) {
			t.Errorf("%s\n%+v\nthen %+v", wrong, x.naive, x.again.Header)
		}
		if !x.apart() && x.storable() {
			stored++
			if d, _ := Choose(x.again, List{Keep(x.kind, x.req, x.resp, x.naive.RequestTime, x.naive.ResponseTime)}, x.now); d.Action == Reuse {
				reused++
			}
		}
	}
	if stored < 500 || reused < 80 {
		t.Errorf("of all only %d were stored and %d reused", stored, reused)
	}
}

// exchange is one exchange, and a later request, for both readings.
type exchange struct {
	kind       Kind
	req, again Request
	resp       Response
	naive      naive.Exchange
	now        time.Time
}

func newExchange(method string, status int, req, resp, again string, delay, after uint32, authorized, shared bool) exchange {
	x := exchange{kind: PrivateCache, req: Request{Method: method, Header: split(req)}, again: Request{Method: http.MethodGet, Header: split(again)}}
	if shared {
		x.kind = SharedCache
	}
	if authorized && x.req.Header["Authorization"] == nil {
		x.req.Header["Authorization"] = []string{"Bearer a"}
	}
	x.req.Authorized, x.again.Authorized = x.req.Header["Authorization"] != nil, x.again.Header["Authorization"] != nil
	x.resp = Response{Status: status, Header: split(resp)}
	x.resp.Header.Del("Surrogate-Control")                       // of no RFC
	x.resp.Header.Del("Content-Language")                        // what a shared cache concludes from it (RFC 9110 §12.5.4) is more than RFC 9111 §4.1 says
	received := noon.Add(time.Duration(delay%1e7) * time.Second) // in the year of noon, or what two digits mean differs (RFC 9110 §5.6.7)
	x.now = received.Add(time.Duration(after) * time.Second)
	x.naive = naive.Exchange{
		Method: method, Request: x.req.Header, Authorized: x.req.Authorized, Status: status, Response: x.resp.Header,
		RequestTime: noon, ResponseTime: received, Shared: shared,
	}
	return x
}

func (x exchange) storable() bool {
	stored, _ := Storable(x.kind, x.req, x.resp, x.naive.RequestTime, x.naive.ResponseTime)
	return stored
}

// compare gives what is wrong.
func (x exchange) compare() (wrong []string) {
	if x.apart() {
		return nil
	}
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	cc, _ := httpfield.Directives(x.resp.Header, x.kind == SharedCache)
	lifetime, explicit := Lifetime(x.kind, x.req, x.resp, x.naive.ResponseTime)
	switch most, said := naive.Lifetime(x.naive); {
	case said && lifetime > most && !cc.Malformed: // what is malformed is never stored
		say("a lifetime of %v, which is at most %v", lifetime, most)
	case !said && explicit:
		say("a lifetime that nobody stated")
	}
	s := Keep(x.kind, x.req, x.resp, x.naive.RequestTime, x.naive.ResponseTime)
	// RFC 9111 §1.2.2: the greatest age that can be represented stands for all that are greater.
	if age, least := Age(&s, x.now), min(naive.LeastAge(x.naive, x.now), httpfield.MaxDelta); age < least {
		say("an age of %v, which is at least %v", age, least)
	}
	if _, star := naive.ParseVary(x.resp.Header["Vary"]); star && x.storable() {
		say("stored, and nobody knows what selects it")
	}
	if !x.storable() {
		return wrong
	}
	if !naive.MayStore(x.naive) {
		say("stored, and may not be")
	}
	d, i := Choose(x.again, List{s}, x.now)
	// What the two readings compare of nominated fields is the same here: see normal.
	e, again := x.naive, normal(x.again.Header)
	e.Request = normal(e.Request)
	without, stale := naive.MayReuse(e, again, http.MethodGet, x.again.Authorized, x.now)
	serving, onError := naive.PermittedStale(e, again, x.now)
	switch {
	case i >= 0 && !naive.SelectedBy(e, again):
		say("selected, and may not be")
	case d.Action == Reuse && !naive.ClientAccepts(e, again, x.now) && !mumbled(again):
		say("reused against the client's will")
	case d.Action == Reuse && d.Refresh && !(stale && serving):
		say("reused stale, and may not be")
	case d.Action == Reuse && !d.Refresh && !without:
		say("reused, and may not be")
	case i >= 0 && d.Action != Reuse && UsableOnError(x.again, &s, x.now, true) && !stale:
		say("out of reach, reused stale, and may not be")
	case i >= 0 && d.Action != Reuse && UsableOnError(x.again, &s, x.now, false) && !(stale && onError):
		say("reused stale for an error, and may not be")
	}
	return wrong
}

// addWhatForbids: whatever was not to be stored is not after one more word that forbids, or that cannot be read.
func (x exchange) addWhatForbids() (wrong []string) {
	stored := x.storable()
	policy := "Cache-Control"
	if _, targeted := httpfield.Directives(x.resp.Header, x.kind == SharedCache); targeted {
		policy = "Cdn-Cache-Control" // RFC 9213 §2.2
	}
	for _, more := range [][2]string{{policy, "no-store"}, {policy, "private"}, {"Vary", "*"}, {"Cache-Control", `"`}, {"Cache-Control", "a b"}, {"Cache-Control", "="}} {
		resp := x.resp
		resp.Header = resp.Header.Clone()
		resp.Header.Add(more[0], more[1])
		now, _ := Storable(x.kind, x.req, resp, x.naive.RequestTime, x.naive.ResponseTime)
		cc, _ := httpfield.Directives(resp.Header, x.kind == SharedCache)
		forbids := more[0] == "Vary" || more[1] == "private" && x.kind == SharedCache ||
			more[1] == "no-store" && !cc.Has("must-understand") // RFC 9111 §5.2.2.3
		if now && (!stored || forbids) {
			wrong = append(wrong, fmt.Sprintf("%q: stored is %v, and %v before", more, now, stored))
		}
	}
	return wrong
}

// apart reports whether the two readings are known to differ about something in x: it lists where the RFCs allow both.
func (x exchange) apart() bool {
	h := x.resp.Header
	switch {
	// RFC 9213 §2.1: what is of the wrong type should not be consumed. Here that holds for a Boolean that is false, there for nothing.
	// RFC 9651 §3.3.7 and §3.3.8: two types that RFC 8941 did not have. RFC 8941 §4.2.7: padding that is missing is no failure, or one.
	case strings.ContainsAny(strings.Join(h["Cdn-Cache-Control"], ","), "?@%:"):
		return true
	// RFC 9111 §5.2.2.3 does not ask for the rest of the field to be in order. There it has to be.
	case strings.Contains(x.said(), "must-understand") && !valid(h["Cache-Control"]):
		return true
	}
	return len(h["Date"]) > 1 // RFC 9110 §5.3 forbids two
}

// said is all that the response says to caches.
func (x exchange) said() string {
	return strings.ToLower(strings.Join(slices.Concat(x.resp.Header["Cache-Control"], x.resp.Header["Cdn-Cache-Control"]), ","))
}

func valid(lines []string) bool {
	_, ok := naive.ParseDirectives(lines)
	return ok
}

// mumbled: RFC 9111 §5.2.1 calls what a request asks for advice, and §5.4 knows one word in Pragma. What is said twice, or in another
// form, is heard otherwise in the other reading. Of numbers that are too great (§1.2.2) each has its own greatest.
func mumbled(h http.Header) bool {
	asked, _ := naive.ParseDirectives(h["Cache-Control"])
	pragma, ok := naive.ParseDirectives(h["Pragma"])
	return len(asked["min-fresh"]) > 1 || slices.ContainsFunc(asked["min-fresh"], func(s string) bool { return len(s) > 9 }) ||
		!ok || slices.ContainsFunc(pragma["no-cache"], func(s string) bool { return s != "" })
}

// normal are fields in the form in which Vary compares them here, where RFC 9111 §4.1 allows one: whitespace at commas, several lines
// as one, order, case and weights in fields of which RFC 9110 says that they do not count. The rest is as it was.
func normal(h http.Header) http.Header {
	h = h.Clone()
	for name, values := range h {
		if strings.HasPrefix(name, "Accept") || name != "Cache-Control" && name != "Pragma" && (len(values) > 1 || strings.Contains(values[0], ",")) {
			value, _ := httpfield.Selecting(name, values)
			h[name] = []string{value}
		}
	}
	return h
}

// FuzzDifferentialUpdate holds what a 304 and a response to HEAD do to stored fields against the second reading.
func FuzzDifferentialUpdate(f *testing.F) {
	seed(f, func(_, stored, newer string) {
		f.Add(stored, newer)
		f.Add(newer, stored)
	})
	f.Fuzz(func(t *testing.T, before, after string) {
		stored, newer := split(before), passedOn(split(after))
		e := naive.Exchange{Method: http.MethodGet, Status: http.StatusOK, Response: stored, ResponseTime: noon}
		// The one stored has the length of its content, if any.
		length, err := strconv.ParseInt(single(stored, "Content-Length"), 10, 64)
		if stored.Del("Content-Length"); err == nil && length >= 0 {
			stored.Set("Content-Length", strconv.FormatInt(length, 10))
		}
		wasStored, wasNewer := stored.Clone(), newer.Clone()
		byHead, _ := FreshenByHead(stored, length, Response{Status: http.StatusOK, Header: newer})
		ok := byHead != nil
		// RFC 9111 §4.3.5 wants values that match, and does not say how (RFC 9110 §8.8.3.2). Here a weak tag matches the same strong one.
		sameTag := single(stored, "Etag") == single(newer, "Etag") || newer["Etag"] == nil
		if ok && sameTag && !naive.MayUpdateByHead(e, http.StatusOK, newer) {
			t.Error("updated by HEAD, and may not be")
		}
		for _, status := range []int{204, 206, 304, 404} {
			if fields, _ := FreshenByHead(stored, length, Response{Status: status, Header: newer}); fields != nil {
				t.Errorf("updated by %d", status)
			}
		}
		by304, ok304 := Freshen(stored, Response{Status: http.StatusNotModified, Header: newer})
		for fields, ok := range map[*http.Header]bool{&byHead: ok, &by304: ok304} {
			if ok {
				sameUpdate(t, stored, newer, *fields)
			}
		}
		if !maps.EqualFunc(stored, wasStored, slices.Equal) || !maps.EqualFunc(newer, wasNewer, slices.Equal) {
			t.Error("an argument was changed")
		}
	})
}

func sameUpdate(t *testing.T, stored, newer, got http.Header) {
	for _, name := range []string{"Content-Length", "Content-Range", "Etag"} {
		if !slices.Equal(got[name], stored[name]) {
			t.Errorf("%s was %q, became %q", name, stored[name], got[name])
		}
	}
	if !slices.Equal(got["Age"], newer["Age"]) {
		t.Errorf("an Age of %q by one of %q", got["Age"], newer["Age"])
	}
	cc, _ := naive.ParseDirectives(newer["Cache-Control"])
	for _, argument := range append(cc["private"], cc["no-cache"]...) {
		if argument != "" { // fields that RFC 9111 §5.2.2.4 and §5.2.2.7 except; here these directives are about the whole response
			return
		}
	}
	want, got := naive.Freshened(stored, newer), got.Clone()
	// What the stored Vary names stays named: stricter than the RFC.
	before, _ := httpfield.Vary(stored)
	if now, ok := httpfield.Vary(got); ok && slices.ContainsFunc(before, func(name string) bool { return !slices.Contains(now, name) }) {
		t.Errorf("Vary was %q, became %q", before, now)
	}
	// RFC 9111 §3.2: fields of integrity may be left alone. Age and Date are of the moment.
	for _, name := range append(naive.MayOmit, "Content-Md5", "Etag", "Date", "Vary") {
		want.Del(name)
		got.Del(name)
	}
	if !maps.EqualFunc(want, got, slices.Equal) {
		t.Errorf("%q by %q: %q, not %q", stored, newer, got, want)
	}
}

// passedOn takes off the fields of one connection and of one proxy (RFC 9111 §3.1), as the cache does before it asks.
func passedOn(h http.Header) http.Header {
	for _, name := range append(httpfield.Connection(h), "Connection", "Proxy-Connection", "Keep-Alive", "Te", "Transfer-Encoding", "Upgrade",
		"Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization") {
		h.Del(name)
	}
	return h
}

// split reads one field a line.
func split(text string) http.Header {
	h := http.Header{}
	for line := range strings.SplitSeq(text, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && name != "" {
			h.Add(name, strings.Trim(value, " \t"))
		}
	}
	return h
}

// seed calls add with all fields that stand in the rows of the tables of both readings: those of one row together, and each as of the
// request and of the response.
func seed(f *testing.F, add func(req, resp, again string)) {
	seen := map[[3]string]bool{}
	once := func(req, resp, again string) {
		if row := [3]string{req, resp, again}; !seen[row] {
			seen[row] = true
			add(req, resp, again)
		}
	}
	looksLikeField := regexp.MustCompile(`^[A-Za-z-]+: ?`)
	for _, file := range []string{"naive/naive_test.go", "rfc9111_test.go", "validate_test.go", "conditional_test.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			f.Fatal(err)
		}
		var rows int
		ast.Inspect(parsed, func(n ast.Node) bool {
			row, ok := n.(*ast.CompositeLit)
			if !ok || row.Type != nil {
				return true
			}
			var fields []string
			ast.Inspect(row, func(n ast.Node) bool {
				if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					if text, err := strconv.Unquote(literal.Value); err == nil && looksLikeField.MatchString(text) {
						fields = append(fields, strings.ReplaceAll(text, "|", "\n"))
					}
				}
				return true
			})
			if len(fields) > 0 {
				rows++
				once("", strings.Join(fields, "\n"), "")
				once(fields[len(fields)-1], fields[0], fields[len(fields)-1])
				once(fields[0], strings.Join(fields[1:], "\n"), fields[0])
			}
			return true
		})
		if rows == 0 {
			f.Fatalf("no rows in %s", file)
		}
	}
}
