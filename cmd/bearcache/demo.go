package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/internal/demo"
	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/gateway"
	"github.com/bearcache/bearcache/internal/operation"
	"github.com/bearcache/bearcache/internal/report"
	"github.com/bearcache/bearcache/internal/scan"
	"github.com/bearcache/bearcache/redact"
)

const demoHelp = `
The whole story on one screen, in this process and on the loopback interface only: an API that
caches by URL as Flask-Caching does by default is scanned; then its cache is taken away, the
gateway is put before it, and it is scanned again. All numbers are measured in this run.

Example: bearcache demo`

// What the demo's API costs, and how long its careless cache keeps an answer. Real caches keep it
// for minutes; the scan would only wait longer for its proof.
const (
	demoWork    = 15 * time.Millisecond
	demoTimeout = 2 * time.Second
	demoRounds  = 60
	demoRule    = "{match: /api/**, ttl: 30s}" // most of the API's views say nothing about caching
)

func runDemo(ctx context.Context, e env, args []string) error {
	var flags common
	if err := parse(e, "demo", demoHelp, &flags, args); err != nil {
		return err
	}
	fmt.Fprint(e.stdout, "1  An API that caches by URL, scanned with the tokens of alice and bob\n\n")
	before, err := scanOf(ctx, e, carelessly, false)
	if err != nil {
		return err
	}
	fmt.Fprint(e.stdout, "\n2  The same API without that cache, behind bearcache serve with the rule "+demoRule+", scanned again\n\n")
	after, err := scanOf(ctx, e, behindGateway, true)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "\n3  Side by side; a view takes %d ms\n\n", demoWork.Milliseconds())
	columns := []numbers{
		{name: "cached by URL", leaking: leaks(before), begin: carelessly},
		{name: "no cache", leaking: -1, begin: uncached},
		{name: "bearcache serve", leaking: leaks(after), begin: behindGateway},
	}
	for i := range columns {
		if err := columns[i].measure(ctx); err != nil {
			return unfinished{err}
		}
	}
	compare(e.stdout, columns)
	fmt.Fprint(e.stdout, `
Try it on your own API:
  bearcache scan --openapi openapi.yaml --target URL --identity alice=env:ALICE_TOKEN --identity bob=env:BOB_TOKEN
  bearcache serve --upstream URL
`)
	return nil
}

// setup is the demo's API, running, with nothing stored yet.
type setup struct {
	api        *demo.API
	alice, bob string   // tokens
	base       *url.URL // where readers connect
	servers    []*http.Server
}

func (s *setup) stop() {
	for _, server := range s.servers {
		server.Close()
	}
}

func carelessly() (*setup, error) { return newSetup(demoTimeout) }

func uncached() (*setup, error) { return newSetup(0) }

func behindGateway() (*setup, error) {
	s, err := newSetup(0)
	if err != nil {
		return nil, err
	}
	file, err := config.Parse("rule", []byte("routes: ["+demoRule+"]"))
	var g *gateway.Gateway
	if err == nil {
		route, _ := policies(file.Routes, config.Partition{})
		g, err = gateway.New(gateway.Options{Upstream: s.base, Cache: new(bearcache.Cache), Route: route})
	}
	if err == nil {
		err = s.listen(g)
	}
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func newSetup(timeout time.Duration) (*setup, error) {
	s := new(setup)
	s.api, s.alice, s.bob = demo.New(demoWork, timeout)
	if err := s.listen(s.api.Handler()); err != nil {
		return nil, err
	}
	return s, nil
}

// listen serves h on a free port of the loopback interface, where readers connect from now on.
func (s *setup) listen(h http.Handler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return unfinished{fmt.Errorf("cannot listen on the loopback interface: %w", err)}
	}
	server := newServer(h)
	go server.Serve(l)
	s.servers = append(s.servers, server)
	s.base = &url.URL{Scheme: "http", Host: l.Addr().String()}
	return nil
}

