package bearcache

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// origin answers every request with who asked for what, and how often it was asked.
type origin struct {
	calls  atomic.Int64
	header http.Header
	status int
	before func(w http.ResponseWriter, r *http.Request)
}

// owner is what the origin can tell its readers apart by: the oracle of these tests.
func owner(r *http.Request) string {
	mac := hmac.New(sha256.New, []byte("oracle"))
	for _, name := range []string{"Authorization", "Cookie", "X-Api-Key", "X-Tenant"} {
		fmt.Fprintf(mac, "%s=%q;", name, r.Header[name])
	}
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := o.calls.Add(1)
	for name, values := range o.header {
		w.Header()[name] = values
	}
	if o.before != nil {
		o.before(w, r)
	}
	if o.status != 0 {
		w.WriteHeader(o.status)
	}
	fmt.Fprintf(w, "%s %s #%d", owner(r), r.URL.RequestURI(), n)
}

// header makes a header of lines "Name: value".
func header(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		h.Add(name, strings.TrimSpace(value))
	}
	return h
}

func request(method, target string, lines ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Header = header(lines...)
	return r
}

func get(lines ...string) *http.Request { return request("GET", "http://api.test/me", lines...) }

// unlike is r with another certificate, obscure one with a certificate of which nothing is known.
func unlike(r *http.Request) *http.Request {
	r.TLS.PeerCertificates[0].Raw = []byte("certificate of bob")
	return r
}

func obscure(r *http.Request) *http.Request {
	r.TLS.PeerCertificates = []*x509.Certificate{{}}
	return r
}

// certified is a request over a connection whose client showed a certificate.
func certified(lines ...string) *http.Request {
	r := request("GET", "https://api.test/me", lines...)
	r.TLS.PeerCertificates = []*x509.Certificate{{Raw: []byte("certificate of alice"), NotAfter: time.Now().Add(time.Hour)}}
	return r
}

