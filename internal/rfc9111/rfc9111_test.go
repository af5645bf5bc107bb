package rfc9111

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bearcache/bearcache/internal/httpfield"
)

func head(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		h.Add(name, strings.TrimSpace(value))
	}
	return h
}

func get(lines ...string) Request {
	h := head(lines...)
	return Request{Method: "GET", Header: h, Authorized: h.Get("Authorization") != ""}
}

func ok(lines ...string) Response { return Response{Status: 200, Header: head(lines...)} }

const date = "Date: Thu, 01 Jan 2026 00:00:00 GMT"

// noon is when responses arrive: the moment that date names.
var noon = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// with is resp with a field whose name is spelled as it stands here.
func with(resp Response, name, value string) Response {
	resp.Header[name] = []string{value}
	return resp
}

func assigned(status int, lines ...string) Response {
	return Response{Status: status, Header: head(lines...), Default: time.Minute}
}

func alike(req Request) Request {
	req.Alike = true
	return req
}

// strange is a request with a field of unknown meaning.
func strange(lines ...string) Request {
	req := get(lines...)
	req.Unknown = true
	return req
}

func rerouted(lines ...string) Request {
	req := strange(lines...)
	req.Rerouted = true
	return req
}

// One row for each sentence of §3 and §5.2 that decides about storing.
func TestStorable(t *testing.T) {
	bearer := "Authorization: Bearer a"
	for _, tt := range []struct {
		name string
		kind Kind
		req  Request
		resp Response
		want Reason
	}{
		{"max-age (§5.2.2.1)", SharedCache, get(), ok("Cache-Control: max-age=1"), Kept},
		{"s-maxage in a shared cache (§5.2.2.10)", SharedCache, get(), ok("Cache-Control: s-maxage=1"), Kept},
		{"s-maxage means nothing to a private cache", PrivateCache, get(), ok("Cache-Control: s-maxage=1"), NoLifetime},
		{"s-maxage=0 over max-age in a shared cache", SharedCache, get(), ok("Cache-Control: s-maxage=0, max-age=60"), NoLifetime},
		{"s-maxage=0 under max-age in a private cache", PrivateCache, get(), ok("Cache-Control: s-maxage=0, max-age=60"), Kept},
		{"Expires after Date (§5.3)", SharedCache, get(), ok(date, "Expires: Thu, 01 Jan 2026 00:00:01 GMT"), Kept},
		{"Expires before Date", SharedCache, get(), ok(date, "Expires: Wed, 31 Dec 2025 00:00:00 GMT"), NoLifetime},
		{"Expires: 0", SharedCache, get(), ok(date, "Expires: 0"), NoLifetime},
		{"Expires without Date counts from its arrival (RFC 9110 §6.6.1)", SharedCache, get(), ok("Expires: Thu, 01 Jan 2026 00:00:01 GMT"), Kept},
		{"Expires without Date, at its arrival", SharedCache, get(), ok("Expires: Thu, 01 Jan 2026 00:00:00 GMT"), NoLifetime},
		{"Expires beside a Date that is none", SharedCache, get(), ok("Date: today", "Expires: Thu, 01 Jan 2026 00:00:01 GMT"), Kept},
		{"two ages", SharedCache, get(), ok("Cache-Control: max-age=60", "Age: 0", "Age: 0"), NoLifetime},
		{"a field of unknown meaning, whatever Vary names", SharedCache, strange(), ok("Cache-Control: max-age=60", "Vary: Accept"), UnknownField},
		{"max-age=0 over Expires", SharedCache, get(), ok(date, "Cache-Control: max-age=0", "Expires: Thu, 01 Jan 2099 00:00:01 GMT"), NoLifetime},
		{"nothing but a modification, which a heuristic goes by (§4.2.2)", SharedCache, get(), ok(date, "Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT"), Kept},
		{"a modification, and a word to CDNs that says nothing about time", SharedCache, get(), ok(date, "Last-Modified: Wed, 01 Jan 2020 00:00:00 GMT", "CDN-Cache-Control: foo"), Kept},
		{"public alone: nothing to go by", SharedCache, get(), ok("Cache-Control: public"), NoLifetime},
		{"nothing at all", SharedCache, get(), ok(date), NoLifetime},
		{"a validator alone (§4.3)", PrivateCache, get(bearer), ok(date, `Etag: "1"`), Kept},
		{"a weak validator alone", PrivateCache, get(bearer), ok(date, `Etag: W/"1"`), Kept},
		{"a modification alone", PrivateCache, get(bearer), ok(date, "Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT"), Kept},
		{"a validator in no grammar", PrivateCache, get(bearer), ok(date, "Etag: 1"), NoLifetime},
		{"302 with a validator alone (§3)", PrivateCache, get(bearer), Response{Status: 302, Header: head(`Etag: "1"`)}, NoLifetime},
		{"302 with a validator, private", PrivateCache, get(bearer), Response{Status: 302, Header: head(`Etag: "1"`, "Cache-Control: private")}, NoLifetime},
		{"302 with a validator, private, in a shared cache", SharedCache, get(), Response{Status: 302, Header: head(`Etag: "1"`, "Cache-Control: private")}, Private},
		{"302 with a validator, public", SharedCache, get(), Response{Status: 302, Header: head(`Etag: "1"`, "Cache-Control: public")}, Kept},
		{"302 with a validator and a lifetime that is over", SharedCache, get(), Response{Status: 302, Header: head(`Etag: "1"`, "Cache-Control: max-age=0")}, Kept},
		{"two validators", PrivateCache, get(bearer), ok(date, `Etag: "1"`, `Etag: "2"`), NoLifetime},
		{"a modification that is no date", PrivateCache, get(bearer), ok(date, "Last-Modified: yesterday"), NoLifetime},
		{"stale-while-revalidate alone (RFC 5861 §3)", PrivateCache, get(bearer), ok("Cache-Control: max-age=0, stale-while-revalidate=9"), Kept},
		{"stale-while-revalidate that must not be stale", PrivateCache, get(bearer), ok("Cache-Control: max-age=0, stale-while-revalidate=9, must-revalidate"), NoLifetime},
		{"older than its lifetime on arrival", SharedCache, get(), ok("Cache-Control: max-age=60", "Age: 60"), NoLifetime},
		{"an Age that is no number", SharedCache, get(), ok("Cache-Control: max-age=60", "Age: old"), NoLifetime},
		{"older than its lifetime by its Date (§4.2.3)", SharedCache, get(), ok("Cache-Control: max-age=60", "Date: Wed, 31 Dec 2025 23:59:00 GMT"), NoLifetime},
		{"younger than its lifetime by its Date", SharedCache, get(), ok("Cache-Control: max-age=60", "Date: Wed, 31 Dec 2025 23:59:01 GMT"), Kept},
		{"a Date of the year 1", SharedCache, get(), ok("Cache-Control: max-age=60", "Date: Mon, 01 Jan 0001 00:00:00 GMT"), NoLifetime},
		{"a Date of the year 1, and Expires today", SharedCache, get(), ok("Date: Mon, 01 Jan 0001 00:00:00 GMT", "Expires: Thu, 01 Jan 2026 00:00:01 GMT"), NoLifetime},
		{"no-store (§5.2.2.5)", PrivateCache, get(), ok("Cache-Control: max-age=60, no-store"), NoStore},
		{"no-store with an argument", PrivateCache, get(), ok("Cache-Control: max-age=60, no-store=x"), NoStore},
		{"NO-STORE", PrivateCache, get(), ok("Cache-Control: max-age=60, NO-STORE"), NoStore},
		{"no-store in a second line", PrivateCache, get(), ok("Cache-Control: max-age=60", "Cache-Control: no-store"), NoStore},
		{"no-store over public", SharedCache, get(), ok("Cache-Control: public, max-age=60, no-store"), NoStore},
		{"no-cache without a validator: of no use (§5.2.2.4)", PrivateCache, get(), ok("Cache-Control: max-age=60, no-cache"), NoLifetime},
		{"no-cache with one", PrivateCache, get(), ok("Cache-Control: max-age=60, no-cache", `Etag: "1"`), Kept},
		{`no-cache="X": stricter than the RFC`, PrivateCache, get(), ok(`Cache-Control: max-age=60, no-cache="X"`), NoLifetime},
		{"no-store, must-understand, and understood (§5.2.2.3)", PrivateCache, get(), ok("Cache-Control: max-age=60, no-store, must-understand"), Kept},
		{"must-understand, and not understood", SharedCache, get(), Response{Status: 299, Header: head("Cache-Control: max-age=60, must-understand")}, NoStore},
		{"no-store, must-understand, and not understood", SharedCache, get(), Response{Status: 599, Header: head("Cache-Control: max-age=60, no-store, must-understand")}, NoStore},
		{"CDN-Cache-Control in place of Cache-Control (RFC 9213 §2.2)", SharedCache, get(), ok("Cache-Control: no-store", "CDN-Cache-Control: max-age=60"), Kept},
		{"CDN-Cache-Control means nothing to a private cache", PrivateCache, get(), ok("Cache-Control: no-store", "CDN-Cache-Control: max-age=60"), NoStore},
		{"CDN-Cache-Control: no-store over max-age", SharedCache, get(), ok("Cache-Control: max-age=60", "CDN-Cache-Control: no-store"), NoStore},
		{"the release is the selected field's: none", SharedCache, get(bearer), ok("Cache-Control: public", "CDN-Cache-Control: max-age=60"), Authorization},
		{"the release is the selected field's: s-maxage", SharedCache, get(bearer), ok("Cache-Control: private", "CDN-Cache-Control: s-maxage=60"), Kept},
		{"Expires counts for nothing beside CDN-Cache-Control", SharedCache, get(), ok(date, "Expires: Thu, 01 Jan 2099 00:00:01 GMT", "CDN-Cache-Control: public"), NoLifetime},
		{"a CDN-Cache-Control that cannot be read is not there", SharedCache, get(), ok("Cache-Control: max-age=60", "CDN-Cache-Control: max-age=60, ="), Kept},
		{"Surrogate-Control in place of Cache-Control", SharedCache, get(), ok("Cache-Control: no-store", "Surrogate-Control: max-age=60"), Kept},
		{"Surrogate-Control for others", SharedCache, get(), ok("Cache-Control: no-store", "Surrogate-Control: max-age=60;others"), NoStore},
		{"of those who are alike, kept from all others", SharedCache, alike(get(bearer)), ok("Cache-Control: private", "CDN-Cache-Control: max-age=60"), Private},
		{"kept from all but one field's readers", SharedCache, alike(get(bearer)), ok(`Cache-Control: private="x"`, "Surrogate-Control: max-age=60"), Private},
		{"kept from all others by a word to other CDNs", SharedCache, alike(get(bearer)), ok("CDN-Cache-Control: max-age=60", "Cloudflare-CDN-Cache-Control: private"), Private},
		{"kept from surrogates", SharedCache, alike(get(bearer)), ok("CDN-Cache-Control: max-age=60", "Surrogate-Control: no-store"), Private},
		{"kept from every cache", SharedCache, alike(get(bearer)), ok("Cache-Control: no-store", "Surrogate-Control: max-age=60"), Private},
		{"kept from nobody knows whom", SharedCache, alike(get(bearer)), ok(`Cache-Control: x="`, "CDN-Cache-Control: max-age=60"), Private},
		{"of those who are alike, as CDNs are told", SharedCache, alike(get(bearer)), ok("Cache-Control: max-age=1", "CDN-Cache-Control: max-age=60"), Kept},
		{"private in a shared cache (§5.2.2.7)", SharedCache, get(), ok("Cache-Control: max-age=60, private"), Private},
		{`private="X" in a shared cache: stricter than the RFC`, SharedCache, get(), ok(`Cache-Control: max-age=60, private="X"`), Private},
		{"private in a private cache", PrivateCache, get(bearer), ok("Cache-Control: max-age=60, private"), Kept},
		{"private over public", SharedCache, get(), ok("Cache-Control: public, private, max-age=60"), Private},
		{"shared, authorised, max-age only (§3.5)", SharedCache, get(bearer), ok("Cache-Control: max-age=60"), Authorization},
		{"shared, authorised, Expires only", SharedCache, get(bearer), ok(date, "Expires: Thu, 01 Jan 2099 00:00:01 GMT"), Authorization},
		{"shared, authorised, proxy-revalidate", SharedCache, get(bearer), ok("Cache-Control: proxy-revalidate, max-age=60"), Authorization},
		{"shared, authorised, Vary: Authorization does not release", SharedCache, get(bearer), ok("Cache-Control: max-age=60", "Vary: Authorization"), Authorization},
		{"shared, authorised, public", SharedCache, get(bearer), ok("Cache-Control: public, max-age=60"), Kept},
		{"shared, authorised, must-revalidate", SharedCache, get(bearer), ok("Cache-Control: must-revalidate, max-age=60"), Kept},
		{"shared, authorised, s-maxage", SharedCache, get(bearer), ok("Cache-Control: s-maxage=60"), Kept},
		{"private, authorised, max-age", PrivateCache, get(bearer), ok("Cache-Control: max-age=60"), Kept},
		{"request no-store (§5.2.1.5)", PrivateCache, get("Cache-Control: no-store"), ok("Cache-Control: max-age=60"), RequestNoStore},
		{"Vary: * (§4.1)", PrivateCache, get(), ok("Cache-Control: max-age=60", "Vary: *"), VaryAny},
		{"Vary that cannot be read", PrivateCache, get(), ok("Cache-Control: max-age=60", "Vary: a b"), VaryAny},
		{"Set-Cookie: stricter than the RFC", PrivateCache, get(), ok("Cache-Control: max-age=60", "Set-Cookie: a=1"), SetCookie},
		{"a permission with an argument is none (§3.5)", SharedCache, get(bearer), ok("Cache-Control: public=x, max-age=60"), Authorization},
		{"must-revalidate with an argument releases nothing", SharedCache, get(bearer), ok("Cache-Control: must-revalidate=x, max-age=60"), Authorization},
		{"an s-maxage that is no number releases nothing", SharedCache, get(bearer), ok("Cache-Control: s-maxage=x", `Etag: "1"`), Authorization},
		{"must-understand with an argument permits nothing", PrivateCache, get(), ok("Cache-Control: max-age=60, no-store, must-understand=x"), NoStore},
		{"a second word may be what forbids", SharedCache, get(), ok("Cache-Control: max-age=60, public; no-store"), Malformed},
		{"of the wrong type in CDN-Cache-Control", SharedCache, get(bearer), ok(`CDN-Cache-Control: must-revalidate=1, max-age=60`), Authorization},
		{"a quote never closed", PrivateCache, get(), ok(`Cache-Control: max-age=60, x="`), Malformed},
		{"no-store in lower case", PrivateCache, get(), with(ok("Cache-Control: max-age=60"), "cache-control", "no-store"), Malformed},
		{"no-store after a space", PrivateCache, get(), with(ok("Cache-Control: max-age=60"), "Cache-Control ", "no-store"), Malformed},
		{"set-cookie in lower case", PrivateCache, get(), with(ok("Cache-Control: max-age=60"), "set-cookie", "a=1"), Malformed},
		{"any name in another spelling", PrivateCache, get(), with(ok("Cache-Control: max-age=60"), "ETag", `"1"`), Malformed},
		{"a field of unknown meaning, max-age", SharedCache, strange(), ok("Cache-Control: max-age=60"), UnknownField},
		{"a field of unknown meaning, Expires", SharedCache, strange(), ok(date, "Expires: Thu, 01 Jan 2099 00:00:01 GMT"), UnknownField},
		{"a field of unknown meaning, must-revalidate", SharedCache, strange(), ok("Cache-Control: must-revalidate, max-age=60"), UnknownField},
		{"a field of unknown meaning, an assigned lifetime", SharedCache, strange(), assigned(200), UnknownField},
		{"a field of unknown meaning, public", SharedCache, strange(), ok("Cache-Control: public, max-age=60"), Kept},
		{"a field of unknown meaning, s-maxage", SharedCache, strange(), ok("Cache-Control: s-maxage=60"), Kept},
		{"a field of unknown meaning in a private cache", PrivateCache, strange(), ok("Cache-Control: max-age=60"), Kept},
		{"a field that names another target, public", SharedCache, rerouted(), ok("Cache-Control: public, max-age=60"), UnknownField},
		{"a field that names another target in a private cache", PrivateCache, rerouted(), ok("Cache-Control: max-age=60"), Kept},
		{"HEAD", PrivateCache, Request{Method: "HEAD"}, ok("Cache-Control: max-age=60"), Method},
		{"POST", PrivateCache, Request{Method: "POST"}, ok("Cache-Control: max-age=60"), Method},
		{"206 (§3.3)", PrivateCache, get(), Response{Status: 206, Header: head("Cache-Control: max-age=60")}, Partial},
		{"200 with Content-Range, which means nothing there (RFC 9110 §14.4)", PrivateCache, get(), ok("Cache-Control: max-age=60", "Content-Range: bytes 0-1/2"), Kept},
		{"304", PrivateCache, get(), Response{Status: 304, Header: head("Cache-Control: max-age=60")}, Status},
		{"404 with max-age", PrivateCache, get(), Response{Status: 404, Header: head("Cache-Control: max-age=60")}, Kept},
		{"an unknown status in a reader's cache", PrivateCache, get(), Response{Status: 299, Header: head("Cache-Control: max-age=60")}, Status},
		{"an unknown status with a lifetime of its own (§3)", SharedCache, get(), Response{Status: 299, Header: head("Cache-Control: max-age=60")}, Kept},
		{"an unknown status that could be validated", SharedCache, get(), Response{Status: 299, Header: head(`Etag: "1"`)}, NoLifetime},
		{"an unknown status, guessed", SharedCache, get(), Response{Status: 299, Header: head(date, "Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT")}, NoLifetime},
		{"an error in a reader's cache", PrivateCache, get(bearer), Response{Status: 500, Header: head("Cache-Control: max-age=60")}, Status},
		{"400 in a reader's cache", PrivateCache, get(bearer), Response{Status: 400, Header: head("Cache-Control: max-age=60")}, Status},
		{"an error with a lifetime of its own", SharedCache, get(), Response{Status: 500, Header: head("Cache-Control: max-age=60")}, Kept},
		{"an error that may be stale", SharedCache, get(), Response{Status: 500, Header: head("Cache-Control: max-age=0, stale-while-revalidate=60")}, NoLifetime},
		{"an error older than errors get", SharedCache, get(), Response{Status: 500, Header: head("Cache-Control: max-age=60", "Age: 10")}, NoLifetime},
		{"401 with a lifetime", SharedCache, get(), Response{Status: 401, Header: head("Cache-Control: public, max-age=60")}, Status},
		{"403 with a lifetime", SharedCache, get(), Response{Status: 403, Header: head("Cache-Control: public, max-age=60")}, Status},
		{"407 with a lifetime", SharedCache, get(), Response{Status: 407, Header: head("Cache-Control: public, max-age=60")}, Status},
		{"429 with a lifetime", SharedCache, get(), Response{Status: 429, Header: head("Cache-Control: public, max-age=60")}, Status},
		{"412 with a lifetime", SharedCache, get(), Response{Status: 412, Header: head("Cache-Control: public, max-age=60")}, Status},
		{"1xx", SharedCache, get(), Response{Status: 101, Header: head("Cache-Control: public, max-age=60")}, Status},
		{"a status that is none", SharedCache, get(), Response{Status: 999, Header: head("Cache-Control: public, max-age=60")}, Status},
		{"assigned lifetime, nothing said", SharedCache, get(), Response{Status: 200, Header: head(), Default: time.Minute}, Kept},
		{"assigned lifetime, public said", SharedCache, get(), Response{Status: 200, Header: head("Cache-Control: public"), Default: time.Minute}, Kept},
		{"assigned lifetime, must-revalidate said", SharedCache, get(), Response{Status: 200, Header: head("Cache-Control: must-revalidate"), Default: time.Minute}, NoLifetime},
		{"assigned lifetime, a CDN spoken to", PrivateCache, get(), assigned(200, "CDN-Cache-Control: no-store"), NoLifetime},
		{"assigned lifetime, one CDN spoken to", PrivateCache, get(), assigned(200, "Cloudflare-CDN-Cache-Control: max-age=0"), NoLifetime},
		{"assigned lifetime, a surrogate spoken to", PrivateCache, get(), assigned(200, "Surrogate-Control: no-store"), NoLifetime},
		{"assigned lifetime, nginx spoken to", PrivateCache, get(), assigned(200, "X-Accel-Expires: 0"), NoLifetime},
		{"assigned lifetime, Akamai spoken to", PrivateCache, get(), assigned(200, "Edge-Control: no-store"), NoLifetime},
		{"assigned lifetime, 203", PrivateCache, get(), assigned(203), Kept},
		{"assigned lifetime, 204", PrivateCache, get(), assigned(204), Kept},
		{"assigned lifetime, 404", PrivateCache, get(), assigned(404), Kept},
		{"assigned lifetime, 410", PrivateCache, get(), assigned(410), Kept},
		{"assigned lifetime, 301", PrivateCache, get(), assigned(301), NoLifetime},
		{"assigned lifetime, 302: not heuristically cacheable (RFC 9110 §15.1)", PrivateCache, get(), assigned(302), NoLifetime},
		{"assigned lifetime, 303", PrivateCache, get(), assigned(303), NoLifetime},
		{"assigned lifetime, 307", PrivateCache, get(), assigned(307), NoLifetime},
		{"302 with a lifetime of its own", PrivateCache, get(), Response{Status: 302, Header: head("Cache-Control: max-age=60")}, Kept},
		{"assigned lifetime, less than nothing", PrivateCache, get(), Response{Status: 200, Header: head(), Default: -time.Minute}, NoLifetime},
		{"assigned lifetime, Pragma said", SharedCache, get(), Response{Status: 200, Header: head("Pragma: no-cache"), Default: time.Minute}, NoLifetime},
		{"assigned lifetime, private said to a shared cache", SharedCache, get(), Response{Status: 200, Header: head("Cache-Control: private"), Default: time.Minute}, Private},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stored, got := Storable(tt.kind, tt.req, tt.resp, noon, noon)
			if got != tt.want || stored != (tt.want == Kept) {
				t.Errorf("%v, %s; want %s", stored, got, tt.want)
			}
		})
	}
}

