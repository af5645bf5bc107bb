package naive

import (
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// fields reads "Name: value" lines, with "|" between them.
func fields(text string) http.Header {
	h := http.Header{}
	for _, line := range strings.Split(text, "|") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			h.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	return h
}

// exchange is a GET that was answered at noon, at once, for a shared cache.
func exchange(status int, response string) Exchange {
	return Exchange{Method: "GET", Request: http.Header{}, Status: status, Response: fields(response), RequestTime: noon, ResponseTime: noon, Shared: true}
}

func (e Exchange) private() Exchange            { e.Shared = false; return e }
func (e Exchange) method(m string) Exchange     { e.Method = m; return e }
func (e Exchange) request(text string) Exchange { e.Request = fields(text); return e }
func (e Exchange) took(d time.Duration) Exchange {
	e.RequestTime = e.ResponseTime.Add(-d)
	return e
}

func TestMayStore(t *testing.T) {
	for name, row := range map[string]struct {
		e    Exchange
		want bool
	}{
		"3 GET 200":  {exchange(200, ""), true},
		"3 HEAD 200": {exchange(200, "").method("HEAD"), true},
		"3.1 method: lower case is another method":     {exchange(200, "").method("get"), false},
		"3.1 method: PUT":                              {exchange(200, "Cache-Control: max-age=9").method("PUT"), false},
		"3.1 method: none":                             {exchange(200, "").method(""), false},
		"9110 9.3.3 POST without explicit freshness":   {exchange(200, "Content-Location: /").method("POST"), false},
		"9110 9.3.3 POST without Content-Location":     {exchange(200, "Cache-Control: max-age=9").method("POST"), false},
		"9110 9.3.3 POST with both":                    {exchange(200, "Cache-Control: max-age=9|Content-Location: /").method("POST"), true},
		"3.2 not final":                                {exchange(103, "Cache-Control: max-age=9"), false},
		"3.2 no status":                                {exchange(0, "Cache-Control: max-age=9"), false},
		"3.3 must-understand, understood":              {exchange(200, "Cache-Control: must-understand"), true},
		"3.3 must-understand, not registered":          {exchange(299, "Cache-Control: must-understand, max-age=9"), false},
		"3.4 no-store":                                 {exchange(200, "Cache-Control: no-store"), false},
		"3.4 no-store in a private cache":              {exchange(200, "Cache-Control: no-store").private(), false},
		"3.4 no-store in another case":                 {exchange(200, "Cache-Control: max-age=9, No-Store"), false},
		"3.4 no-store on another line":                 {exchange(200, "Cache-Control: max-age=9|Cache-Control: no-store"), false},
		"3.4 no-store with an argument":                {exchange(200, "Cache-Control: no-store=x"), false},
		"3.4 no-store with an empty argument":          {exchange(200, "Cache-Control: no-store="), false},
		"3.4 no-store before a semicolon":              {exchange(200, "Cache-Control: no-store; max-age=9"), false},
		"3.4 no-store without a comma":                 {exchange(200, "Cache-Control: max-age=9 no-store"), false},
		"3.4 no-store in quotes":                       {exchange(200, `Cache-Control: "no-store"`), false},
		"3.4 no-store after quotes that do not end":    {exchange(200, `Cache-Control: x="a, no-store`), false},
		"3.4 no-store between quotes of two lines":     {exchange(200, `Cache-Control: x="a|Cache-Control: no-store|Cache-Control: b"`), false},
		"3.4 no-store as text of an extension":         {exchange(200, `Cache-Control: x="no-store"`), true},
		"3.4 no-store as part of another name":         {exchange(200, `Cache-Control: x-no-store, max-age=9`), true},
		"3.4 no-store with a letter beyond ASCII":      {exchange(200, "Cache-Control: no-\u017ftore"), true},
		"5.2.2.3 no-store beside must-understand":      {exchange(200, "Cache-Control: no-store, must-understand"), true},
		"5.2.2.3 and not understood":                   {exchange(299, "Cache-Control: no-store, must-understand, max-age=9"), false},
		"5.2.2.3 must-understand with fault":           {exchange(200, "Cache-Control: no-store, must-understand=x"), false},
		"5.2.2.3 beside a fault":                       {exchange(200, "Cache-Control: no-store, must-understand, a b"), false},
		"5.2.1.5 no-store in the request":              {exchange(200, "").request("Cache-Control: no-store"), false},
		"3.5 private":                                  {exchange(200, "Cache-Control: private, max-age=9"), false},
		"3.5 private in a private cache":               {exchange(200, "Cache-Control: private, max-age=9").private(), true},
		"3.5 private that names fields":                {exchange(200, `Cache-Control: private="Set-Cookie, X", max-age=9`), true},
		"3.5 private both ways":                        {exchange(200, `Cache-Control: private="Set-Cookie", private`), false},
		"3.5 private that names nothing":               {exchange(200, `Cache-Control: private=""`), false},
		"3.5 private that names commas":                {exchange(200, `Cache-Control: private=", ,"`), false},
		"3.5 private that names all":                   {exchange(200, `Cache-Control: private="*"`), false},
		"3.5 private that names no token":              {exchange(200, `Cache-Control: private="a b"`), false},
		"3.5 private as a token":                       {exchange(200, `Cache-Control: private=true`), false},
		"3.5 private with quotes that do not end":      {exchange(200, `Cache-Control: private="a`), false},
		"3.6 and 3.5: credentials":                     {exchange(200, "Cache-Control: max-age=9").request("Authorization: a"), false},
		"3.6 credentials in a private cache":           {exchange(200, "Cache-Control: max-age=9").request("Authorization: a").private(), true},
		"3.5 public":                                   {exchange(200, "Cache-Control: public").request("Authorization: a"), true},
		"3.5 must-revalidate":                          {exchange(200, "Cache-Control: must-revalidate").request("Authorization: a"), true},
		"3.5 s-maxage":                                 {exchange(200, "Cache-Control: s-maxage=0").request("Authorization: a"), true},
		"3.5 proxy-revalidate is no release":           {exchange(200, "Cache-Control: proxy-revalidate").request("Authorization: a"), false},
		"3.5 public with fault":                        {exchange(200, "Cache-Control: public=x").request("Authorization: a"), false},
		"3.5 public in what is broken":                 {exchange(200, "Cache-Control: a public").request("Authorization: a"), false},
		"3.5 must-revalidate with fault":               {exchange(200, "Cache-Control: must-revalidate=x").request("Authorization: a"), false},
		"3.5 s-maxage with fault":                      {exchange(200, "Cache-Control: s-maxage=x").request("Authorization: a"), false},
		"3.5 s-maxage without argument":                {exchange(200, "Cache-Control: s-maxage").request("Authorization: a"), false},
		"3.7 no reason":                                {exchange(302, ""), false},
		"3.7 public":                                   {exchange(302, "Cache-Control: public"), true},
		"3.7 private in a private cache":               {exchange(302, "Cache-Control: private").private(), true},
		"3.7 Expires":                                  {exchange(302, "Expires: 0"), true},
		"3.7 max-age":                                  {exchange(302, "Cache-Control: max-age=0"), true},
		"3.7 s-maxage":                                 {exchange(302, "Cache-Control: s-maxage=0"), true},
		"3.7 s-maxage in a private cache":              {exchange(302, "Cache-Control: s-maxage=0").private(), false},
		"3.7 an extension that nobody knows":           {exchange(302, "Cache-Control: x"), false},
		"9110 15.1 404":                                {exchange(404, ""), true},
		"4.1 Vary * may be stored":                     {exchange(200, "Vary: *"), true},
		"7.3 Set-Cookie does not matter":               {exchange(200, "Set-Cookie: a=b"), true},
		"9213 2.2 targeted no-store":                   {exchange(200, "Cache-Control: max-age=9|CDN-Cache-Control: no-store"), false},
		"9213 2.2 Cache-Control is ignored":            {exchange(200, "Cache-Control: no-store|CDN-Cache-Control: max-age=9"), true},
		"9213 2.2 Expires is ignored":                  {exchange(302, "Expires: 0|CDN-Cache-Control: none"), false},
		"9213 2.2 not for a private cache":             {exchange(200, "Cache-Control: no-store|CDN-Cache-Control: max-age=9").private(), false},
		"9213 2.2 an empty one is ignored":             {exchange(200, "Cache-Control: no-store|CDN-Cache-Control: "), false},
		"9213 2.1 one that does not parse is ignored":  {exchange(200, "Cache-Control: no-store|CDN-Cache-Control: max-age=9,"), false},
		"9213 2.1 nor one in upper case":               {exchange(200, "CDN-Cache-Control: No-Store"), true},
		"9213 2.1 no-store false restricts":            {exchange(200, "CDN-Cache-Control: no-store=?0"), false},
		"9213 2.1 private":                             {exchange(200, "CDN-Cache-Control: private;a=1"), false},
		"9213 2.1 private that names fields":           {exchange(200, `CDN-Cache-Control: private="a"`), true},
		"9213 2.1 private with an integer":             {exchange(200, `CDN-Cache-Control: private=1`), false},
		"9213 2.1 private with a list":                 {exchange(200, `CDN-Cache-Control: private=("a")`), false},
		"9213 and 3.5: released by the targeted field": {exchange(200, "CDN-Cache-Control: public").request("Authorization: a"), true},
		"9213 and 3.5: public false does not release":  {exchange(200, "CDN-Cache-Control: public=?0").request("Authorization: a"), false},
		"9213 and 3.5: not released by Cache-Control":  {exchange(200, "Cache-Control: public|CDN-Cache-Control: max-age=9").request("Authorization: a"), false},
		"9213 and 3.5: s-maxage of another type":       {exchange(200, `CDN-Cache-Control: s-maxage="9"`).request("Authorization: a"), false},
	} {
		if got := MayStore(row.e); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestLifetime(t *testing.T) {
	const date = "Date: Wed, 01 Jul 2026 12:00:00 GMT|"
	for name, row := range map[string]struct {
		e        Exchange
		want     int64
		explicit bool
	}{
		"4.2.1 s-maxage first":                       {exchange(200, "Cache-Control: max-age=1, s-maxage=2"), 2, true},
		"4.2.1 s-maxage only if shared":              {exchange(200, "Cache-Control: max-age=1, s-maxage=2").private(), 1, true},
		"4.2.1 max-age before Expires":               {exchange(200, date+"Cache-Control: max-age=1|Expires: Wed, 01 Jul 2026 12:00:09 GMT"), 1, true},
		"4.2.1 Expires minus Date":                   {exchange(200, date+"Expires: Wed, 01 Jul 2026 12:00:09 GMT"), 9, true},
		"9110 6.6.1 Expires minus receipt":           {exchange(200, "Expires: Wed, 01 Jul 2026 12:00:09 GMT"), 9, true},
		"4.2.1 Expires before Date":                  {exchange(200, date+"Expires: Wed, 01 Jul 2026 11:00:00 GMT"), 0, true},
		"4.2.1 the first Expires":                    {exchange(200, date+"Expires: 0|Expires: Wed, 01 Jul 2026 12:00:09 GMT"), 0, true},
		"5.3 Expires 0":                              {exchange(200, "Expires: 0"), 0, true},
		"4.2 Expires in lower case":                  {exchange(200, "Expires: wed, 01 jul 2026 12:00:09 gmt"), 9, true},
		"4.2 Expires in another zone":                {exchange(200, "Expires: Wed, 01 Jul 2026 12:00:09 CET"), 0, true},
		"9110 5.6.7 Expires of RFC 850":              {exchange(200, "Expires: Wednesday, 01-Jul-26 12:00:09 GMT"), 9, true},
		"9110 5.6.7 RFC 850, of the past":            {exchange(200, "Expires: Sunday, 06-Nov-94 08:49:37 GMT"), 0, true},
		"9110 5.6.7 Expires of asctime":              {exchange(200, "Expires: Wed Jul  1 12:00:09 2026"), 9, true},
		"9110 5.6.7 no such day":                     {exchange(200, "Expires: Tue, 31 Nov 2026 12:00:09 GMT"), 0, true},
		"9110 5.6.7 no such second":                  {exchange(200, "Expires: Wed, 01 Jul 2026 12:00:61 GMT"), 0, true},
		"9110 5.6.7 a leap second":                   {exchange(200, "Expires: Wed, 01 Jul 2026 12:00:60 GMT"), 60, true},
		"4.2.1 none":                                 {exchange(200, date), 0, false},
		"4.2.1 the first max-age":                    {exchange(200, "Cache-Control: max-age=1, max-age=2"), 1, true},
		"4.2.1 max-age that is not valid":            {exchange(200, "Cache-Control: max-age=1.5"), 0, true},
		"4.2.1 a first one that is not valid":        {exchange(200, "Cache-Control: max-age=x, max-age=2"), 0, true},
		"4.2.1 max-age without argument":             {exchange(200, "Cache-Control: max-age"), 0, true},
		"4.2.1 max-age with a sign":                  {exchange(200, "Cache-Control: max-age=+1"), 0, true},
		"4.2.1 max-age before a semicolon":           {exchange(200, "Cache-Control: max-age=1; max-age=2, max-age=3"), 0, true},
		"4.2.1 s-maxage that is broken":              {exchange(200, "Cache-Control: s-maxage =1, max-age=3"), 0, true},
		"5.2 max-age in quotes":                      {exchange(200, `Cache-Control: max-age="1"`), 1, true},
		"5.2 max-age in quotes that escape":          {exchange(200, `Cache-Control: max-age="\1"`), 1, true},
		"5.2 max-age in quotes with a space":         {exchange(200, `Cache-Control: max-age=" 1"`), 0, true},
		"1.2.2 more than an int64 can hold":          {exchange(200, "Cache-Control: max-age=99999999999999999999"), math.MaxInt64 / int64(time.Second), true},
		"9213 2.2 targeted":                          {exchange(200, "Cache-Control: s-maxage=1|CDN-Cache-Control: max-age=2"), 2, true},
		"9213 2.2 the last value of a key":           {exchange(200, "CDN-Cache-Control: max-age=2|CDN-Cache-Control: max-age=3"), 3, true},
		"9213 2.2 no fall back to Expires":           {exchange(200, "Expires: 0|CDN-Cache-Control: public"), 0, false},
		"9213 2.1 a Decimal":                         {exchange(200, "CDN-Cache-Control: max-age=2.0"), 0, true},
		"9213 2.1 a String":                          {exchange(200, `CDN-Cache-Control: max-age="2"`), 0, true},
		"9213 2.1 less than 0":                       {exchange(200, `CDN-Cache-Control: max-age=-2`), 0, true},
		"8941 4.2.4 too many digits: not valid":      {exchange(200, `Cache-Control: max-age=1|CDN-Cache-Control: max-age=1234567890123456`), 1, true},
		"8941 4.2.7 a byte sequence: valid":          {exchange(200, `Cache-Control: max-age=1|CDN-Cache-Control: x=:aGk=:, max-age=2`), 2, true},
		"8941 4.2.7 a byte sequence without end":     {exchange(200, `Cache-Control: max-age=1|CDN-Cache-Control: x=:aGk=, max-age=2`), 1, true},
		"8941 4.2.1.2 lists, tokens, parameters":     {exchange(200, `Cache-Control: max-age=1|CDN-Cache-Control: x=( a/b;q "c\"" );p=?0;r , max-age=2;z`), 2, true},
		"8941 4.2.1.2 a list without a space inside": {exchange(200, `Cache-Control: max-age=1|CDN-Cache-Control: x=("a""b"), max-age=2`), 1, true},
		"8941 4.2.5 an escape of another letter":     {exchange(200, `Cache-Control: max-age=1|CDN-Cache-Control: x="\a", max-age=2`), 1, true},
		"8941 4.2.5 a String without end":            {exchange(200, `Cache-Control: max-age=1|CDN-Cache-Control: x="a, max-age=2`), 1, true},
		"8941 4.2.5 a letter beyond ASCII":           {exchange(200, "Cache-Control: max-age=1|CDN-Cache-Control: x=\"\u00e9\", max-age=2"), 1, true},
		"8941 4.2.2 text after a member":             {exchange(200, `Cache-Control: max-age=1|CDN-Cache-Control: x y, max-age=2`), 1, true},
		"8941 4.2.3.2 a parameter without name":      {exchange(200, `Cache-Control: max-age=1|CDN-Cache-Control: max-age=2;`), 1, true},
		"8941 4.2.6 a Token's first letter":          {exchange(200, `Cache-Control: max-age=1|CDN-Cache-Control: x=/a, max-age=2`), 1, true},
		"8941 4.2.1.2 a list without end":            {exchange(200, `Cache-Control: max-age=1|CDN-Cache-Control: max-age=2, x=(a`), 1, true},
	} {
		d, explicit := Lifetime(row.e)
		if d != time.Duration(row.want)*time.Second || explicit != row.explicit {
			t.Errorf("%s: %v, %v", name, d, explicit)
		}
	}
}

func TestAge(t *testing.T) {
	for name, row := range map[string]struct {
		e          Exchange
		after      time.Duration
		age, least float64
	}{
		"4.2.3 resident_time":                     {exchange(200, ""), time.Minute, 60, 60},
		"4.2.3 age_value":                         {exchange(200, "Age: 5"), time.Minute, 65, 65},
		"4.2.3 response_delay":                    {exchange(200, "Age: 5").took(3 * time.Second), 0, 8, 8},
		"4.2.3 apparent_age":                      {exchange(200, "Date: Wed, 01 Jul 2026 11:59:00 GMT|Age: 5"), 0, 60, 5},
		"4.2.3 apparent_age is never negative":    {exchange(200, "Date: Wed, 01 Jul 2026 12:59:00 GMT"), 0, 0, 0},
		"4.2.3 a clock that was put back":         {exchange(200, "Age: 5").took(-time.Hour), -time.Hour, 5, 5},
		"9110 6.6.1 a Date that is not valid":     {exchange(200, "Date: yesterday"), 0, 0, 0},
		"5.1 the first member":                    {exchange(200, "Age: 5, 6"), 0, 5, 5},
		"5.1 the first line":                      {exchange(200, "Age: 5|Age: 6"), 0, 5, 5},
		"5.1 not delta-seconds":                   {exchange(200, "Age: -5"), 0, 0, 0},
		"1.2.2 a number too large to be believed": {exchange(200, "Age: 99999999999999999999"), 0, 1 << 31, 1 << 31},
	} {
		now := noon.Add(row.after)
		if age, least := Age(row.e, now).Seconds(), LeastAge(row.e, now).Seconds(); age != row.age || least != row.least {
			t.Errorf("%s: %v, %v", name, age, least)
		}
	}
}

func TestMayReuse(t *testing.T) {
	for name, row := range map[string]struct {
		e              Exchange
		method         string
		request        string
		after          time.Duration
		without, stale bool
	}{
		"4.2 fresh":                                  {exchange(200, "Cache-Control: max-age=60"), "GET", "", 59 * time.Second, true, true},
		"4.2 no longer, at its age":                  {exchange(200, "Cache-Control: max-age=60"), "GET", "", 60 * time.Second, false, true},
		"4.2 never":                                  {exchange(200, "Cache-Control: max-age=0"), "GET", "", 0, false, true},
		"4.2.2 a heuristic":                          {exchange(200, ""), "GET", "", time.Hour, true, true},
		"4.2.2 none beside Expires":                  {exchange(200, "Expires: 0"), "GET", "", 0, false, true},
		"4.2.2 one for public":                       {exchange(302, "Cache-Control: public"), "GET", "", 0, true, true},
		"3 what may not be stored":                   {exchange(200, "Cache-Control: no-store"), "GET", "", 0, false, false},
		"3.5 what may not be stored":                 {exchange(200, "Cache-Control: max-age=60").request("Authorization: a"), "GET", "", 0, false, false},
		"4 HEAD by GET":                              {exchange(200, ""), "HEAD", "", 0, true, true},
		"4 GET by HEAD":                              {exchange(200, "").method("HEAD"), "GET", "", 0, false, false},
		"4 HEAD by HEAD":                             {exchange(200, "").method("HEAD"), "HEAD", "", 0, true, true},
		"4 POST":                                     {exchange(200, ""), "POST", "", 0, false, false},
		"4 GET by POST":                              {exchange(200, "Cache-Control: max-age=9|Content-Location: /").method("POST"), "GET", "", 0, true, true},
		"5.2.2.4 no-cache":                           {exchange(200, "Cache-Control: max-age=60, no-cache"), "GET", "", 0, false, false},
		"5.2.2.4 no-cache in what is broken":         {exchange(200, "Cache-Control: max-age=60, no-cache;"), "GET", "", 0, false, false},
		"5.2.2.4 no-cache that names fields":         {exchange(200, `Cache-Control: max-age=60, no-cache="a"`), "GET", "", 0, true, true},
		"5.2.2.4 no-cache as a token":                {exchange(200, `Cache-Control: max-age=60, no-cache=a`), "GET", "", 0, false, false},
		"5.2.2.2 must-revalidate":                    {exchange(200, "Cache-Control: max-age=60, must-revalidate"), "GET", "", 0, true, false},
		"5.2.2.2 must-revalidate with an argument":   {exchange(200, "Cache-Control: max-age=60, must-revalidate=x"), "GET", "", 0, true, false},
		"5.2.2.8 proxy-revalidate":                   {exchange(200, "Cache-Control: max-age=60, proxy-revalidate"), "GET", "", 0, true, false},
		"5.2.2.8 proxy-revalidate in a private one":  {exchange(200, "Cache-Control: max-age=60, proxy-revalidate").private(), "GET", "", 0, true, true},
		"5.2.2.10 s-maxage":                          {exchange(200, "Cache-Control: s-maxage=60"), "GET", "", 0, true, false},
		"5.2.2.10 s-maxage with fault":               {exchange(200, "Cache-Control: s-maxage=x, max-age=60"), "GET", "", 0, false, false},
		"5.2.1 the request only advises":             {exchange(200, "Cache-Control: max-age=60"), "GET", "Cache-Control: no-cache", 0, true, true},
		"4.1 Vary: the same":                         {exchange(200, "Vary: A").request("A: 1"), "GET", "A: 1", 0, true, true},
		"4.1 Vary: another":                          {exchange(200, "Vary: A").request("A: 1"), "GET", "A: 2", 0, false, false},
		"9110 15.4.5 a 304":                          {exchange(304, "Cache-Control: max-age=60"), "GET", "", 0, false, false},
		"3.3 a part, for all":                        {exchange(206, "Content-Range: bytes 0-9/100"), "GET", "", 0, false, false},
		"3.3 a part, for what is within":             {exchange(206, "Content-Range: bytes 0-9/100"), "GET", "Range: bytes=2-9", 0, true, true},
		"3.3 a part, for several within":             {exchange(206, "Content-Range: bytes 0-9/100"), "GET", "Range: bytes=2-3, 5-6", 0, true, true},
		"3.3 a part, for more":                       {exchange(206, "Content-Range: bytes 0-9/100"), "GET", "Range: bytes=2-10", 0, false, false},
		"3.3 a part, for the end":                    {exchange(206, "Content-Range: bytes 90-99/100"), "GET", "Range: bytes=-10", 0, true, true},
		"3.3 a part of what is unknown, for the end": {exchange(206, "Content-Range: bytes 90-99/*"), "GET", "Range: bytes=-10", 0, false, false},
		"3.3 a part, for HEAD":                       {exchange(206, "Content-Range: bytes 0-9/100"), "HEAD", "Range: bytes=2-9", 0, false, false},
		"3.3 a part that is all":                     {exchange(206, "Content-Range: bytes 0-99/100"), "GET", "", 0, true, true},
		"9110 13.1.5 If-Range, the same":             {exchange(206, `ETag: "a"|Content-Range: bytes 0-9/100`), "GET", `Range: bytes=2-9|If-Range: "a"`, 0, true, true},
		"9110 13.1.5 If-Range, another":              {exchange(206, `ETag: "a"|Content-Range: bytes 0-9/100`), "GET", `Range: bytes=2-9|If-Range: "b"`, 0, false, false},
		"9110 13.1.5 If-Range, weak":                 {exchange(206, `ETag: W/"a"|Content-Range: bytes 0-9/100`), "GET", `Range: bytes=2-9|If-Range: W/"a"`, 0, false, false},
	} {
		without, stale := MayReuse(row.e, fields(row.request), row.method, false, noon.Add(row.after))
		if without != row.without || stale != row.stale {
			t.Errorf("%s: %v, %v", name, without, stale)
		}
	}

	e := exchange(200, "Cache-Control: public, max-age=60|Vary: Authorization")
	e.Authorized = true
	if without, stale := MayReuse(e, nil, "GET", false, noon); without || stale {
		t.Error("4.1 Vary: Authorization, of which only the sign is left")
	}
}

func TestPermittedStale(t *testing.T) {
	for name, row := range map[string]struct {
		e                Exchange
		request          string
		serving, onError bool
	}{
		"4.2.4 nobody permits":                  {exchange(200, "Cache-Control: max-age=50"), "", false, false},
		"5.2.1.2 max-stale":                     {exchange(200, "Cache-Control: max-age=50"), "Cache-Control: max-stale", true, true},
		"5.2.1.2 max-stale, enough":             {exchange(200, "Cache-Control: max-age=50"), "Cache-Control: max-stale=10", true, true},
		"5.2.1.2 max-stale, not enough":         {exchange(200, "Cache-Control: max-age=50"), "Cache-Control: max-stale=9", false, false},
		"5861 3 stale-while-revalidate":         {exchange(200, "Cache-Control: max-age=50, stale-while-revalidate=10"), "", true, true},
		"5861 3 stale-while-revalidate is over": {exchange(200, "Cache-Control: max-age=50, stale-while-revalidate=9"), "", false, false},
		"5861 4 stale-if-error":                 {exchange(200, "Cache-Control: max-age=50, stale-if-error=10"), "", false, true},
		"5861 4 stale-if-error, asked for":      {exchange(200, "Cache-Control: max-age=50"), "Cache-Control: stale-if-error=10", false, true},
		"5.2.2.2 must-revalidate":               {exchange(200, "Cache-Control: max-age=50, stale-while-revalidate=10, must-revalidate"), "Cache-Control: max-stale", false, false},
	} {
		serving, onError := PermittedStale(row.e, fields(row.request), noon.Add(time.Minute))
		if serving != row.serving || onError != row.onError {
			t.Errorf("%s: %v, %v", name, serving, onError)
		}
	}
}

func TestClientAccepts(t *testing.T) {
	for name, row := range map[string]struct {
		request string
		want    bool
	}{
		"5.2.1 nothing":                   {"", true},
		"5.2.1.4 no-cache":                {"Cache-Control: no-cache", false},
		"5.4 Pragma":                      {"Pragma: no-cache", false},
		"5.4 Pragma beside Cache-Control": {"Pragma: no-cache|Cache-Control: x", true},
		"5.2.1.1 max-age":                 {"Cache-Control: max-age=20", true},
		"5.2.1.1 max-age, older":          {"Cache-Control: max-age=19", false},
		"5.2.1.3 min-fresh":               {"Cache-Control: min-fresh=30", true},
		"5.2.1.3 min-fresh, not for long": {"Cache-Control: min-fresh=31", false},
	} {
		if got := ClientAccepts(exchange(200, "Cache-Control: max-age=50"), fields(row.request), noon.Add(20*time.Second)); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSelectedBy(t *testing.T) {
	for name, row := range map[string]struct {
		vary, before, after string
		want                bool
	}{
		"4.1 no Vary":                                {"", "A: 1", "A: 2", true},
		"4.1 *":                                      {"Vary: *", "", "", false},
		"4.1 * among others":                         {"Vary: A, *", "", "", false},
		"4.1 * on another line":                      {"Vary: A|Vary: *", "", "", false},
		"4.1 not the name of a field":                {"Vary: A B", "", "", false},
		"4.1 * in quotes":                            {`Vary: "*"`, "", "", false},
		"4.1 absent from both":                       {"Vary: A", "", "", true},
		"4.1 absent from the first":                  {"Vary: A", "", "A: 1", false},
		"4.1 absent from the second":                 {"Vary: A", "A: 1", "", false},
		"4.1 empty is not absent":                    {"Vary: A", "A: ", "", false},
		"4.1 the name in another case":               {"Vary: a", "A: 1", "A: 2", false},
		"4.1 the value in another case":              {"Vary: A", "A: x", "A: X", false},
		"4.1 all names count":                        {"Vary: A, B", "A: 1|B: 1", "A: 1|B: 2", false},
		"4.1 lines together":                         {"Vary: A", "A: 1|A: 2", "A: 1, 2", true},
		"4.1 lines in another order":                 {"Vary: A", "A: 1|A: 2", "A: 2|A: 1", false},
		"4.1 order and case in Accept-Encoding":      {"Vary: Accept-Encoding", "Accept-Encoding: gzip, br", "Accept-Encoding: BR,gzip", true},
		"4.1 another Accept-Encoding":                {"Vary: Accept-Encoding", "Accept-Encoding: gzip, br", "Accept-Encoding: gzip", false},
		"4.1 an empty Accept-Encoding is not absent": {"Vary: Accept-Encoding", "Accept-Encoding: ", "", false},
		"4.1 order matters to all others":            {"Vary: Cookie", "Cookie: a=1; b=2", "Cookie: b=2; a=1", false},
	} {
		if got := SelectedBy(exchange(200, row.vary).request(row.before), fields(row.after)); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestParseDirectives(t *testing.T) {
	for name, row := range map[string]struct {
		lines []string
		want  map[string][]string
		ok    bool
	}{
		"5.2 none":                        {nil, map[string][]string{}, true},
		"5.2 without and with arguments":  {[]string{`A, b=1, c="d, \"e\""`}, map[string][]string{"a": {""}, "b": {"1"}, "c": {`d, "e"`}}, true},
		"5.2 twice":                       {[]string{"a=1,a", "A=2"}, map[string][]string{"a": {"1", "", "2"}}, true},
		"9110 5.6.1.2 empty members":      {[]string{" , a,,\t", ""}, map[string][]string{"a": {""}}, true},
		"5.2 space around =":              {[]string{"a =1, b= 1, c"}, map[string][]string{"c": {""}}, false},
		"5.2 an argument that is missing": {[]string{"a=, b"}, map[string][]string{"b": {""}}, false},
		"5.2 quotes that do not end":      {[]string{`a="b, c`, "d"}, map[string][]string{"d": {""}}, false},
		"5.2 text after quotes":           {[]string{`a="b"c`}, map[string][]string{}, false},
		"5.2 a NUL":                       {[]string{"a\x00"}, map[string][]string{}, false},
	} {
		got, ok := ParseDirectives(row.lines)
		if !maps.EqualFunc(got, row.want, slices.Equal) || ok != row.ok {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
}

func TestParseVary(t *testing.T) {
	names, star := ParseVary([]string{"A, ,b", "C"})
	if !slices.Equal(names, []string{"a", "b", "c"}) || star {
		t.Errorf("9110 12.5.5: %q, %v", names, star)
	}
	if names, star := ParseVary([]string{"A", "*,b"}); !slices.Equal(names, []string{"a", "b"}) || !star {
		t.Errorf("9110 12.5.5 *: %q, %v", names, star)
	}
}

func TestFreshened(t *testing.T) {
	for name, row := range map[string]struct{ stored, notModified, want string }{
		"3.2 all lines are replaced":       {"A: 1|A: 2|B: 3", "A: 4", "A: 4|B: 3"},
		"3.2 a new one":                    {"A: 1", "B: 2", "A: 1|B: 2"},
		"3.2 Content-Length stays":         {"Content-Length: 5", "Content-Length: 0", "Content-Length: 5"},
		"3.2 Content-Range stays":          {"A: 1", "Content-Range: bytes 0-1/2", "A: 1"},
		"3.2 Content-Type is replaced":     {"Content-Type: a/b", "Content-Type: c/d", "Content-Type: c/d"},
		"3.1 Connection and what it names": {"A: 1", "Connection: a, b|A: 2|B: 3|Keep-Alive: 1", "A: 1"},
		"3.1 Proxy-Authenticate":           {"", "Proxy-Authenticate: Basic", ""},
		"3.1 no-cache that names":          {"A: 1", `A: 2|Cache-Control: no-cache="a"`, `A: 1|Cache-Control: no-cache="a"`},
		"3.1 private that names":           {"A: 1", `A: 2|Cache-Control: private="a"`, `A: 1|Cache-Control: private="a"`},
	} {
		got, want := Freshened(fields(row.stored), fields(row.notModified)), fields(row.want)
		if !maps.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := Freshened(nil, nil); len(got) != 0 {
		t.Errorf("nothing by nothing: %q", got)
	}
}

func TestMayUpdateByHead(t *testing.T) {
	stored := `ETag: "a"|Last-Modified: Wed, 01 Jul 2026 11:00:00 GMT|Content-Length: 5`
	for name, row := range map[string]struct {
		e      Exchange
		status int
		head   string
		want   bool
	}{
		"4.3.5 no validator":                {exchange(200, stored), 200, "", true},
		"4.3.5 not a 200":                   {exchange(200, stored), 204, "", false},
		"4.3.5 not a response to GET":       {exchange(200, stored).method("HEAD"), 200, "", false},
		"4.3.5 an error is not updated":     {exchange(404, stored), 200, "", false},
		"4.3.5 all the same":                {exchange(200, stored), 200, stored, true},
		"4.3.5 another ETag":                {exchange(200, stored), 200, `ETag: "b"`, false},
		"4.3.5 a weak ETag":                 {exchange(200, stored), 200, `ETag: W/"a"`, false},
		"4.3.5 an ETag that is not stored":  {exchange(200, ""), 200, `ETag: "a"`, false},
		"4.3.5 another Last-Modified":       {exchange(200, stored), 200, "Last-Modified: Wed, 01 Jul 2026 11:00:01 GMT", false},
		"4.3.5 the same date in other form": {exchange(200, stored), 200, "Last-Modified: Wed Jul  1 11:00:00 2026", true},
		"4.3.5 another Content-Length":      {exchange(200, stored), 200, "Content-Length: 6", false},
		"4.3.5 a part of as much":           {exchange(206, "Content-Range: bytes 0-4/9|Content-Length: 5"), 200, "Content-Length: 9", true},
		"4.3.5 a part of more":              {exchange(206, "Content-Range: bytes 0-4/9|Content-Length: 5"), 200, "Content-Length: 5", false},
	} {
		if got := MayUpdateByHead(row.e, row.status, fields(row.head)); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestContentRange(t *testing.T) {
	for line, want := range map[string][3]int64{
		"bytes 0-9/10": {0, 9, 10}, "Bytes 5-5/*": {5, 5, -1}, " bytes 0-0/1 ": {0, 0, 1}, "bytes 007-08/9": {7, 8, 9},
	} {
		if a, b, n, ok := ContentRange(line); !ok || [3]int64{a, b, n} != want {
			t.Errorf("9110 14.4 %q: %d-%d/%d, %v", line, a, b, n, ok)
		}
	}
	for _, line := range []string{
		"", "bytes", "bytes */10", "bytes 0-9", "bytes 0-10/10", "bytes 9-0/10", "bytes=0-9/10", "items 0-9/10", "bytes  0-9/10",
		"bytes 0-9/-1", "bytes -9/10", "bytes 0-/10", "bytes 0-9/10, bytes 0-9/10", "bytes +0-9/10",
		"bytes 0-9223372036854775808/*", "bytes 0-9/9223372036854775808", "bytes 0-1-2/10", "bytes 0-9/10/11",
	} {
		if _, _, _, ok := ContentRange(line); ok {
			t.Errorf("9110 14.4 %q is not valid", line)
		}
	}
}

func TestSingleRange(t *testing.T) {
	for _, row := range []struct {
		line            string
		length          int64
		first, last     int64
		ok, satisfiable bool
	}{
		{"bytes=0-9", 100, 0, 9, true, true},
		{"BYTES=90-", 100, 90, 99, true, true},
		{"bytes=-10", 100, 90, 99, true, true},
		{"bytes=-200", 100, 0, 99, true, true},
		{"bytes=-99999999999999999999", 100, 0, 99, true, true},
		{"bytes=90-99999999999999999999", 100, 90, 99, true, true},
		{"bytes=100-", 100, 0, 0, true, false},
		{"bytes=99999999999999999999-", 100, 0, 0, true, false},
		{"bytes=-0", 100, 0, 0, true, false},
		{"bytes=0-", 0, 0, 0, true, false},
		{"bytes=-1", 0, 0, -1, true, true},
		{"bytes=-1", -5, 0, -1, true, true},
		{"bytes=, 1-2 ,", 100, 1, 2, true, true},
		{"bytes=0-1,2-3", 100, 0, 0, false, false},
		{"bytes=9-1", 100, 0, 0, false, false},
		{"bytes= 0-1", 100, 0, 0, false, false},
		{"bytes =0-1", 100, 0, 0, false, false},
		{"bytes=0 -1", 100, 0, 0, false, false},
		{"bytes=--1", 100, 0, 0, false, false},
		{"bytes=-", 100, 0, 0, false, false},
		{"bytes=", 100, 0, 0, false, false},
		{"bytes=1", 100, 0, 0, false, false},
		{"bytes=0-1-2", 100, 0, 0, false, false},
		{"items=0-1", 100, 0, 0, false, false},
		{"", 100, 0, 0, false, false},
	} {
		first, last, ok, satisfiable := SingleRange(row.line, row.length)
		if first != row.first || last != row.last || ok != row.ok || satisfiable != row.satisfiable {
			t.Errorf("9110 14.1.2 %q of %d: %d-%d, %v, %v", row.line, row.length, first, last, ok, satisfiable)
		}
	}
}

// FuzzTotal: no input makes the evaluator panic, and some things hold for all.
func FuzzTotal(f *testing.F) {
	f.Add("GET", 200, "A: 1", `Cache-Control: max-age=9, private="a"|Vary: A`, "A: 1", "bytes 0-1/2", int64(0), int64(1), int64(2), true)
	f.Add("GET", 206, "Authorization: x", `CDN-Cache-Control: a=(b;c "d");e=:aGk=:, f=?0, g=-1.5`, "Range: bytes=-1|If-Range: x", "bytes=-1", int64(-1), int64(math.MinInt64), int64(math.MaxInt64), true)
	f.Add("POST", 304, "", "Expires: Sunday, 06-Nov-94 08:49:37 GMT|Content-Location: /|Date: Wed Jul  1 11:00:00 2026", "", "", int64(1<<40), int64(0), int64(1<<60), false)
	f.Fuzz(func(t *testing.T, method string, status int, request, response, second, line string, sent, received, now int64, shared bool) {
		e := Exchange{
			Method: method, Request: fields(request), Status: status, Response: fields(response),
			RequestTime: time.Unix(sent, 0), ResponseTime: time.Unix(received, 0), Shared: shared,
		}
		again := fields(second)
		without, stale := MayReuse(e, again, method, !shared, time.Unix(now, 0))
		if (without || stale) && (!MayStore(e) || !SelectedBy(e, again)) {
			t.Error("reused what may not be stored, or is not selected")
		}
		if d, explicit := Lifetime(e); d < 0 || !explicit && d != 0 {
			t.Error("a lifetime that cannot be")
		}
		if least, age := LeastAge(e, time.Unix(now, 0)), Age(e, time.Unix(now, 0)); least < 0 || age < least {
			t.Error("an age that cannot be")
		}
		PermittedStale(e, again, time.Unix(now, 0))
		ClientAccepts(e, again, time.Unix(now, 0))
		ParseDirectives([]string{line, request})
		ParseVary([]string{line})
		Freshened(e.Response, again)
		MayUpdateByHead(e, status, again)
		if first, last, total, ok := ContentRange(line); ok && (first < 0 || first > last || total >= 0 && last >= total) {
			t.Error("a part that cannot be")
		}
		if first, last, ok, satisfiable := SingleRange(line, now); satisfiable && (!ok || first < 0 || last >= max(0, now) || last < first && now > 0) {
			t.Error("a range that cannot be")
		}
	})
}