func ask(h http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// leaving is a client that does not stay for its answer, and sees how that ends no more than net/http's does.
func leaving(h http.Handler, r *http.Request) {
	defer func() {
		if value := recover(); value != nil && value != http.ErrAbortHandler {
			panic(value)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), r)
}

func text(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const fresh = "Cache-Control: max-age=60"

// spelt is a request with a field whose name stands there as it is.
func spelt(name string) *http.Request {
	r := get()
	r.Header[name] = []string{"1"}
	return r
}

// raw is a request whose path net/url would not encode as it was sent.
func raw(path, sent string) *http.Request {
	r := get()
	r.URL.Path, r.URL.RawPath, r.RequestURI = path, sent, sent
	return r
}

// TestReaders asks twice, as one reader and then as another, and says whether the origin answered
// the second time. Whoever gets a stored response must be the one it was made for.
func TestReaders(t *testing.T) {
	alice, bob := "Authorization: Bearer alice-token", "Authorization: Bearer bob-token"
	for _, tt := range []struct {
		name          string
		origin        http.Header
		first, second *http.Request
		hit           bool
		status        string // the start of the second response's Cache-Status
	}{
		{"the same bearer again", header(fresh), get(alice), get(alice), true, "bearcache; hit; ttl="},
		{"another bearer", header(fresh), get(alice), get(bob), false, "bearcache; fwd=uri-miss; fwd-status=200; stored"},
		{"nobody after a bearer", header(fresh), get(alice), get(), false, "bearcache; fwd=uri-miss"},
		{"a bearer after nobody", header(fresh), get(), get(alice), false, "bearcache; fwd=uri-miss"},
		{"nobody after nobody", header(fresh), get(), get(), true, "bearcache; hit"},
		{"public does not cross readers", header("Cache-Control: public, max-age=60"), get(alice), get(bob), false, "bearcache; fwd=uri-miss"},
		{"s-maxage does not cross readers", header("Cache-Control: s-maxage=60, max-age=60"), get(alice), get(), false, "bearcache; fwd=uri-miss"},
		{"private enters a bearer's partition", header("Cache-Control: private, max-age=60"), get(alice), get(alice), true, "bearcache; hit"},
		{"private does not enter the shared one", header("Cache-Control: private, max-age=60"), get(), get(), false, "bearcache; fwd=uri-miss; fwd-status=200; detail=private"},
		{"tokens that differ in case", header(fresh), get("Authorization: Bearer abc"), get("Authorization: Bearer aBc"), false, "bearcache; fwd=uri-miss"},
		{"one token is the start of the other", header(fresh), get("Authorization: Bearer abc"), get("Authorization: Bearer abcd"), false, "bearcache; fwd=uri-miss"},
		{"the same token under another scheme", header(fresh), get("Authorization: Bearer abc"), get("Authorization: Basic abc"), false, "bearcache; fwd=uri-miss"},
		{"the same text in another field", header(fresh), get("Authorization: Bearer abc"), get("X-Api-Key: Bearer abc"), false, "bearcache; fwd=uri-miss"},
		{"two fields, one differs", header(fresh), get(alice, "Cookie: a=1"), get(alice, "Cookie: a=2"), false, "bearcache; fwd=uri-miss"},
		{"two fields, one missing", header(fresh), get(alice, "Cookie: a=1"), get(alice), false, "bearcache; fwd=uri-miss"},
		{"two fields, both equal", header(fresh), get(alice, "Cookie: a=1"), get(alice, "Cookie: a=1"), true, "bearcache; hit"},
		{"cookie lines cut elsewhere", header(fresh), get("Cookie: a=1", "Cookie: 2"), get("Cookie: a=", "Cookie: 12"), false, "bearcache; fwd=uri-miss"},
		{"cookie lines that read like another field", header(fresh), get("Cookie: a", "X-Api-Key: b"), get("Cookie: a", "Cookie: X-Api-Key", "Cookie: b"), false, "bearcache; fwd=uri-miss"},
		{"cookie only", header(fresh), get("Cookie: a=1"), get("Cookie: a=1"), true, "bearcache; hit"},
		{"basic", header(fresh), get("Authorization: Basic YTpi"), get("Authorization: Basic YTpi"), true, "bearcache; hit"},
		{"doubled Authorization is unknown", header(fresh), get(alice, bob), get(alice, bob), false, "bearcache; fwd=bypass; fwd-status=200; detail=credentials"},
		{"joined Authorization is unknown", header(fresh), get("Authorization: Bearer a, Bearer b"), get("Authorization: Bearer a, Bearer b"), false, "bearcache; fwd=bypass; fwd-status=200; detail=credentials"},
		{"empty Authorization is unknown", header(fresh), get("Authorization:"), get("Authorization:"), false, "bearcache; fwd=bypass; fwd-status=200; detail=credentials"},
		{"empty Authorization is not nobody", header(fresh), get(), get("Authorization:"), false, "bearcache; fwd=bypass"},
		{"two spaces are unknown", header(fresh), get("Authorization: Bearer  a"), get("Authorization: Bearer  a"), false, "bearcache; fwd=bypass"},
		{"a vendor's field is unknown", header(fresh), get("X-Auth-Token: abc"), get("X-Auth-Token: abc"), false, "bearcache; fwd=bypass; fwd-status=200; detail=unlisted-credential"},
		{"a vendor's field is not nobody", header(fresh), get(), get("X-Auth-Token: abc"), false, "bearcache; fwd=bypass"},
		{"an alias of a listed field is unknown", header(fresh), get("X_Api_Key: abc"), get("X_Api_Key: abc"), false, "bearcache; fwd=bypass"},
		{"a tenant's field is unknown", header(fresh), get(alice, "X-Tenant: 1"), get(alice, "X-Tenant: 1"), false, "bearcache; fwd=bypass"},
		{"a JWT in any field is unknown", header(fresh), get("X-Whatever: eyJhbGciOiJub25lIn0.e30."), get("X-Whatever: eyJhbGciOiJub25lIn0.e30."), false, "bearcache; fwd=bypass"},
		{"a field that a proxy may drop is unknown", header(fresh), get(alice, "Connection: authorization"), get(alice, "Connection: authorization"), false, "bearcache; fwd=bypass; fwd-status=200; detail=credentials"},
		{"an ordinary field is nothing to a bearer", header(fresh), get(alice, "X-Thing: 1"), get(alice, "X-Thing: 2"), true, "bearcache; hit"},
		{"an ordinary field may tell nobodies apart", header(fresh), get("X-Thing: 1"), get("X-Thing: 2"), false, "bearcache; fwd=uri-miss; fwd-status=200; stored"},
		{"and does not where it has the same value", header(fresh), get("X-Thing: 1"), get("X-Thing: 1"), true, "bearcache; hit"},
		{"one that has an ordinary field, then nobody in particular", header(fresh), get("X-Thing: 1"), get(), false, "bearcache; fwd=uri-miss; fwd-status=200; stored"},
		{"two ordinary fields, cut elsewhere", header(fresh), get("X-A: 1", "X-B: 2"), get("X-A: 1", "X-A: 2"), false, "bearcache; fwd=uri-miss"},
		{"another ordinary field of the same value", header(fresh), get("X-A: 1"), get("X-B: 1"), false, "bearcache; fwd=uri-miss"},
		{"one ordinary field that reads like two", header(fresh), get("X-A: 1", "X-B: 2"), get("X-A: 1", "X-A: X-B", "X-A: 2"), false, "bearcache; fwd=uri-miss"},
		{"an ordinary field beside one that the origin names", header(fresh, "Vary: Test-Id"), get("Test-Id: 1", "X-A: 1"), get("Test-Id: 1", "X-A: 2"), false, "bearcache; fwd=uri-miss; fwd-status=200; stored"},
		{"a field that numbers requests tells nobody apart", header(fresh), get("Req-Num: 1"), get("Req-Num: 2"), true, "bearcache; hit"},
		{"nobody in particular, then one with an ordinary field", header(fresh), get(), get("X-Thing: 1"), false, "bearcache; fwd=uri-miss; fwd-status=200; stored"},
		{"one with an ordinary field, then nobody in particular", header(fresh), get("X-Thing: 1"), get(), false, "bearcache; fwd=uri-miss; fwd-status=200; stored"},
		{"an ordinary field, and the origin says public", header("Cache-Control: public, max-age=60"), get("X-Thing: 1"), get("X-Thing: 2"), true, "bearcache; hit"},
		{"an ordinary field, and the origin says s-maxage", header("Cache-Control: s-maxage=60"), get("X-Thing: 1"), get("X-Thing: 2"), true, "bearcache; hit"},
		{"a field that names another host, and public, is for nobody else", header("Cache-Control: public, max-age=60"), get("X-Forwarded-Host: evil.test"), get(), false, "bearcache; fwd=uri-miss; fwd-status=200; stored"},
		{"nor for those who name another", header("Cache-Control: public, max-age=60"), get("X-Forwarded-Host: evil.test"), get("X-Forwarded-Host: api.test"), false, "bearcache; fwd=uri-miss; fwd-status=200; stored"},
		{"a field that names another host is given what is public", header("Cache-Control: public, max-age=60"), get(), get("X-Forwarded-Host: evil.test"), true, "bearcache; hit"},
		{"a field in lower case is unknown", header(fresh), spelt("x-thing"), spelt("x-thing"), false, "bearcache; fwd=bypass; fwd-status=200; detail=malformed"},
		{"Authorization in lower case is not nobody", header(fresh), get(), spelt("authorization"), false, "bearcache; fwd=bypass; fwd-status=200; detail=malformed"},
		{"a name with a space is unknown", header(fresh), spelt("X-Tenant "), spelt("X-Tenant "), false, "bearcache; fwd=bypass; fwd-status=200; detail=malformed"},
		{"a field of Vary that a proxy may drop is unknown", header(fresh, "Vary: Accept-Language"), get(alice, "Accept-Language: de", "Connection: close, accept-language"), get(alice, "Accept-Language: de"), false, "bearcache; fwd=uri-miss"},
		{"and is given nothing", header(fresh), get(), get("Origin: http://a.test", "Connection: Accept-Language, Origin"), false, "bearcache; fwd=bypass; fwd-status=200; detail=connection"},
		{"a field that is not there cannot be dropped", header(fresh), get(), get("Connection: keep-alive, Accept-Language"), true, "bearcache; hit"},
		{"fields of the connection", header(fresh), get(), get("Connection: keep-alive, TE, Proxy-Connection", "Te: trailers", "Keep-Alive: 5", "Proxy-Connection: keep-alive"), true, "bearcache; hit"},
		{"a path that its encoding contradicts", header(fresh), raw("/a/b\x80", "/a%2Fb\x80"), raw("/a/b\x80", "/a/b\x80"), false, "bearcache; fwd=bypass; fwd-status=200; detail=target"},
		{"a token in the query is unknown", header(fresh), request("GET", "http://api.test/me?access_token=a"), request("GET", "http://api.test/me?access_token=a"), false, "bearcache; fwd=bypass"},
		{"a token in the query, spelled otherwise", header(fresh), request("GET", "http://api.test/me?a=1;Access%5FToken=a"), request("GET", "http://api.test/me?a=1;Access%5FToken=a"), false, "bearcache; fwd=bypass"},
		{"userinfo is unknown", header(fresh), request("GET", "http://u:p@api.test/me"), request("GET", "http://u:p@api.test/me"), false, "bearcache; fwd=bypass"},
		{"a part of what is stored", header(fresh), get(alice), get(alice, "Range: bytes=0-99"), true, "bearcache; hit"},
		{"a part of what another has stored", header(fresh), get(alice), get(bob, "Range: bytes=0-99"), false, "bearcache; fwd=uri-miss; fwd-status=200; stored"},
		{"a client certificate", header(fresh), certified(), certified(), true, "bearcache; hit"},
		{"a client certificate and a token", header(fresh), certified(alice), certified(alice), true, "bearcache; hit"},
		{"a client certificate is not nobody", header(fresh), request("GET", "https://api.test/me"), certified(), false, "bearcache; fwd=uri-miss"},
		{"nobody after a client certificate", header("Cache-Control: public, max-age=60"), certified(), request("GET", "https://api.test/me"), false, "bearcache; fwd=uri-miss"},
		{"another client certificate", header(fresh), certified(), unlike(certified()), false, "bearcache; fwd=uri-miss"},
		{"a token with a client certificate and without", header(fresh), certified(alice), request("GET", "https://api.test/me", alice), false, "bearcache; fwd=uri-miss"},
		{"a client certificate that nobody knows", header(fresh), obscure(certified(alice)), obscure(certified(alice)), false, "bearcache; fwd=bypass; fwd-status=200; detail=client-certificate"},
		{"another scheme", header(fresh), get(alice), request("GET", "https://api.test/me", alice), false, "bearcache; fwd=uri-miss"},
		{"another path", header(fresh), get(alice), request("GET", "http://api.test/me/", alice), false, "bearcache; fwd=uri-miss"},
		{"another spelling of the path", header(fresh), get(alice), request("GET", "http://api.test/m%65", alice), false, "bearcache; fwd=uri-miss"},
		{"another query", header(fresh), get(alice), request("GET", "http://api.test/me?", alice), false, "bearcache; fwd=uri-miss"},
		{"another authority", header(fresh), get(alice), request("GET", "http://api2.test/me", alice), false, "bearcache; fwd=uri-miss"},
		{"the authority in another case, with its default port", header(fresh), get(alice), request("GET", "http://API.test:80/me", alice), true, "bearcache; hit"},
		{"HEAD after GET", header(fresh), get(alice), request("HEAD", "http://api.test/me", alice), true, "bearcache; hit"},
		{"HEAD by another", header(fresh), get(alice), request("HEAD", "http://api.test/me", bob), false, "bearcache; fwd=uri-miss"},
		{"GET after HEAD", header(fresh), request("HEAD", "http://api.test/me", alice), get(alice), false, "bearcache; fwd=uri-miss"},
		{"POST is not stored", header(fresh), request("POST", "http://api.test/me", alice), request("POST", "http://api.test/me", alice), false, "bearcache; fwd=method"},
		{"GET after POST", header(fresh), request("POST", "http://api.test/me", alice), get(alice), false, "bearcache; fwd=uri-miss"},
		{"Vary on an ordinary field, equal", header(fresh, "Vary: Accept-Language"), get(alice, "Accept-Language: de"), get(alice, "Accept-Language: de"), true, "bearcache; hit"},
		{"Vary on an ordinary field, different", header(fresh, "Vary: Accept-Language"), get(alice, "Accept-Language: de"), get(alice, "Accept-Language: en"), false, "bearcache; fwd=vary-miss"},
		{"Vary on an ordinary field, absent", header(fresh, "Vary: Accept-Language"), get(alice, "Accept-Language: de"), get(alice), false, "bearcache; fwd=vary-miss"},
		{"Vary: Authorization, the same bearer", header(fresh, "Vary: Authorization"), get(alice), get(alice), true, "bearcache; hit"},
		{"Vary: *", header(fresh, "Vary: *"), get(alice), get(alice), false, "bearcache; fwd=uri-miss; fwd-status=200; detail=vary-any"},
		{"Set-Cookie", header(fresh, "Set-Cookie: a=1"), get(alice), get(alice), false, "bearcache; fwd=uri-miss; fwd-status=200; detail=set-cookie"},
		{"nothing said", nil, get(alice), get(alice), false, "bearcache; fwd=uri-miss; fwd-status=200; detail=no-lifetime"},
		{"no-cache asked", header(fresh), get(alice), get(alice, "Cache-Control: no-cache"), false, "bearcache; fwd=request"},
		{"max-stale asked by another", header(fresh), get(alice), get(bob, "Cache-Control: max-stale, only-if-cached"), false, ""},
		{"upgrade", header(fresh), get(alice), get(alice, "Connection: Upgrade", "Upgrade: websocket"), false, "bearcache; fwd=bypass"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := &origin{header: tt.origin}
			h := new(Cache).Handler(o)
			text(t, ask(h, tt.first))
			before := o.calls.Load()
			resp := ask(h, tt.second)
			body := text(t, resp)
			if hit := o.calls.Load() == before && resp.StatusCode < 300; hit != tt.hit {
				t.Errorf("hit = %v, want %v (Cache-Status: %s)", hit, tt.hit, resp.Header.Get("Cache-Status"))
			}
			if got := resp.Header.Get("Cache-Status"); !strings.HasPrefix(got, tt.status) {
				t.Errorf("Cache-Status = %q, want %q", got, tt.status)
			}
			if resp.StatusCode == 200 && tt.second.Method == "GET" && !strings.HasPrefix(body, owner(tt.second)+" ") {
				t.Errorf("the body was made for another reader")
			}
		})
	}
}

func TestOutboundFields(t *testing.T) {
	for _, tt := range []struct {
		name   string
		origin http.Header
		as     *http.Request
		want   http.Header // Cache-Control, Vary and surrogate fields of miss and hit alike
	}{
		{"nobody: as the origin said", header("Cache-Control: public, max-age=60", "Cdn-Cache-Control: max-age=90"), get(),
			header("Cache-Control: public, max-age=60", "Cdn-Cache-Control: max-age=90")},
		{"a bearer, nothing said", nil, get("Authorization: Bearer a"), header("Cache-Control: private", "Vary: Authorization")},
		{"a bearer, public", header("Cache-Control: Public, s-maxage=5, max-age=60"), get("Authorization: Bearer a"),
			header("Cache-Control: private, max-age=60", "Vary: Authorization")},
		{"a bearer, private for one field only", header(`Cache-Control: private="x", max-age=60`), get("Authorization: Bearer a"),
			header("Cache-Control: private, max-age=60", "Vary: Authorization")},
		{"a bearer, no-store", header("Cache-Control: no-store"), get("Authorization: Bearer a"),
			header("Cache-Control: private, no-store", "Vary: Authorization")},
		{"a bearer, private and no-store", header("Cache-Control: no-store, private"), get("Authorization: Bearer a"),
			header("Cache-Control: private, no-store", "Vary: Authorization")},
		{"a bearer, must-understand", header("Cache-Control: must-understand, no-store, max-age=60"), get("Authorization: Bearer a"),
			header("Cache-Control: private, no-store, max-age=60", "Vary: Authorization")},
		{"a bearer, no-store in lower case", http.Header{"cache-control": {"no-store"}, "Cache-Control": {"max-age=60"}}, get("Authorization: Bearer a"),
			header("Cache-Control: private, no-store", "Vary: Authorization")},
		{"a bearer, public after a space", http.Header{"Cache-Control ": {"public, max-age=60"}}, get("Authorization: Bearer a"),
			header("Cache-Control: private, no-store", "Vary: Authorization")},
		{"a bearer, Vary in upper case", http.Header{"Cache-Control": {"max-age=60"}, "VARY": {"Cookie"}}, get("Authorization: Bearer a"),
			header("Cache-Control: private, max-age=60", "Vary: *")},
		{"a bearer, a surrogate field in lower case", http.Header{"Cache-Control": {"max-age=60"}, "cdn-cache-control": {"max-age=60"}, "surrogate-control ": {"max-age=60"}},
			get("Authorization: Bearer a"), header("Cache-Control: private, max-age=60", "Vary: Authorization")},
		{"a bearer, Vary there already", header(fresh, "Vary: Accept-Encoding, authorization"), get("Authorization: Bearer a"),
			header("Cache-Control: private, max-age=60", "Vary: Accept-Encoding, Authorization")},
		{"a bearer with a cookie", header(fresh), get("Authorization: Bearer a", "Cookie: b=1"),
			header("Cache-Control: private, max-age=60", "Vary: Authorization, Cookie")},
		{"a bearer, surrogate fields", header(fresh, "Surrogate-Control: max-age=9", "CDN-Cache-Control: max-age=9", "Cloudflare-CDN-Cache-Control: max-age=9", "X-Accel-Expires: 9"),
			get("Authorization: Bearer a"), header("Cache-Control: private, max-age=60", "Vary: Authorization")},
		{"a bearer, unreadable", header(`Cache-Control: max-age=60, "`), get("Authorization: Bearer a"),
			header("Cache-Control: private, no-store", "Vary: Authorization")},
		{"unknown by a field that is not listed", header("Cache-Control: public, max-age=60"), get("X-Tenant: 1"),
			header("Cache-Control: private, max-age=60", "Vary: *")},
		{"unknown by a field that is not listed beside one that is", header(fresh, "Vary: Accept"), get("Authorization: Bearer a", "X-Tenant: 1"),
			header("Cache-Control: private, max-age=60", "Vary: *")},
		{"unknown by a certificate", header("Cache-Control: public, max-age=60"), certified(),
			header("Cache-Control: private, max-age=60", "Vary: *")},
		{"a field of unknown meaning is no credential", header(fresh), get("X-Thing: 1"), header(fresh)},
		{"unknown, public", header("Cache-Control: public, max-age=60"), get("Authorization: Bearer a, b"),
			header("Cache-Control: private, max-age=60", "Vary: Authorization")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := new(Cache).Handler(&origin{header: tt.origin})
			for _, turn := range []string{"miss", "perhaps hit"} {
				resp := ask(h, tt.as)
				got := http.Header{}
				for name, values := range resp.Header {
					plain := strings.ToLower(strings.TrimSpace(name))
					if plain == "cache-control" || plain == "vary" || httpfield.Surrogate(textproto.CanonicalMIMEHeaderKey(plain)) {
						got[name] = values
					}
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", turn, diff)
				}
			}
		})
	}
}