func TestChoose(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	keep := func(req Request, at time.Duration, lines ...string) Stored {
		return Keep(PrivateCache, req, ok(lines...), start.Add(at), start.Add(at))
	}
	plain := keep(get(), 0, "Cache-Control: max-age=60")
	german := keep(get("Accept-Language: de"), 0, "Cache-Control: max-age=60", "Vary: Accept-Language")
	english := keep(get("Accept-Language: en"), 0, "Cache-Control: max-age=60", "Vary: accept-language")
	newer := keep(get("Accept-Language: de"), 5*time.Second, "Cache-Control: max-age=60", "Vary: Accept-Language")
	aged := keep(get(), 0, "Cache-Control: max-age=60", "Age: 30")
	forAll := func(req Request, lines ...string) Stored {
		return Keep(SharedCache, req, ok(lines...), start, start)
	}
	plainForAll := forAll(get(), "Cache-Control: max-age=60")
	public := forAll(get(), "Cache-Control: public, max-age=60")
	shared := forAll(get(), "Cache-Control: s-maxage=60, max-age=60")
	released := forAll(get(), "Cache-Control: must-revalidate, max-age=60")
	germanForAll := forAll(get("Accept-Language: de, en"), "Cache-Control: max-age=60", "Vary: Accept-Language", "Content-Language: de")
	germanForOne := keep(get("Accept-Language: de, en"), 0, "Cache-Control: max-age=60", "Vary: Accept-Language", "Content-Language: de")
	silent := keep(get(), 0, "Cache-Control: max-age=60", "Vary: Accept-Language")
	tagged := keep(get(), 0, "Cache-Control: max-age=60", `Etag: "1"`)
	modified := keep(get(), 0, "Cache-Control: max-age=60", "Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT")
	unsure := keep(get(), 0, "Cache-Control: max-age=60, no-cache", `Etag: "1"`)
	lenient := keep(get(), 0, "Cache-Control: max-age=60, stale-while-revalidate=10")
	unsureAndLenient := keep(get(), 0, "Cache-Control: max-age=60, no-cache, stale-while-revalidate=10", `Etag: "1"`)
	strict := keep(get(), 0, "Cache-Control: max-age=60, must-revalidate, stale-while-revalidate=10")
	failed := Keep(SharedCache, get(), Response{Status: 500, Header: head("Cache-Control: max-age=60, stale-while-revalidate=60")}, start, start)
	// It arrived later, by another way, and is the older one.
	detoured := keep(get("Accept-Language: de"), 5*time.Second, "Cache-Control: max-age=60", "Vary: Accept-Language", "Date: Wed, 31 Dec 2025 23:59:55 GMT")
	sameDate := keep(get(), 0, "Cache-Control: max-age=60", date)
	sameDateLater := keep(get(), 5*time.Second, "Cache-Control: max-age=60", date)
	addressed := forAll(get(), "Last-Modified: Wed, 01 Jan 2020 00:00:00 GMT", "CDN-Cache-Control: foo")
	for _, tt := range []struct {
		name   string
		req    Request
		stored List
		after  time.Duration
		action Action
		reason Reason
		index  int
	}{
		{"nothing stored", get(), nil, 0, Forward, URIMiss, -1},
		{"fresh (§4.2)", get(), List{plain}, 59 * time.Second, Reuse, Hit, 0},
		{"as old as its lifetime is stale", get(), List{plain}, 60 * time.Second, Forward, Stale, 0},
		{"stale, with a validator (§4.3.1)", get(), List{tagged}, 60 * time.Second, Validate, Stale, 0},
		{"stale, with a modification", get(), List{modified}, 60 * time.Second, Validate, Stale, 0},
		{"no-cache never without validation (§5.2.2.4)", get(), List{unsure}, 0, Validate, Stale, 0},
		{"stale-while-revalidate (RFC 5861 §3)", get(), List{lenient}, 69 * time.Second, Reuse, Hit, 0},
		{"its window counts from staleness", get(), List{lenient}, 70 * time.Second, Forward, Stale, 0},
		{"not against must-revalidate (§5.2.2.2)", get(), List{strict}, 60 * time.Second, Forward, Stale, 0},
		{"not against no-cache", get(), List{unsureAndLenient}, 60 * time.Second, Validate, Stale, 0},
		{"not of an error", get(), List{failed}, errorLifetime, Forward, Stale, 0},
		{"not against the client's max-age", get("Cache-Control: max-age=60"), List{lenient}, 61 * time.Second, Forward, Stale, 0},
		{"not against the client's min-fresh", get("Cache-Control: min-fresh=0"), List{lenient}, 61 * time.Second, Forward, Stale, 0},
		{"Age on arrival counts (§4.2.3)", get(), List{aged}, 29 * time.Second, Reuse, Hit, 0},
		{"and ends it", get(), List{aged}, 30 * time.Second, Forward, Stale, 0},
		{"a clock a little behind makes nothing younger than new", get(), List{plain}, -skew, Reuse, Hit, 0},
		{"a clock set back makes nothing fresh for longer", get(), List{plain}, -time.Hour, Forward, Stale, 0},
		{"who speaks to CDNs leaves nothing to be guessed", get(), List{addressed}, 0, Validate, Stale, 0},
		{"Vary selects (§4.1)", get("Accept-Language: en"), List{german, english}, 0, Reuse, Hit, 1},
		{"Vary, none matches", get("Accept-Language: fr"), List{german, english}, 0, Forward, VaryMiss, -1},
		{"Vary, absent matches only absent", get(), List{german}, 0, Forward, VaryMiss, -1},
		{"Vary, in the normal form of the field (§4.1)", get("Accept-Language: DE"), List{german}, 0, Reuse, Hit, 0},
		{"Vary, present matches only present", get("Accept-Language:"), List{silent}, 0, Forward, VaryMiss, -1},
		{"Vary, another value", get("Accept-Language: d", "Accept-Language: e"), List{german}, 0, Forward, VaryMiss, -1},
		{"the one language preferred, in a shared cache", get("Accept-Language: fr;q=0.5, de"), List{germanForAll}, 0, Reuse, Hit, 0},
		{"not the one preferred", get("Accept-Language: fr, de;q=0.5"), List{germanForAll}, 0, Forward, VaryMiss, -1},
		{"the one language preferred, in a reader's cache: as it was asked", get("Accept-Language: fr;q=0.5, de"), List{germanForOne}, 0, Forward, VaryMiss, -1},
		{"the most recent of several (§4.1)", get("Accept-Language: de"), List{german, newer}, 6 * time.Second, Reuse, Hit, 1},
		{"the most recent is the one of the later Date", get("Accept-Language: de"), List{german, detoured}, 6 * time.Second, Reuse, Hit, 0},
		{"of one Date the one that arrived later", get(), List{sameDateLater, sameDate}, 6 * time.Second, Reuse, Hit, 0},
		{"a field of unknown meaning in a reader's cache", strange(), List{plain}, 0, Reuse, Hit, 0},
		{"a token, and what was not released (§3.5)", get("Authorization: Bearer a"), List{plainForAll}, 0, Forward, VaryMiss, -1},
		{"a token, and public", get("Authorization: Bearer a"), List{public}, 0, Reuse, Hit, 0},
		{"a token, and must-revalidate", get("Authorization: Bearer a"), List{released}, 0, Reuse, Hit, 0},
		{"a field of unknown meaning, must-revalidate", strange(), List{released}, 0, Forward, VaryMiss, -1},
		{"a field of unknown meaning, only a lifetime", strange(), List{plainForAll}, 0, Forward, VaryMiss, -1},
		{"a field of unknown meaning, public", strange(), List{plainForAll, public}, 0, Reuse, Hit, 1},
		{"a field of unknown meaning, s-maxage", strange(), List{plainForAll, shared}, 0, Reuse, Hit, 1},
		{"no-cache (§5.2.1.4)", get("Cache-Control: no-cache"), List{plain}, 0, Forward, Asked, 0},
		{"No-Cache", get("Cache-Control: No-Cache"), List{plain}, 0, Forward, Asked, 0},
		{"no-cache validates what it can", get("Cache-Control: no-cache"), List{tagged}, 0, Validate, Asked, 0},
		{"no-store (§5.2.1.5)", get("Cache-Control: no-store"), List{plain}, 0, Forward, Asked, -1},
		{"Pragma: no-cache alone (§5.4)", get("Pragma: x, No-Cache"), List{plain}, 0, Forward, Asked, 0},
		{"Pragma beside Cache-Control", get("Pragma: no-cache", "Cache-Control: max-age=9"), List{plain}, 0, Reuse, Hit, 0},
		{"max-age as old (§5.2.1.1)", get("Cache-Control: max-age=10"), List{plain}, 10 * time.Second, Reuse, Hit, 0},
		{"max-age younger", get("Cache-Control: max-age=10"), List{plain}, 11 * time.Second, Forward, Asked, 0},
		{"min-fresh met (§5.2.1.3)", get("Cache-Control: min-fresh=50"), List{plain}, 10 * time.Second, Reuse, Hit, 0},
		{"min-fresh not met", get("Cache-Control: min-fresh=50"), List{plain}, 11 * time.Second, Forward, Asked, 0},
		{"max-stale widens nothing", get("Cache-Control: max-stale"), List{plain}, 61 * time.Second, Forward, Stale, 0},
		{"only-if-cached, fresh (§5.2.1.7)", get("Cache-Control: only-if-cached"), List{plain}, 0, Reuse, Hit, 0},
		{"only-if-cached, nothing", get("Cache-Control: only-if-cached"), nil, 0, Timeout, URIMiss, -1},
		{"only-if-cached, stale", get("Cache-Control: only-if-cached"), List{plain}, time.Hour, Timeout, Stale, -1},
		{"unreadable directives: ask the origin", get(`Cache-Control: max-age="`), List{plain}, 0, Forward, Asked, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, i := Choose(tt.req, tt.stored, start.Add(tt.after))
			if d.Action != tt.action || d.Reason != tt.reason || i != tt.index {
				t.Errorf("%v, %s, %d; want %v, %s, %d", d.Action, d.Reason, i, tt.action, tt.reason, tt.index)
			}
		})
	}
}

