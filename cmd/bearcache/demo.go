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
)

func runDemo(ctx context.Context, e env, args []string) error {
	var flags common
	if err := parse(e, "demo", demoHelp, &flags, args); err != nil {
		return err
	}
	d := &demonstration{env: e}
	heading := func(n int, text string) { fmt.Fprintf(e.stdout, "%d  %s\n\n", n, text) }

	heading(1, "An API that caches by URL, scanned with the tokens of alice and bob")
	api, alice, bob := demo.New(demoWork, demoTimeout)
	stop, base, err := listen(api.Handler())
	if err != nil {
		return err
	}
	before, err := d.scan(ctx, base, alice, bob)
	if err == nil {
		err = report.Terminal(report.Style{Colour: e.colour(e.stdout)})(e.stdout, before)
	}
	var careless numbers
	if err == nil {
		careless, err = measure(ctx, base, alice, bob, api)
	}
	stop()
	if err != nil {
		return unfinished{err}
	}

	heading(2, "The same API without that cache, behind bearcache serve, scanned again")
	api, alice, bob = demo.New(demoWork, 0)
	stopAPI, upstream, err := listen(api.Handler())
	if err != nil {
		return err
	}
	defer stopAPI()
	bare, err := measure(ctx, upstream, alice, bob, api)
	if err != nil {
		return unfinished{err}
	}
	g, err := gateway.New(gateway.Options{Upstream: upstream, Cache: new(bearcache.Cache)})
	if err != nil {
		return err
	}
	stopGateway, front, err := listen(g)
	if err != nil {
		return err
	}
	defer stopGateway()
	after, err := d.scan(ctx, front, alice, bob)
	if err != nil {
		return unfinished{err}
	}
	if err := report.Terminal(report.Style{Colour: e.colour(e.stdout), Verbose: true})(e.stdout, after); err != nil {
		return err
	}
	// A new gateway, with nothing stored: its misses count too.
	g, err = gateway.New(gateway.Options{Upstream: upstream, Cache: new(bearcache.Cache)})
	if err != nil {
		return err
	}
	stopFresh, fresh, err := listen(g)
	if err != nil {
		return err
	}
	defer stopFresh()
	kept, err := measure(ctx, fresh, alice, bob, api)
	if err != nil {
		return unfinished{err}
	}

	fmt.Fprint(e.stdout, "\n")
	heading(3, "Side by side")
	compare(e.stdout, []numbers{
		careless.named("cached by URL", leaks(before)),
		bare.named("no cache", -1),
		kept.named("bearcache serve", leaks(after)),
	})
	fmt.Fprint(e.stdout, `
Try it on your own API:
  bearcache scan --openapi openapi.yaml --target URL --identity alice=env:ALICE_TOKEN --identity bob=env:BOB_TOKEN
  bearcache serve --upstream URL
`)
	return nil
}

type demonstration struct{ env env }

func (d *demonstration) scan(ctx context.Context, base *url.URL, alice, bob string) (*finding.Report, error) {
	document, err := operation.Parse("openapi.yaml", demo.Document)
	if err != nil {
		return nil, err
	}
	line := newProgressLine(d.env)
	defer line.clear()
	r, err := scan.Run(ctx, scan.Options{
		Target: base, Operations: document.Operations, Rate: 500, Wait: 5 * time.Second, Progress: line.show,
		Identities: []*scan.Identity{
			{Name: "alice", Token: redact.NewSecret(alice), Variable: "ALICE_TOKEN"},
			{Name: "bob", Token: redact.NewSecret(bob), Variable: "BOB_TOKEN"},
		},
	})
	r.Version, _ = build()
	return r, err
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

// listen serves h on a free port of the loopback interface until stop is called.
func listen(h http.Handler) (stop func(), base *url.URL, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, unfinished{fmt.Errorf("cannot listen on the loopback interface: %w", err)}
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(l)
	return func() { server.Close() }, &url.URL{Scheme: "http", Host: l.Addr().String()}, nil
}

// numbers are what readers saw of one set-up.
type numbers struct {
	name                  string
	leaking               int // operations; -1: not scanned
	requests, made, wrong int
	p50                   time.Duration // of a repeated GET by one bearer
}

func (n numbers) named(name string, leaking int) numbers {
	n.name, n.leaking = name, leaking
	return n
}

// measure lets alice and bob take turns on two routes of their own, and then alice repeat one.
func measure(ctx context.Context, base *url.URL, alice, bob string, api *demo.API) (n numbers, err error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}}
	defer client.CloseIdleConnections()
	ask := func(token, path, email string) (time.Duration, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, base.String()+path, nil)
		if err != nil {
			return 0, err
		}
		r.Header.Set("Authorization", "Bearer "+token)
		start := time.Now()
		resp, err := client.Do(r)
		if err != nil {
			return 0, err
		}
		body, err := io.ReadAll(resp.Body)
		took := time.Since(start)
		resp.Body.Close()
		var who struct{ Email, Holder string }
		if json.Unmarshal(body, &who); who.Email+who.Holder != email {
			n.wrong++
		}
		n.requests++
		return took, err
	}
	made := api.Made()
	for range demoRounds {
		for _, path := range []string{"/api/profile", "/api/statement"} {
			for token, email := range map[string]string{alice: "alice@example.com", bob: "bob@example.com"} {
				if _, err := ask(token, path, email); err != nil {
					return n, err
				}
			}
		}
	}
	n.made = int(api.Made() - made)
	requests, wrong := n.requests, n.wrong
	var times []time.Duration
	for range demoRounds {
		took, err := ask(alice, "/api/profile", "alice@example.com")
		if err != nil {
			return n, err
		}
		times = append(times, took)
	}
	n.requests, n.wrong = requests, wrong
	slices.Sort(times)
	n.p50 = times[len(times)/2]
	return n, nil
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