// A hit says what the miss said, but for the fields that tell them apart.
func TestHitEqualsMiss(t *testing.T) {
	o := &origin{header: header(fresh, `Etag: "1"`, "X-Thing: a", "X-Thing: b", "Connection: X-Hop", "X-Hop: 1", "Keep-Alive: 5", "Www-Authenticate: Bearer")}
	srv := httptest.NewServer(new(Cache).Handler(o))
	defer srv.Close()
	var got [2]*http.Response
	var bodies [2]string
	for i := range got {
		r, _ := http.NewRequest("GET", srv.URL+"/thing", nil)
		r.Header.Set("Authorization", "Bearer a")
		resp, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		bodies[i] = text(t, resp)
		resp.Body.Close()
		got[i] = resp
	}
	if bodies[0] != bodies[1] || o.calls.Load() != 1 {
		t.Fatalf("bodies %q, %d calls", bodies, o.calls.Load())
	}
	for _, name := range []string{"Www-Authenticate", "X-Hop", "Keep-Alive"} {
		if v := got[1].Header[name]; v != nil {
			t.Errorf("the hit repeats %s: %q", name, v)
		}
		delete(got[0].Header, name)
	}
	if got[1].Header.Get("Age") == "" {
		t.Error("the hit has no Age")
	}
	for _, resp := range got {
		delete(resp.Header, "Age")
		delete(resp.Header, "Cache-Status")
		delete(resp.Header, "Connection")
		delete(resp.Header, "Content-Length")
	}
	if diff := cmp.Diff(got[0].Header, got[1].Header); diff != "" {
		t.Errorf("fields differ (-miss +hit):\n%s", diff)
	}
	if got[1].ContentLength != int64(len(bodies[1])) {
		t.Errorf("hit: Content-Length %d", got[1].ContentLength)
	}
}