func TestAgeAndLifetime(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name     string
		lines    []string
		delay    time.Duration // from request to response
		resident time.Duration
		age      time.Duration
	}{
		{"resident time", nil, 0, 7 * time.Second, 7 * time.Second},
		{"Age and delay", []string{"Age: 10"}, 2 * time.Second, time.Second, 13 * time.Second},
		{"Date in the past", []string{"Date: Wed, 31 Dec 2025 23:59:50 GMT"}, 0, time.Second, 11 * time.Second},
		{"the greater of Date and Age", []string{"Date: Wed, 31 Dec 2025 23:59:50 GMT", "Age: 30"}, 0, 0, 30 * time.Second},
		{"Date in the future", []string{"Date: Fri, 02 Jan 2026 00:00:00 GMT"}, 0, time.Second, time.Second},
		{"Date of the year 1", []string{"Date: Mon, 01 Jan 0001 00:00:00 GMT"}, 0, time.Hour, httpfield.MaxDelta},
		{"Date of the year 1, and an Age", []string{"Date: Mon, 01 Jan 0001 00:00:00 GMT", "Age: 99999999999"}, time.Hour, 100 * 365 * 24 * time.Hour, httpfield.MaxDelta},
		{"an Age that cannot be read", []string{"Age: old"}, 0, 100 * 365 * 24 * time.Hour, httpfield.MaxDelta},
		{"a clock a little behind", nil, 0, -skew, 0},
		{"a clock set back", nil, 0, -skew - 1, httpfield.MaxDelta},
		{"a clock of the year 9999", nil, 0, 1<<63 - 1, httpfield.MaxDelta},
	} {
		s := Keep(SharedCache, get(), ok(tt.lines...), start.Add(-tt.delay), start)
		if got := Age(&s, start.Add(tt.resident)); got != tt.age {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.age)
		}
	}
	if got, _ := Lifetime(SharedCache, get(), ok("Cache-Control: max-age=99999999999"), noon); got != httpfield.MaxDelta {
		t.Errorf("an overflowing lifetime is %v", got)
	}
}

