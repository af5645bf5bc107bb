package varnish

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearcache/bearcache/test/programtest"
)

// edge is a varnishd in front of an origin that answers by who asks.
type edge struct {
	t       *testing.T
	url     string
	origin  string // its address
	admin   []string
	dir     string
	program int
}

// newOrigin answers with a number of its own for each request, and with the name of whom the request tells of, wherever it does.
func newOrigin(t *testing.T) *httptest.Server {
	var count atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := "nobody"
		for _, name := range []string{"alice", "bob"} {
			if strings.Contains(fmt.Sprint(r.URL, r.Header), name) {
				who = name
			}
		}
		if lifetime := r.Header.Get("X-Lifetime"); lifetime != "" { // a program has it set
			w.Header().Set("Cache-Control", "max-age="+lifetime)
		}
		fmt.Fprintf(w, "%d for %s", count.Add(1), who)
	}))
	t.Cleanup(s.Close)
	return s
}

func startEdge(t *testing.T) *edge {
	varnishd, varnishadm := programtest.Need(t, "varnishd"), programtest.Need(t, "varnishadm")
	programtest.Need(t, "gcc") // with which varnishd compiles
	e := &edge{t: t, dir: t.TempDir(), origin: newOrigin(t).Listener.Addr().String()}
	address := net.JoinHostPort("127.0.0.1", programtest.FreePort())
	e.url = "http://" + address
	work := filepath.Join(e.dir, "work")
	e.admin = []string{varnishadm, "-n", work}
	first := filepath.Join(e.dir, "first.vcl")
	if err := os.WriteFile(first, []byte("vcl 4.1;\nbackend default none;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(varnishd, "-F", "-n", work, "-a", address, "-f", first, "-s", "malloc,16m", "-p", "vcc_err_unref=off", "-j", "none")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	p, err := programtest.Start(cmd, func(line string) bool {
		return strings.Contains(line, "Child launched OK") || strings.Contains(line, "said Child starts")
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return e
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// use compiles a program and has it answer from an empty store.
func (e *edge) use(text string) error {
	e.program++
	host, port, _ := net.SplitHostPort(e.origin)
	text = strings.NewReplacer(`.host = "127.0.0.1"`, `.host = "`+host+`"`, `.port = "8080"`, `.port = "`+port+`"`).Replace(text)
	name := fmt.Sprintf("p%d", e.program)
	path := filepath.Join(e.dir, name+".vcl")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err
	}
	for _, command := range [][]string{{"vcl.load", name, path}, {"vcl.use", name}, {"ban", "req.url ~ ."}} {
		cmd := exec.Command(e.admin[0], append(e.admin[1:], command...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", command[0], err, out)
		}
	}
	return nil
}

// ask is the answer to somebody's request, "" for an error status.
func (e *edge) ask(who, carried string) string {
	e.t.Helper()
	req, err := http.NewRequest("GET", e.url+"/api/wallet", nil)
	if err != nil {
		e.t.Fatal(err)
	}
	switch {
	case who == "":
	case carried == "cookie":
		req.Header.Set("Cookie", "theme=dark; sessionid="+who)
	default:
		// As two that one issuer signed: of one length, and alike up to the name.
		req.Header.Set("Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ"+who+strings.Repeat("x", 8-len(who)))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		return ""
	}
	return string(body)
}

// leaks reports whether what alice was answered is what bob, or nobody, receives. Number and name of the answer are alice's then.
func (e *edge) leaks(carried string) (bool, string) {
	alice, bob, nobody := e.ask("alice", carried), e.ask("bob", carried), e.ask("", carried)
	return alice != "" && (bob == alice || nobody == alice), fmt.Sprintf("alice %q, bob %q, nobody %q", alice, bob, nobody)
}

// What the annotations say of a program, Varnish does: all of them compile, the dirty ones leak, the clean ones do not, and neither do
// the dirty ones with the edit that is offered.
func TestVarnishAgrees(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles some eighty programs")
	}
	e := startEdge(t)
	for _, x := range examples(t, "live/*") {
		carried := "authorization"
		if strings.Contains(x.text, "# as: cookie") {
			carried = "cookie"
		}
		if err := e.use(x.text); err != nil {
			t.Errorf("%s: %v", x.path, err)
			continue
		}
		dirty := len(x.wanted()) > 0
		if leaks, answers := e.leaks(carried); leaks != dirty && !strings.Contains(x.text, "# shared: ") {
			t.Errorf("%s: leaks %v: %s", x.path, leaks, answers)
		}
		if !dirty {
			continue
		}
		findings := audited(file(x.path, x.text)).Findings
		if len(findings) == 0 {
			continue // another test's
		}
		if err := e.use(edited(x.text, findings[0].Source.Edits)); err != nil {
			t.Errorf("%s, edited: %v", x.path, err)
		} else if leaks, answers := e.leaks(carried); leaks {
			t.Errorf("%s, edited, leaks: %s", x.path, answers)
		}
	}
}