// A hit has the Content-Type that net/http found for the miss, and none where it looked for none.
func TestHitHasTheTypeOfTheMiss(t *testing.T) {
	html := "<html>" + strings.Repeat(" ", 600)
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		want    []string
	}{
		{"found by its bytes", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, html) }, []string{"text/html; charset=utf-8"}},
		{"in small pieces", func(w http.ResponseWriter, _ *http.Request) {
			for i := range html {
				io.WriteString(w, html[i:i+1])
			}
		}, []string{"text/html; charset=utf-8"}},
		{"a first piece, flushed, says less", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, html[:3])
			w.(http.Flusher).Flush()
			io.WriteString(w, html[3:])
			w.(http.Flusher).Flush()
		}, []string{"text/plain; charset=utf-8"}},
		{"fields flushed before the body", func(w http.ResponseWriter, _ *http.Request) {
			http.NewResponseController(w).Flush()
			io.WriteString(w, html)
		}, nil},
		{"forbidden by the handler", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			io.WriteString(w, html)
		}, nil},
		{"coded content", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			io.WriteString(w, "\x1f\x8b\x08 and so on")
		}, nil},
		{"given by the handler", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, html)
		}, []string{"application/json"}},
		{"nothing to find it by", func(http.ResponseWriter, *http.Request) {}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Cache-Control", "max-age=60")
				tt.handler(w, r)
			})))
			defer srv.Close()
			for _, status := range []string{"bearcache; fwd=uri-miss; fwd-status=200; stored", "bearcache; hit; ttl=60"} {
				r, _ := http.NewRequest("GET", srv.URL, nil)
				r.Header.Set("Accept-Encoding", "identity")
				resp, err := srv.Client().Do(r)
				if err != nil {
					t.Fatal(err)
				}
				text(t, resp) // to its end, which comes when it is stored
				resp.Body.Close()
				if got := resp.Header["Content-Type"]; resp.Header.Get("Cache-Status") != status || !slices.Equal(got, tt.want) {
					t.Errorf("%s: Content-Type %q, want %q", resp.Header.Get("Cache-Status"), got, tt.want)
				}
			}
		})
	}
}

// What is said on a connection that a handler took over passes the cache, and is no empty 200.
func TestHijackedIsNotStored(t *testing.T) {
	stores := make(chan string, 2)
	c := &Cache{
		Policy:  func(*http.Request) Policy { return Policy{Lifetime: time.Minute} },
		Observe: func(e Event) { stores <- e.Store },
	}
	srv := httptest.NewServer(c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
		conn.Close()
	})))
	defer srv.Close()
	for range 2 {
		resp, err := srv.Client().Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		if body := text(t, resp); body != "hi" || resp.Header.Get("Cache-Status") != "" {
			t.Errorf("%q %v", body, resp.Header)
		}
		resp.Body.Close()
		if store := <-stores; store != "incomplete" {
			t.Errorf("the event says %q", store)
		}
	}
	if n := c.Stats().Records; n != 0 {
		t.Errorf("%d records were stored", n)
	}
	w := httptest.NewRecorder() // which has no connection to take
	new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, _, err := http.NewResponseController(w).Hijack(); err == nil {
			t.Error("hijacked nothing")
		}
		io.WriteString(w, "all the same")
	})).ServeHTTP(w, get())
	if w.Body.String() != "all the same" {
		t.Errorf("%q", w.Body)
	}
}

// A handler may set fields by names that no look-up finds, and net/http keeps some that a broken
// origin sent: what they forbid cannot be seen, so nothing is stored.
func TestMisspeltFieldsAreNotStored(t *testing.T) {
	for _, name := range []string{"cache-control", "Cache-Control ", "set-cookie", "VARY", "ETag"} {
		for _, as := range []*http.Request{get(), get("Authorization: Bearer a")} {
			o := &origin{header: http.Header{"Cache-Control": {"max-age=60"}, name: {"no-store"}}}
			h := new(Cache).Handler(o)
			for range 2 {
				if got := ask(h, as).Header.Get("Cache-Status"); got != "bearcache; fwd=uri-miss; fwd-status=200; detail=malformed" {
					t.Errorf("%q: %s", name, got)
				}
			}
		}
	}
}