// Fields that the key holds are neither compared nor kept: a token has no place in a record.
func TestKeyedFieldsAreNotKept(t *testing.T) {
	req := get("Authorization: Bearer secret", "Accept-Language: de")
	req.Keyed = []string{"Authorization"}
	s := Keep(PrivateCache, req, ok("Cache-Control: max-age=60", "Vary: authorization, Accept-Language"), time.Time{}, time.Time{})
	if kept := slices.Collect(s.vary.all()); len(kept) != 1 || kept[0].name != "Accept-Language" || kept[0].value != "de" {
		t.Errorf("kept %q", s.vary.packed.Value())
	}
}

// Fields that no key holds and no record may: compared, and kept as what stands for them.
func TestVeiledFieldsAreCompared(t *testing.T) {
	veiled := func(lines ...string) Request {
		req := get(lines...)
		req.Veiled = []string{"Authorization", "Cookie"}
		req.Veil = func(name string, values []string) string {
			return "veiled " + name + " " + strings.Repeat("*", len(strings.Join(values, "")))
		}
		return req
	}
	req := veiled("Authorization: Bearer secret", "Accept-Language: de")
	s := Keep(PrivateCache, req, ok("Cache-Control: max-age=60", "Vary: Authorization, Cookie, Accept-Language"), noon, noon)
	if kept := slices.Collect(s.vary.all()); kept[0].value != "veiled Authorization *************" || kept[2].value != "de" {
		t.Errorf("kept %q", s.vary.packed.Value())
	}
	for _, tt := range []struct {
		name string
		req  Request
		want Reason
	}{
		{"the same", veiled("Authorization: Bearer secret", "Accept-Language: de"), Hit},
		{"another token", veiled("Authorization: Bearer secret2", "Accept-Language: de"), VaryMiss},
		{"no token", veiled("Accept-Language: de"), VaryMiss},
		{"a cookie beside it", veiled("Authorization: Bearer secret", "Cookie: a=1", "Accept-Language: de"), VaryMiss},
		{"another language", veiled("Authorization: Bearer secret", "Accept-Language: en"), VaryMiss},
		{"what is kept, in clear", get("Authorization: veiled Authorization *************", "Accept-Language: de"), Hit},
	} {
		if d, _ := Choose(tt.req, List{s}, noon); d.Reason != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, d.Reason, tt.want)
		}
	}
}