// scanOf scans a new set-up and prints the report.
func scanOf(ctx context.Context, e env, begin func() (*setup, error), verbose bool) (*finding.Report, error) {
	s, err := begin()
	if err != nil {
		return nil, err
	}
	defer s.stop()
	document, err := operation.Parse("openapi.yaml", demo.Document)
	if err != nil {
		return nil, err
	}
	line := newProgressLine(e)
	r, err := scan.Run(ctx, scan.Options{
		Target: s.base, Operations: document.Operations, Rate: 500, Wait: 5 * time.Second, Progress: line.show,
		Identities: []*scan.Identity{
			{Name: "alice", Token: redact.NewSecret(s.alice), Variable: "ALICE_TOKEN"},
			{Name: "bob", Token: redact.NewSecret(s.bob), Variable: "BOB_TOKEN"},
		},
	})
	line.clear()
	if err != nil {
		return nil, unfinished{err}
	}
	return r, report.Terminal(report.Style{Colour: e.colour(e.stdout), Brief: true, Verbose: verbose})(e.stdout, r)
}

// leaks counts the operations that gave a response to the wrong reader.
func leaks(r *finding.Report) int {
	operations := map[string]bool{}
	for _, f := range r.Findings {
		if f.Severity >= finding.High {
			operations[f.Operation] = true
		}
	}
	return len(operations)
}

// numbers are what readers saw of one set-up.
type numbers struct {
	name                  string
	leaking               int // operations; -1: not scanned
	begin                 func() (*setup, error)
	requests, made, wrong int
	p50                   time.Duration // of a GET that alice repeats
}

// measure begins the set-up anew and lets alice and bob take turns on two routes of their own; then
// alice repeats one.
func (n *numbers) measure(ctx context.Context) error {
	s, err := n.begin()
	if err != nil {
		return err
	}
	defer s.stop()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}}
	defer client.CloseIdleConnections()
	for range demoRounds {
		for _, path := range []string{"/api/profile", "/api/statement"} {
			for token, email := range map[string]string{s.alice: "alice@example.com", s.bob: "bob@example.com"} {
				_, got, err := ask(ctx, client, s.base.String()+path, token)
				if err != nil {
					return err
				}
				n.requests++
				if got != email {
					n.wrong++
				}
			}
		}
	}
	n.made = int(s.api.Made())
	var times []time.Duration
	for range demoRounds {
		took, _, err := ask(ctx, client, s.base.String()+"/api/profile", s.alice)
		if err != nil {
			return err
		}
		times = append(times, took)
	}
	slices.Sort(times)
	n.p50 = times[len(times)/2]
	return nil
}

// ask is one GET: how long it took, and whose answer came.
func ask(ctx context.Context, client *http.Client, url, token string) (took time.Duration, email string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	start := time.Now()
	resp, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	took = time.Since(start)
	if err != nil {
		return 0, "", err
	}
	var who struct{ Email, Holder string }
	if err := json.Unmarshal(body, &who); err != nil {
		return 0, "", fmt.Errorf("the demo's API answered %d: %w", resp.StatusCode, err)
	}
	return took, who.Email + who.Holder, nil
}

// compare prints the set-ups as columns.
func compare(w io.Writer, columns []numbers) {
	row := func(label string, cell func(numbers) string) {
		fmt.Fprintf(w, "  %-44s", label)
		for _, n := range columns {
			fmt.Fprintf(w, "%18s", cell(n))
		}
		fmt.Fprintln(w)
	}
	row("", func(n numbers) string { return n.name })
	row("operations that leak, by scan", func(n numbers) string {
		if n.leaking < 0 {
			return "-"
		}
		return fmt.Sprintf("%d of 4", n.leaking)
	})
	row("answers given to the wrong reader", func(n numbers) string { return fmt.Sprintf("%d of %d", n.wrong, n.requests) })
	row("hit ratio", func(n numbers) string {
		return fmt.Sprintf("%.1f %%", 100*(1-float64(n.made)/float64(n.requests)))
	})
	row("p50 of a repeated authenticated GET", func(n numbers) string {
		return fmt.Sprintf("%.3f ms", float64(n.p50.Nanoseconds())/1e6)
	})
}