func TestErrorsAreNeverStored(t *testing.T) {
	for _, status := range []int{206, 304, 400, 401, 403, 407, 418, 429, 500, 501, 502, 503, 504} {
		for _, who := range []string{"Authorization: Bearer a", "Accept: */*"} {
			if who == "Accept: */*" && !slices.Contains([]int{206, 304, 401, 403, 407, 429}, status) {
				continue // see TestErrorsForEverybody
			}
			o := &origin{header: header("Cache-Control: public, max-age=60"), status: status}
			h := new(Cache).Handler(o)
			ask(h, get(who))
			ask(h, get(who))
			if o.calls.Load() != 2 {
				t.Errorf("%d for %q was stored", status, who)
			}
		}
	}
}

// A 401 or 403 ends what was stored for that reader and key, a response still under way included,
// and nothing else.
func TestRefusalForgets(t *testing.T) {
	for _, status := range []int{401, 403} {
		o := &origin{header: header(fresh)}
		h := new(Cache).Handler(o)
		alice, bob := "Authorization: Bearer alice", "Authorization: Bearer bob"
		ask(h, get(alice))
		ask(h, get(bob))
		o.status = status
		ask(h, get(alice, "Cache-Control: no-cache"))
		o.status = 0
		before := o.calls.Load()
		ask(h, get(bob))
		if o.calls.Load() != before {
			t.Errorf("%d for alice: bob's response was forgotten", status)
		}
		ask(h, get(alice))
		if o.calls.Load() != before+1 {
			t.Errorf("%d for alice: her old response was served", status)
		}
	}

	for _, status := range []int{401, 403} {
		t.Run(fmt.Sprintf("%d while another answer is under way", status), func(t *testing.T) {
			o := &origin{header: header(fresh)}
			arrived, release := make(chan bool), make(chan bool)
			o.before = func(_ http.ResponseWriter, r *http.Request) {
				if r.Header.Get("X-Slow") != "" {
					arrived <- true
					<-release
				}
			}
			h := new(Cache).Handler(o)
			done := make(chan bool)
			go func() { ask(h, get("Authorization: Bearer a", "X-Slow: 1")); done <- true }()
			<-arrived
			o.status = status
			ask(h, get("Authorization: Bearer a", "Cache-Control: no-cache")) // which waits for no other
			o.status = 0
			release <- true
			<-done
			ask(h, get("Authorization: Bearer a"))
			if n := o.calls.Load(); n != 3 {
				t.Errorf("%d calls, want 3: the answer that overtook the refusal was served", n)
			}
		})
	}
}

// RFC 9111 §4.4: a change invalidates the target, and what the response names on the same origin,
// for every reader.
func TestInvalidation(t *testing.T) {
	alice, bob := "Authorization: Bearer alice", "Authorization: Bearer bob"
	for _, tt := range []struct {
		name        string
		change      *http.Request
		status      int
		location    string
		invalidated bool
	}{
		{"POST to the target", request("POST", "http://api.test/me", bob), 204, "", true},
		{"DELETE by nobody", request("DELETE", "http://api.test/me"), 303, "", true},
		{"an unknown method", request("FROB", "http://api.test/me"), 200, "", true},
		{"refused", request("POST", "http://api.test/me", bob), 401, "", false},
		{"failed", request("POST", "http://api.test/me", bob), 500, "", false},
		{"OPTIONS", request("OPTIONS", "http://api.test/me", bob), 200, "", false},
		{"another target", request("POST", "http://api.test/other", bob), 200, "", false},
		{"another target, Location here", request("POST", "http://api.test/other", bob), 201, "/me", true},
		{"another target, Location here in full", request("POST", "http://api.test/other", bob), 201, "http://api.test/me", true},
		{"another target, Location here in another spelling", request("POST", "http://api.test/other", bob), 201, "HTTP://API.test:80/me#part", true},
		{"an origin that begins like this one", request("POST", "http://api.test/other", bob), 201, "http://api.test.example/me", false},
		{"this origin's, with user information", request("POST", "http://api.test/other", bob), 201, "http://bob@api.test/me", false},
		{"another origin's Location", request("POST", "http://api.test/other", bob), 201, "https://api.test/me", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := &origin{header: header(fresh)}
			h := new(Cache).Handler(o)
			ask(h, get(alice))
			ask(h, get())
			o.status = tt.status
			o.before = func(w http.ResponseWriter, r *http.Request) {
				if tt.location != "" {
					w.Header().Set("Location", tt.location)
				}
			}
			ask(h, tt.change)
			o.status, o.before = 0, nil
			before := o.calls.Load()
			ask(h, get(alice))
			ask(h, get())
			want := int64(0)
			if tt.invalidated {
				want = 2
			}
			if n := o.calls.Load() - before; n != want {
				t.Errorf("%d of 2 stored responses invalidated, want %d", n, want)
			}
		})
	}
}

func TestIncompleteIsNotStored(t *testing.T) {
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
	}{
		{"shorter than announced", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "short")
		}},
		{"aborted", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "the beginning")
			panic(http.ErrAbortHandler)
		}},
		{"larger than MaxBody", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, strings.Repeat("x", 101))
		}},
		{"announced larger than MaxBody", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "101")
			io.WriteString(w, strings.Repeat("x", 101))
		}},
		{"with a trailer", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "Digest")
			io.WriteString(w, "body")
		}},
		{"with a trailer nobody announced", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "body")
			w.Header().Set(http.TrailerPrefix+"Digest", "x")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			c := &Cache{MaxBody: 100, Observe: func(e Event) {
				if e.Store == "stored" {
					t.Error("the event says that it was stored")
				}
			}}
			h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls++
				w.Header().Set("Cache-Control", "max-age=60")
				tt.handler(w, r)
			}))
			for range 2 {
				func() {
					defer func() { recover() }()
					ask(h, get())
				}()
			}
			if calls != 2 {
				t.Error("it was stored")
			}
		})
	}

	t.Run("the client left", func(t *testing.T) {
		calls := 0
		h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls++
			w.Header().Set("Cache-Control", "max-age=60")
			io.WriteString(w, "half")
		}))
		r := get()
		h.ServeHTTP(brokenWriter{httptest.NewRecorder()}, r)
		ask(h, r)
		if calls != 2 {
			t.Error("what a leaving client was sent is stored")
		}
	})

	t.Run("the client left, and the handler stopped early", func(t *testing.T) {
		calls := 0
		ctx, leave := context.WithCancel(t.Context())
		h := new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls++
			w.Header().Set("Cache-Control", "max-age=60")
			io.WriteString(w, "half")
			leave()
		}))
		ask(h, get().WithContext(ctx))
		ask(h, get())
		if calls != 2 {
			t.Error("half a response is stored")
		}
	})
}

type brokenWriter struct{ http.ResponseWriter }

func (brokenWriter) Write(p []byte) (int, error) { return 0, io.ErrClosedPipe }