func TestSupersedes(t *testing.T) {
	de, en := get("Accept-Language: de"), get("Accept-Language: en")
	vary := ok("Cache-Control: max-age=60", "Vary: Accept-Language")
	all := List{Keep(PrivateCache, de, vary, time.Time{}, time.Time{}), Keep(PrivateCache, en, vary, time.Time{}, time.Time{})}
	if i, _ := Keep(PrivateCache, en, vary, time.Time{}, time.Time{}).Supersedes(en, all); i != 1 {
		t.Errorf("supersedes %d, want 1", i)
	}
	if i, _ := Keep(PrivateCache, en, ok(), time.Time{}, time.Time{}).Supersedes(en, all); i != -1 {
		t.Errorf("another Vary supersedes %d, want -1", i)
	}
	failed := func(status int) Stored {
		return Keep(SharedCache, get(), Response{Status: status, Header: head("Cache-Control: max-age=60")}, noon, noon)
	}
	for _, tt := range []struct {
		name        string
		before, now int
		yields      bool
	}{
		{"an error yields to a good response", 200, 500, true},
		{"and to one that says that there is nothing", 404, 503, true},
		{"not to another error", 500, 503, false},
		{"a good response takes the place of an error", 500, 200, false},
	} {
		if i, yields := failed(tt.now).Supersedes(get(), List{failed(tt.before)}); i != 0 || yields != tt.yields {
			t.Errorf("%s: %d, %v", tt.name, i, yields)
		}
	}
}

