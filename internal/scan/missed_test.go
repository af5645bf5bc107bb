package scan

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
)

// Where next to nothing is found the base URL is wrong, as a rule, and often it can be said what is right.
func TestTargetIsElsewhere(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, target string
		servers      []string
		ask, there   []string // what the document has, and what the API has
		want         string   // why the scan is not complete; "": it is
	}{
		{"the path twice", "/api", []string{"/"}, []string{"/api/own", "/api/x", "/api/orders/{id}", "/healthz"}, []string{"/api/own", "/api/x"},
			"3 of 3 operations answered 404: paths of the document begin with /api, and so ends --target, which makes it twice; give --target http://api.test"},
		{"a part of the path twice", "/api/v1/", nil, []string{"/v1/own", "/v1"}, []string{"/api/v1/own", "/api/v1"},
			"2 of 2 operations answered 404: paths of the document begin with /v1, and so ends --target, which makes it twice; give --target http://api.test/api"},
		{"the path that the document's server has", "", []string{"/api/"}, []string{"/own", "/x"}, []string{"/api/own", "/api/x"},
			"2 of 2 operations answered 404: the document says that its paths begin at /api, and --target does not end so; give --target http://api.test/api"},
		{"another path", "/v1", []string{"/v2"}, []string{"/own"}, []string{"/v2/own"},
			"1 of 1 operation answered 404: the document says that its paths begin at /v2, and --target does not end so; give --target http://api.test/v2"},
		{"one of several servers", "/v1", []string{"/v2", "/v1"}, []string{"/own"}, []string{"/elsewhere"},
			"no operation gave an answer that could be compared: 1 of 1 operation answered 404; is http://api.test/v1 where the paths of the API begin?"},
		{"nothing is said", "", nil, []string{"/own", "/x"}, []string{"/elsewhere"}, "no operation gave an answer that could be compared: 2 of 2 operations answered 404; is http://api.test where the paths of the API begin?"},
		{"objects only", "/api", nil, []string{"/api/a/{id}"}, []string{"/api/a/7"},
			"1 of 1 operation answered 404: paths of the document begin with /api, and so ends --target, which makes it twice; give --target http://api.test"},
		{"all but one", "", []string{"/api"}, []string{"/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/own"}, []string{"/own", "/api/0"},
			"9 of 10 operations answered 404: the document says that its paths begin at /api, and --target does not end so; give --target http://api.test/api"},
		{"all but one, and nothing is said", "", nil, []string{"/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/own"}, []string{"/own"}, ""},
		{"an object is there", "", []string{"/api"}, []string{"/own", "/a/{id}"}, []string{"/a/7"}, ""},
		{"some are there", "", []string{"/api"}, []string{"/0", "/1", "/own"}, []string{"/own"}, ""},
		{"all are there, though the document says otherwise", "", []string{"/api"}, []string{"/own"}, []string{"/own"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &site{anyPath: true, origin: func(user string, r *http.Request) answer {
				for _, path := range tt.there {
					if r.URL.Path == path {
						return mine(user)
					}
				}
				return missing
			}}
			o := Options{Operations: gets(tt.ask...), ServerPaths: tt.servers}
			o.Value = func(string, operation.Parameter) (string, bool) { return "7", true }
			r := scanBelow(t, s, o, tt.target)
			if r.Incomplete != tt.want {
				t.Errorf("got  %s\nwant %s", r.Incomplete, tt.want)
			}
		})
	}
}

// scanBelow scans a site at a path of its own.
func scanBelow(t *testing.T, s *site, o Options, path string) (r *finding.Report) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := &network{hosts: make(map[string]chan net.Conn)}
		defer n.serve(targetHost, s)()
		o.dial = n.dial
		r, _ = scanAt(t, o, "http://"+targetHost+path)
		time.Sleep(time.Second)
	})
	return r
}

// A target that cannot be asked, or sends elsewhere, is said to be so at once, with what to do.
func TestTargetIsOfAnotherKind(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/a", "/b":
			http.Redirect(w, r, "https://api.example.com/v2"+r.URL.Path+"?token=hunter2hunter2", http.StatusMovedPermanently)
		default:
			http.Redirect(w, r, "/login?next="+r.URL.Path, http.StatusFound)
		}
	}))
	defer plain.Close()
	secure := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer secure.Close()
	hostOf := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	none := "no operation gave an answer that could be compared: "
	for _, tt := range []struct {
		base  string
		paths []string
		want  string
	}{
		{"https://" + hostOf(plain) + "/api", []string{"/a", "/b"}, "cannot reach https://" + hostOf(plain) + "/api: it does not speak TLS; give --target http://" + hostOf(plain) + "/api"},
		{"https://" + hostOf(secure), []string{"/a", "/b"}, "cannot reach https://" + hostOf(secure) + ": its certificate is of a CA that nobody here trusts; name the file of its CA in the variable SSL_CERT_FILE"},
		{"http://" + hostOf(secure), []string{"/a", "/b"}, none + "answered 400 to alice: there was nothing to compare; it said: Client sent an HTTP request to an HTTPS server."},
		{"http://" + hostOf(plain), []string{"/a", "/b"}, none + "answered 301 to alice: there was nothing to compare; it sends to https://api.example.com: if that is the API, give it as --target"},
		{"http://" + hostOf(plain), []string{"/c", "/d"}, none + "answered 302 to alice: there was nothing to compare; it sends to /login"},
		{"http://" + hostOf(plain), []string{"/a", "/d"}, none[:len(none)-2] + "; the report has the reason of each"},
	} {
		if _, err := scanAt(t, Options{}, tt.base, tt.paths...); err == nil || err.Error() != tt.want {
			t.Errorf("%v\nwant %s", err, tt.want)
		}
	}
}