func TestLifetimeAndAge(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	o := &origin{header: header("Cache-Control: max-age=60", "Age: 10")}
	c := &Cache{Now: func() time.Time { return now }}
	h := c.Handler(o)
	ask(h, get())
	now = now.Add(49 * time.Second)
	resp := ask(h, get())
	if got := resp.Header.Get("Age") + " " + resp.Header.Get("Cache-Status"); got != "59 bearcache; hit; ttl=1" {
		t.Errorf("after 49 s: %q", got)
	}
	now = now.Add(time.Second)
	if got := ask(h, get()).Header.Get("Cache-Status"); got != "bearcache; fwd=stale; fwd-status=200; stored" {
		t.Errorf("after 50 s: %q", got)
	}
}

// The answer to only-if-cached is ours: it says so, and is hardened like any other.
func TestOnlyIfCached(t *testing.T) {
	o := &origin{}
	h := new(Cache).Handler(o)
	for _, tt := range []struct {
		as   []string
		want http.Header
	}{
		{nil, header("Cache-Control: no-store")},
		{[]string{"Authorization: Bearer a"}, header("Cache-Control: private, no-store", "Vary: Authorization")},
	} {
		resp := ask(h, get(append(tt.as, "Cache-Control: only-if-cached")...))
		body := text(t, resp)
		tt.want["Cache-Status"] = []string{"bearcache; detail=only-if-cached"}
		tt.want["Content-Type"] = []string{"text/plain; charset=utf-8"}
		tt.want["X-Content-Type-Options"] = []string{"nosniff"}
		if diff := cmp.Diff(tt.want, resp.Header); diff != "" || resp.StatusCode != 504 || body == "" || o.calls.Load() != 0 {
			t.Errorf("%q: %d %q after %d calls (-want +got):\n%s", tt.as, resp.StatusCode, body, o.calls.Load(), diff)
		}
	}
}

func TestUntil(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	o := &origin{header: header(fresh)}
	until := start.Add(10 * time.Second)
	c := &Cache{
		Now: func() time.Time { return now },
		Identify: func(r *http.Request) (Identity, error) {
			if r.Header.Get("Authorization") == "" {
				return Anonymous, nil
			}
			return Identity{Issuer: "test", Subject: r.Header.Get("Authorization"), Until: until}, nil
		},
	}
	h := c.Handler(o)
	alice := "Authorization: Bearer alice"
	ask(h, get(alice))
	for _, tt := range []struct {
		after time.Duration
		hit   bool
	}{{9 * time.Second, true}, {10 * time.Second, false}, {5 * time.Second, false}} { // the last: a clock set back
		now = start.Add(tt.after)
		before := o.calls.Load()
		ask(h, get(alice))
		if hit := o.calls.Load() == before; hit != tt.hit {
			t.Errorf("at %v: hit = %v, want %v", tt.after, hit, tt.hit)
		}
	}
	until = start.Add(time.Hour) // a new token of the same reader does not revive what the old one brought
	now = start.Add(11 * time.Second)
	before := o.calls.Load()
	ask(h, get(alice))
	if o.calls.Load() == before {
		t.Error("a record outlived the identity it was made for")
	}
}

func TestIdentify(t *testing.T) {
	o := &origin{header: header(fresh)}
	identity := Identity{}
	var failure error
	c := &Cache{Identify: func(*http.Request) (Identity, error) { return identity, failure }}
	h := c.Handler(o)
	for _, tt := range []struct {
		name string
		id   Identity
		err  error
		as   string
	}{
		{"zero", Identity{}, nil, "Accept: */*"},
		{"error", Identity{Subject: "a"}, io.EOF, "Accept: */*"},
		{"anonymous with credentials", Anonymous, nil, "Authorization: Bearer a"},
	} {
		identity, failure = tt.id, tt.err
		for range 2 {
			if got := ask(h, get(tt.as)).Header.Get("Cache-Status"); !strings.HasSuffix(got, "detail=unidentified") {
				t.Errorf("%s: %q", tt.name, got)
			}
		}
	}
	if o.calls.Load() != 6 {
		t.Errorf("%d calls, want 6: something was stored for an unknown identity", o.calls.Load())
	}
}

// An identity is not all that a request carries: where the origin names a credential field in Vary it
// is obeyed (RFC 9111 §4.1), and no record keeps the credential for that.
func TestVaryWithinAnIdentity(t *testing.T) {
	old, renewed := "Authorization: Bearer old-token", "Authorization: Bearer new-token"
	for _, tt := range []struct {
		name          string
		vary          string
		first, second *http.Request
		hit           bool
	}{
		{"nothing: another token of one user", "", get(old), get(renewed), true},
		{"Authorization, the same token", "Vary: Authorization", get(old), get(old), true},
		{"Authorization, another token", "Vary: authorization", get(old), get(renewed), false},
		{"Authorization, none", "Vary: Authorization", get(old), get("Cookie: session=1"), false},
		{"Cookie, the same", "Vary: Cookie", get(old, "Cookie: session=1"), get(renewed, "Cookie: session=1"), true},
		{"Cookie, another", "Vary: Cookie", get(old, "Cookie: session=1"), get(old, "Cookie: session=2"), false},
		{"Cookie, one more", "Vary: Cookie", get(old), get(old, "Cookie: session=1"), false},
		{"Cookie, cut elsewhere", "Vary: Cookie", get("Cookie: session=1", "Cookie: 2"), get("Cookie: session=", "Cookie: 12"), false},
		{"X-Api-Key, another", "Vary: X-Api-Key", get(old, "X-Api-Key: key-one"), get(old, "X-Api-Key: key-two"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := &origin{header: header(fresh)}
			if tt.vary != "" {
				o.header = header(fresh, tt.vary)
			}
			c := &Cache{Identify: func(*http.Request) (Identity, error) { return Identity{Subject: "alice"}, nil }}
			h := c.Handler(o)
			ask(h, tt.first)
			ask(h, tt.second)
			if hit := o.calls.Load() == 1; hit != tt.hit {
				t.Errorf("hit = %v, want %v", hit, tt.hit)
			}
			for _, rec := range c.state.memory.records.All() {
				for i := range rec.variants {
					v := &rec.variants[i]
					kept := fmt.Sprintf("%+v", v)
					for name, value := range v.Selecting() {
						kept += name + value
					}
					if strings.Contains(kept, "token") || strings.Contains(kept, "session=") || strings.Contains(kept, "key-one") {
						t.Errorf("a record keeps %s", kept)
					}
				}
			}
		})
	}
}