func TestInvalidates(t *testing.T) {
	for _, tt := range []struct {
		method string
		status int
		want   bool
	}{
		{"POST", 200, true}, {"PUT", 204, true}, {"DELETE", 303, true}, {"PATCH", 201, true}, {"FROB", 200, true},
		{"GET", 200, false}, {"HEAD", 200, false}, {"OPTIONS", 200, false}, {"TRACE", 200, false},
		{"POST", 401, false}, {"POST", 404, false}, {"POST", 500, false}, {"POST", 100, false},
	} {
		if got := Invalidates(tt.method, tt.status); got != tt.want {
			t.Errorf("%s %d: %v", tt.method, tt.status, got)
		}
	}
}

// Whatever fields and clocks say, an age is never negative and never falls, and no lifetime is longer
// than the greatest: what must be stale cannot come round to fresh.
func FuzzFreshness(f *testing.F) {
	f.Add("max-age=60", "", "Mon, 01 Jan 0001 00:00:00 GMT", "", int64(0), int64(0), int64(1))
	f.Add("", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "99999999999999999999", int64(1<<62), int64(-1<<62), int64(1<<62))
	f.Add("s-maxage=99999999999999999999", "0", "Thu, 01 Jan 2026 00:00:00 GMT", "-1", int64(-1<<62), int64(1<<62), int64(1<<62))
	f.Fuzz(func(t *testing.T, cc, expires, date, age string, asked, answered, later int64) {
		resp := Response{Status: 200, Header: http.Header{"Cache-Control": {cc}}, Default: time.Duration(later)}
		for name, value := range map[string]string{"Expires": expires, "Date": date, "Age": age} {
			if value != "" {
				resp.Header[name] = []string{value}
			}
		}
		at := func(seconds int64) time.Time { return time.Unix(seconds%(1<<32), 0) } // some 136 years either way
		for _, kind := range []Kind{SharedCache, PrivateCache} {
			s := Keep(kind, Request{Method: "GET"}, resp, at(asked), at(answered))
			d, _ := Lifetime(kind, Request{Method: "GET"}, resp, at(answered))
			if d < 0 || d > httpfield.MaxDelta {
				t.Fatalf("a lifetime of %v", d)
			}
			before := Age(&s, at(answered))
			for _, now := range []time.Time{at(answered).Add(time.Second), at(answered).Add(max(time.Second, time.Duration(later))), at(1<<32 - 1)} {
				d := Age(&s, now)
				if d < 0 || d > httpfield.MaxDelta || d < before && !now.Before(at(answered)) {
					t.Fatalf("an age of %v after one of %v", d, before)
				}
			}
			if stored, _ := Storable(kind, Request{Method: "GET"}, resp, at(asked), at(answered)); stored && before >= d {
				t.Fatalf("stored at an age of %v, with a lifetime of %v", before, d)
			}
		}
	})
}

// Nothing that a second, naive reading finds forbidden is ever stored.
func FuzzStorable(f *testing.F) {
	f.Add("max-age=60, no-store", "Accept", true, uint16(200))
	f.Add(`private="a", max-age=60`, "*", false, uint16(404))
	f.Fuzz(func(t *testing.T, cc, vary string, authorized bool, status uint16) {
		req := Request{Method: "GET", Header: head(), Authorized: authorized}
		resp := Response{Status: int(status), Header: http.Header{"Cache-Control": {cc}, "Vary": {vary}}}
		for _, kind := range []Kind{SharedCache, PrivateCache} {
			stored, why := Storable(kind, req, resp, noon, noon)
			if stored != (why == Kept) {
				t.Fatalf("%v with reason %s", stored, why)
			}
			if !stored {
				continue
			}
			bare := strings.ToLower(cc)
			if !strings.Contains(bare, `"`) {
				for member := range strings.SplitSeq(bare, ",") {
					name, _, _ := strings.Cut(strings.TrimSpace(member), "=")
					if name == "no-store" || name == "private" && kind == SharedCache {
						t.Fatalf("stored in %v in spite of %q", kind, cc)
					}
				}
			}
			if kind == SharedCache && authorized && !strings.Contains(bare, "public") && !strings.Contains(bare, "must-revalidate") && !strings.Contains(bare, "s-maxage") {
				t.Fatalf("authorised, stored in Shared under %q", cc)
			}
			if strings.Contains(vary, "*") && strings.TrimSpace(vary) == "*" || status == 401 || kind == PrivateCache && (status >= 500 || status == 400) {
				t.Fatalf("stored: %d, Vary %q", status, vary)
			}
		}
	})
}