// TestFields says of request fields what becomes of a request that carries one beside nothing else,
// and beside a bearer: whether it may be stored and found again.
func TestFields(t *testing.T) {
	const neutral, strange, credential = "neutral", "strange", "credential"
	for kind, names := range map[string]string{
		neutral: `Accept Accept-Language Origin Referer User-Agent X-Requested-With Sec-Fetch-Site Sec-Ch-Ua Sec-Ch-Ua-Full-Version-List
			Sec-Gpc Dnt Traceparent Tracestate X-B3-Traceid X-B3-Sampled B3 X-Amzn-Trace-Id X-Cloud-Trace-Context X-Datadog-Trace-Id
			Cf-Ray Cdn-Loop X-Request-Id X-Envoy-Expected-Rq-Timeout-Ms Via Early-Data Proxy-Connection`,
		strange: `From X-Domain Cf-Connecting-Ip X-Client-Ip True-Client-Ip X-Real-Ip X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto Forwarded
			X-Original-Url X-Http-Method-Override Baggage X-Client-Version X-Client-Data X-Envoy-External-Address X-Api-Version X-Device-Id
			X-Ms-Client-Request-Id X-Goog-Api-Client X-Amz-User-Agent Apollographql-Client-Name Sec-Made-Up`,
		credential: `X-Client-Dn X-Ssl-Client-Dn Ssl-Client-S-Dn X-Client-Verify X-Consumer-Id X-Consumer-Username X-Client-Id Client-Id X-Clientid
			X-Ticket X-Pin X-Otp X-Pwd X-Pass X-Act-As X-Run-As X-Team X-Member-Id X-Actor X-Sudo X_client_id X-Tenantid X-Userid Userid
			X-Ssl-Client-Verify X-Forwarded-User X-Forwarded-Client-Cert Proxy-Authorization`,
	} {
		for name := range strings.FieldsSeq(names) {
			hit := func(as ...string) bool {
				o := &origin{header: header(fresh)}
				h := new(Cache).Handler(o)
				ask(h, get(as...))
				ask(h, get(as...))
				return o.calls.Load() == 1
			}
			if got := hit(name + ": 1"); got != (kind != credential) {
				t.Errorf("%s alone is %s: hit = %v", name, kind, got)
			}
			o := &origin{header: header(fresh)}
			h := new(Cache).Handler(o)
			ask(h, get(name+": 1"))
			ask(h, get(name+": 2"))
			if got := o.calls.Load() == 1; got != (kind == neutral) {
				t.Errorf("%s of another value is %s: hit = %v", name, kind, got)
			}
			if got := hit(name+": 1", "Authorization: Bearer a"); got == (kind == credential) {
				t.Errorf("%s beside a bearer is %s: hit = %v", name, kind, got)
			}
		}
	}
}

// What stands before the cache says by whom a field is set.
func TestTrustedFields(t *testing.T) {
	o := &origin{header: header(fresh)}
	h := (&Cache{TrustedFields: []string{"x-forwarded-for", "X-Forwarded-Host"}}).Handler(o)
	for _, tt := range []struct {
		as    []string
		calls int64
	}{
		{[]string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Host: api.test"}, 1},
		{[]string{"X-Forwarded-For: 192.0.2.2", "X-Forwarded-Host: api.test"}, 1},
		{nil, 1},
		{[]string{"X-Forwarded-Proto: https"}, 2},
		{[]string{"X-Forwarded-For: 192.0.2.1", "Connection: X-Forwarded-For"}, 3},
	} {
		if ask(h, get(tt.as...)); o.calls.Load() != tt.calls {
			t.Errorf("%q: %d calls, want %d", tt.as, o.calls.Load(), tt.calls)
		}
	}
	// Where the origin does answer by one, its Vary is obeyed.
	o = &origin{header: header(fresh, "Vary: X-Forwarded-For")}
	h = (&Cache{TrustedFields: []string{"X-Forwarded-For"}}).Handler(o)
	ask(h, get("X-Forwarded-For: 192.0.2.1"))
	if ask(h, get("X-Forwarded-For: 192.0.2.2")); o.calls.Load() != 2 {
		t.Error("Vary by a trusted field was ignored")
	}
}

// Without the secret nobody can tell whose a digest is, and without one given nobody else has it.
func TestDigestsNeedTheSecret(t *testing.T) {
	one, two := []byte("0123456789abcdef"), []byte("fedcba9876543210")
	for _, tt := range []struct {
		name string
		a, b []byte
		same bool
	}{{"the same", one, one, true}, {"another", one, two, false}, {"none", nil, nil, false}, {"none and one", nil, one, false}} {
		partition := func(secret []byte) Partition {
			c := &Cache{Secret: secret}
			c.init()
			return c.identify(get("Authorization: Bearer a"), time.Now(), false).partition
		}
		if same := partition(tt.a) == partition(tt.b); same != tt.same {
			t.Errorf("%s: one digest = %v", tt.name, same)
		}
	}
}

// No two identities share a partition, however their texts are cut.
func TestPartitionIsInjective(t *testing.T) {
	texts := []string{"", "a", "b", "ab", "\x01a", "a\x01", "\x00", "s", "i"}
	seen := map[Partition]Identity{Shared: Anonymous, {}: {}}
	for _, issuer := range texts {
		for _, subject := range texts {
			for _, scope := range texts {
				id := Identity{Issuer: issuer, Subject: subject, Scope: scope}
				if subject == "" {
					if p := id.Partition(); p != (Partition{}) {
						t.Fatalf("%+v has partition %q", id, p.name)
					}
					continue
				}
				if other, ok := seen[id.Partition()]; ok {
					t.Fatalf("%+v and %+v share a partition", id, other)
				}
				seen[id.Partition()] = id
			}
		}
	}
}

func TestPolicy(t *testing.T) {
	bearer := "Authorization: Bearer a"
	for _, tt := range []struct {
		name   string
		policy Policy
		origin http.Header
		hit    bool // for the same bearer
		shared bool // for another bearer and for nobody
	}{
		{"lifetime, nothing said", Policy{Lifetime: time.Minute}, nil, true, false},
		{"lifetime, private said", Policy{Lifetime: time.Minute}, header("Cache-Control: private"), true, false},
		{"lifetime, no-store said", Policy{Lifetime: time.Minute}, header("Cache-Control: no-store"), false, false},
		{"lifetime, no-cache said", Policy{Lifetime: time.Minute}, header("Cache-Control: no-cache"), false, false},
		{"lifetime, max-age=0 said", Policy{Lifetime: time.Minute}, header("Cache-Control: max-age=0"), false, false},
		{"lifetime, Expires in the past", Policy{Lifetime: time.Minute}, header("Expires: 0"), false, false},
		{"off", Policy{Off: true, Lifetime: time.Minute}, header(fresh), false, false},
		{"public", Policy{Public: true}, header(fresh), true, true},
		{"public, private said", Policy{Public: true}, header("Cache-Control: private, max-age=60"), false, false},
		{"public, Set-Cookie", Policy{Public: true}, header(fresh, "Set-Cookie: a=1"), false, false},
		{"public, lifetime", Policy{Public: true, Lifetime: time.Minute}, nil, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := &origin{header: tt.origin}
			c := &Cache{Policy: func(*http.Request) Policy { return tt.policy }}
			h := c.Handler(o)
			ask(h, get(bearer))
			for _, again := range []struct {
				as  *http.Request
				hit bool
			}{{get(bearer), tt.hit}, {get("Authorization: Bearer b"), tt.shared}, {get(), tt.shared}} {
				before := o.calls.Load()
				ask(h, again.as)
				if hit := o.calls.Load() == before; hit != again.hit {
					t.Errorf("%v: hit = %v, want %v", again.as.Header, hit, again.hit)
				}
			}
		})
	}
}

// What a public route's origin answers cannot depend on who asks: it never learns it.
func TestPublicRouteHidesCredentials(t *testing.T) {
	var seen http.Header
	c := &Cache{Policy: func(*http.Request) Policy { return Policy{Public: true} }, TrustedFields: []string{"x-forwarded-proto"}}
	h := c.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header }))
	sent := get("Authorization: Bearer a", "Cookie: s=1", "X-Api-Key: k", "X-Auth-Token: t", "X-Any: eyJhbGciOiJub25lIn0.e30.", "Accept: */*",
		"X-Thing: 1", "From: alice@example.com", "Forwarded: host=evil.test", "X-Forwarded-Host: evil.test", "X-Forwarded-Proto: https")
	sent.Header["accept-language"] = []string{"de"}
	ask(h, sent)
	if diff := cmp.Diff(header("Accept: */*", "X-Forwarded-Proto: https"), seen); diff != "" {
		t.Errorf("the origin saw (-want +got):\n%s", diff)
	}
	if got := sent.Header.Get("X-Thing"); got != "1" {
		t.Error("the caller's request was changed")
	}
	// What is not stored may depend on more: a POST says what it is about.
	ask(h, request("POST", "http://api.test/me", "Authorization: Bearer a", "X-Auth-Token: t", "X-Thing: 1"))
	if diff := cmp.Diff(header("X-Thing: 1"), seen); diff != "" {
		t.Errorf("for a POST the origin saw (-want +got):\n%s", diff)
	}
	if sent.Header.Get("Authorization") == "" {
		t.Error("the caller's request was changed")
	}
}

func TestConditional(t *testing.T) {
	modified := "Thu, 01 Jan 2026 00:00:00 GMT"
	for _, tt := range []struct {
		name   string
		asked  []string
		status int
	}{
		{"the entity tag", []string{`If-None-Match: "1"`}, 304},
		{"weakly", []string{`If-None-Match: W/"1"`}, 304},
		{"in a list", []string{`If-None-Match: "0", "1"`}, 304},
		{"in the second line", []string{`If-None-Match: "0"`, `If-None-Match: "1"`}, 304},
		{"another", []string{`If-None-Match: "2"`, "If-Modified-Since: " + modified}, 200},
		{"unquoted", []string{`If-None-Match: 1`}, 200},
		{"the date", []string{"If-Modified-Since: " + modified}, 304},
		{"an asterisk", []string{"If-None-Match: *"}, 304},
		{"an earlier date", []string{"If-Modified-Since: Wed, 31 Dec 2025 23:59:59 GMT"}, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := &origin{header: header(fresh, `Etag: "1"`, "Last-Modified: "+modified)}
			h := new(Cache).Handler(o)
			alice := "Authorization: Bearer alice"
			ask(h, get(alice))
			resp := ask(h, get(append(tt.asked, alice)...))
			if resp.StatusCode != tt.status || o.calls.Load() != 1 {
				t.Errorf("status %d after %d calls, want %d after 1", resp.StatusCode, o.calls.Load(), tt.status)
			}
			if b := text(t, resp); (b == "") != (tt.status == 304) {
				t.Errorf("body %q", b)
			}
			// A guessed entity tag confirms nothing to another reader: the origin answers.
			if ask(h, get(append(tt.asked, "Authorization: Bearer bob")...)); o.calls.Load() != 2 {
				t.Error("another reader's condition was answered from alice's response")
			}
		})
	}
}

// Conditions for the origin to judge go to it (RFC 9111 §4.3.2), whatever is stored.
func TestConditionsForTheOrigin(t *testing.T) {
	o := &origin{header: header(fresh, `Etag: "1"`)}
	h := new(Cache).Handler(o)
	ask(h, get())
	for i, asked := range []string{`If-Match: "2"`, "If-Unmodified-Since: Thu, 01 Jan 2026 00:00:00 GMT"} {
		if ask(h, get(asked)); o.calls.Load() != int64(i)+2 {
			t.Errorf("%s: %d calls", asked, o.calls.Load())
		}
	}
}

func TestInformationalAndFlush(t *testing.T) {
	o := &origin{header: header(fresh), before: func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.(http.Flusher).Flush()
		http.NewResponseController(w).Flush()
	}}
	srv := httptest.NewServer(new(Cache).Handler(o))
	defer srv.Close()
	for range 2 {
		resp, err := srv.Client().Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 200 || text(t, resp) == "" {
			t.Errorf("status %d", resp.StatusCode)
		}
		resp.Body.Close()
	}
	if o.calls.Load() != 1 {
		t.Error("a flushed response was not stored")
	}
}

func TestEventsCarryNoToken(t *testing.T) {
	var events []Event
	c := &Cache{Observe: func(e Event) { events = append(events, e) }, Logger: slog.New(slog.DiscardHandler)}
	h := c.Handler(&origin{header: header(fresh)})
	ask(h, get("Authorization: Bearer alice"))
	ask(h, get("Authorization: Bearer alice"))
	ask(h, get("Authorization: Bearer a, b"))
	ask(h, get())
	type brief struct{ Reason, Detail, Store string }
	want := []brief{{"uri-miss", "", "stored"}, {"hit", "", ""}, {"bypass", "credentials", ""}, {"uri-miss", "", "stored"}}
	var got []brief
	for _, e := range events {
		got = append(got, brief{e.Reason, e.Detail, e.Store})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p := events[0].Partition(); len(p) != 12 || p != events[1].Partition() {
		t.Errorf("partitions %q and %q", p, events[1].Partition())
	}
	if events[2].Partition() != "none" || events[3].Partition() != "shared" {
		t.Errorf("partitions %q, %q", events[2].Partition(), events[3].Partition())
	}
}

// Content in a GET has no defined meaning (RFC 9110 §9.3.1), and there are origins that answer by it.
// Over a connection, since net/http decides what counts as content.
func TestGetWithContentIsNotCached(t *testing.T) {
	o := &origin{header: header(fresh)}
	server := httptest.NewServer(new(Cache).Handler(o))
	defer server.Close()
	for _, tt := range []struct {
		name   string
		body   io.Reader
		status string
	}{
		{"nothing", nil, "bearcache; fwd=uri-miss; fwd-status=200; stored"},
		{"a body", strings.NewReader("q=1"), "bearcache; fwd=bypass; fwd-status=200; detail=body"},
		{"a body of unknown length", io.MultiReader(strings.NewReader("q=1")), "bearcache; fwd=bypass; fwd-status=200; detail=body"},
		{"nothing again", nil, "bearcache; hit; ttl=60"},
	} {
		r, err := http.NewRequest("GET", server.URL+"/search", tt.body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Cache-Status"); got != tt.status {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.status)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []*Cache{{Secret: []byte("short")}, {Memory: -1}, {MaxBody: 1 << 40},
		{TrustedFields: []string{"cookie"}}, {TrustedFields: []string{"X-Tenant"}, Credentials: []string{"x-tenant"}}, {TrustedFields: []string{"Via "}}} {
		if c.Check() == nil {
			t.Errorf("%+v was accepted", c.Secret)
		}
	}
}

func TestVariantsAreBounded(t *testing.T) {
	o := &origin{header: header("Cache-Control: public, max-age=60", "Vary: X-V")}
	c := &Cache{MaxVariants: 3}
	h := c.Handler(o)
	for i := range 10 {
		ask(h, get("X-V: "+strconv.Itoa(i)))
	}
	rec := c.state.memory.get(Key{Shared, "http://api.test/me"})
	if len(rec.variants) != 3 {
		t.Errorf("%d variants", len(rec.variants))
	}
	if ask(h, get("X-V: 9")); o.calls.Load() != 10 {
		t.Error("the newest variant went first")
	}
}
