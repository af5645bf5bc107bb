package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/bearer"
	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/internal/gateway"
	"github.com/bearcache/bearcache/redact"
)

type serveFlags struct {
	common
	Upstream             *config.Upstream     `placeholder:"URL" help:"The origin: an http or https URL."`
	Listen               *config.Address      `placeholder:"ADDRESS" help:"Where clients connect (default :8080)."`
	Admin                *config.AdminAddress `placeholder:"ADDRESS|off" help:"Where operators look: health and metrics (default 127.0.0.1:8081)."`
	Store                string               `default:"memory" placeholder:"memory" help:"Where responses are kept; this version knows memory."`
	AuthenticatedSharing *config.Sharing      `placeholder:"never|explicit" help:"What releases a bearer's response to other readers: nothing, or the origin's public, must-revalidate and s-maxage, as RFC 9111 §3.5 has it (default never)."`
	Memory               *config.Size         `placeholder:"SIZE" help:"Bound of all stored responses together (default 64MiB)."`
	MaxBody              *config.Size         `placeholder:"SIZE" help:"Bound of one stored response; larger ones pass unstored, and so does what is one reader's alone above an eighth of the memory (default 1MiB)."`
	MaxTokenLength       *config.Size         `placeholder:"BYTES" help:"Longer bearer tokens are refused (default 4096)."`
	Realm                *config.Realm        `placeholder:"TEXT" help:"Realm of challenges (default api)."`
	Credentials          []config.FieldName   `placeholder:"FIELD" help:"Request fields that say who asks (default Authorization,Cookie,X-Api-Key)."`
	URLTokens            *config.URLTokens    `name:"url-tokens" placeholder:"refuse|pass" help:"Tokens in a URL: answer 400, or pass them on uncached (default refuse)."`
	UpstreamTimeout      *config.Duration     `placeholder:"DURATION" help:"How long the origin may take to begin its answer (default 30s)."`
	Secret               *config.SecretRef    `env:"-" placeholder:"SOURCE" help:"The key of all digests, 16 bytes or more: env:VAR or file:PATH. Without one BEARCACHE_SECRET is used if it is set, and otherwise a random one."`
	Log                  *config.LogFormat    `placeholder:"text|json" help:"Format of the access log on standard output (default text)."`
}

const serveHelp = `
A caching reverse proxy with a private cache for every bearer. Safe with --upstream alone: a request
with credentials reads and writes its own partition only, and the origin's Cache-Control is obeyed.

Example: bearcache serve --upstream http://127.0.0.1:5000`

// Bounds of the listeners. What a client can make the gateway wait for are a request's fields
// (headerTimeout), its content and the taking of the response (gateway.Options.Patience, as long as
// nothing moves), and its next request (idleTimeout).
const (
	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	adminTimeout   = 30 * time.Second // of a whole request: operators ask for little
	maxHeader      = 64 << 10
	maxConnections = 10_000 // of all clients: some 10 KiB and a descriptor each, and one more to the origin
	maxOperators   = 64
	stopTimeout    = 10 * time.Second
	logTimeout     = 2 * time.Second // for what is still to be written at the end
)

func runServe(ctx context.Context, e env, args []string) error {
	var flags serveFlags
	if err := parse(e, "serve", serveHelp, &flags, args); err != nil {
		return err
	}
	file, err := flags.load()
	if err != nil {
		return err
	}
	serve, err := flags.over(file.Serve)
	var problems config.Errors
	if errors.As(err, &problems) {
		for _, p := range problems {
			p.Key = e.written(p.Key, args)
		}
	}
	if err != nil {
		return err
	}
	secret, err := nodeSecret(ctx, e, serve.Secret)
	if err != nil {
		return err
	}

	// A reader of the logs that goes away, or stops reading, ends or holds up nothing.
	signal.Ignore(syscall.SIGPIPE)
	notes := gateway.NewLog(e.stderr, nil)
	defer notes.Close(logTimeout)
	e.stderr = notes
	logger := slog.New(redact.Handler(slog.NewTextHandler(e.stderr, nil), nil))
	sink := gateway.NewLog(e.stdout, lossOf(logger))
	defer sink.Close(logTimeout)
	g, err := gateway.New(gateway.Options{
		Upstream: serve.Upstream.URL(),
		Cache: &bearcache.Cache{
			Memory: int64(*serve.Memory), MaxBody: int64(*serve.MaxBody), Secret: secret, Credentials: fieldNames(serve.Credentials), Logger: logger,
			ShareReleased: *serve.AuthenticatedSharing == config.SharingExplicit,
		},
		Route:           policies(file.Routes),
		Syntax:          bearer.Syntax{MaxLength: int(*serve.MaxTokenLength)},
		Realm:           serve.Realm.String(),
		UnsafeURLTokens: *serve.URLTokens == config.URLTokensPass,
		Timeout:         time.Duration(*serve.UpstreamTimeout),
		Access:          slog.New(accessHandler(sink, *serve.Log)),
		Lost:            sink.Dropped,
		Logger:          logger,
	})
	if err != nil {
		return err
	}
	// net/http's Transport writes here what it received and cannot place.
	log.SetFlags(0)
	log.SetOutput(g.ErrorLog().Writer())
	return listenAndServe(ctx, e, serve, g)
}

// over is flags over file over defaults, checked.
func (f *serveFlags) over(file config.Serve) (config.Serve, error) {
	if f.Store != "memory" {
		return config.Serve{}, errors.New("--store: this version keeps responses in memory only; leave the flag out")
	}
	serve := config.Serve{
		Upstream: f.Upstream, Listen: f.Listen, Admin: f.Admin, AuthenticatedSharing: f.AuthenticatedSharing, Memory: f.Memory, MaxBody: f.MaxBody,
		MaxTokenLength: f.MaxTokenLength, Realm: f.Realm, Credentials: f.Credentials, URLTokens: f.URLTokens, UpstreamTimeout: f.UpstreamTimeout,
		Secret: f.Secret, Log: f.Log,
	}.Or(file).Or(config.Defaults())
	if err := serve.Check(); err != nil {
		return serve, err
	}
	if serve.Upstream == nil {
		return serve, problem("there is no origin to serve", "give --upstream URL, for example http://127.0.0.1:5000")
	}
	return serve, nil
}

// loopbackHost reports a host that only this machine reaches. A name is not looked up: what it means may
// change.
func loopbackHost(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// nodeSecret reads the key of the digests; nil: a random one.
func nodeSecret(ctx context.Context, e env, ref *config.SecretRef) ([]byte, error) {
	source := ""
	if ref != nil {
		source = ref.String()
	} else if value, ok := e.getenv("BEARCACHE_SECRET"); ok && value != "" {
		source = "env:BEARCACHE_SECRET"
	}
	if source == "" {
		return nil, nil
	}
	s, _, err := readSecret(ctx, e, source, sought{"the secret", "--secret ", "BEARCACHE_SECRET"})
	if err != nil {
		return nil, err
	}
	if len(s.Reveal()) < 16 {
		return nil, problem("the secret has fewer than 16 bytes ("+source+")", "make one with: openssl rand -hex 32")
	}
	return []byte(s.Reveal()), nil
}

func fieldNames(names []config.FieldName) []string {
	var list []string
	for _, name := range names {
		list = append(list, name.String())
	}
	return list
}

// policies looks a request up in the rules of the file. A path that rules cannot be sure about is
// not cached. Public takes credentials away, and only what is stored is the same for everybody: who
// changes something has to say who he is.
func policies(routes config.Routes) func(method, escapedPath string) (bearcache.Policy, string) {
	if len(routes) == 0 {
		return nil
	}
	return func(method, escapedPath string) (bearcache.Policy, string) {
		route, ambiguous := routes.Match(method, escapedPath)
		switch {
		case ambiguous:
			return bearcache.Policy{Off: true}, ""
		case route == nil:
			return bearcache.Policy{}, ""
		}
		reads := method == http.MethodGet || method == http.MethodHead
		return bearcache.Policy{Off: route.Off, Lifetime: route.TTL, Public: route.Public && reads}, route.String()
	}
}

// accessHandler writes the access log. The gateway chose what stands in its records; redacting them
// as well is the second lock on that door.
func accessHandler(w io.Writer, format config.LogFormat) slog.Handler {
	options := &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
			return slog.Attr{} // always INFO and always "request"
		}
		return a
	}}
	if format == config.LogJSON {
		return redact.Handler(slog.NewJSONHandler(w, options), nil)
	}
	return redact.Handler(slog.NewTextHandler(w, options), nil)
}

// lossOf tells an operator of an access log that cannot be written.
func lossOf(logger *slog.Logger) func(lost uint64, err error) {
	return func(lost uint64, err error) {
		if err == nil {
			logger.Warn("lines of the access log could not be written", "lost", lost)
			return
		}
		reason := "other"
		if number := syscall.Errno(0); errors.As(err, &number) {
			reason = number.Error()
		}
		logger.Error("the access log cannot be written; its lines are lost until it can", "error", reason)
	}
}

// listenAndServe serves until ctx ends, and then lets the requests under way come to their end.
func listenAndServe(ctx context.Context, e env, serve config.Serve, g *gateway.Gateway) error {
	l, err := listenOn("--listen", serve.Listen.String(), ":8082")
	if err != nil {
		return err
	}
	defer l.Close()
	servers := []*http.Server{newServer(g)}
	listeners := []net.Listener{gateway.Limit(l, maxConnections)}
	lines := []string{fmt.Sprintf("listening on http://%s, upstream %s", l.Addr(), serve.Upstream)}
	if !serve.Admin.Off() {
		a, err := listenOn("--admin", serve.Admin.String(), "127.0.0.1:8083")
		if err != nil {
			return err
		}
		defer a.Close()
		admin := newServer(g.Admin())
		admin.ReadTimeout, admin.WriteTimeout = adminTimeout, adminTimeout
		servers, listeners = append(servers, admin), append(listeners, gateway.Limit(a, maxOperators))
		lines = append(lines, fmt.Sprintf("admin on http://%s", a.Addr()))
	}
	shared := "nothing shared between readers"
	if *serve.AuthenticatedSharing == config.SharingExplicit {
		shared = "what the origin releases is shared between readers (RFC 9111 §3.5)"
	}
	lines = append(lines, fmt.Sprintf("one partition per bearer, %s in memory, %s", spaced(serve.Memory.String()), shared))
	if warning := serve.Warning(); warning != "" {
		lines = append(lines, "warning: "+warning)
	}
	fmt.Fprintln(e.stderr, strings.Join(lines, "\n"))

	failed := make(chan error, len(servers))
	for i, s := range servers {
		s.ErrorLog = g.ErrorLog()
		go func() { failed <- s.Serve(listeners[i]) }()
	}
	if err := g.Reach(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintf(e.stderr, "the upstream cannot be reached yet (%s); until it can, requests that need it get 502\n", gateway.Failure(err))
	}
	select {
	case err := <-failed:
		return unfinished{fmt.Errorf("stopped serving: %w", err)}
	case <-ctx.Done():
	}
	fmt.Fprintln(e.stderr, "stopping; requests under way have 10 s")
	patience, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	for _, s := range servers {
		if s.Shutdown(patience) != nil {
			s.Close()
		}
	}
	g.Close()
	return nil
}

func newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		DisableGeneralOptionsHandler: true, // the gateway answers, and logs, OPTIONS * like everything else
		// What net/http says here quotes clients. serve puts a log in this place that knows what to repeat.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
}

func listenOn(flag, address, other string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err == nil {
		return l, nil
	}
	what := "cannot listen on " + harmless(address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, unfinished{problem(what+": in use by another program", flag+" "+other)}
	case errors.Is(err, syscall.EACCES):
		return nil, unfinished{problem(what+": not permitted", "ports below 1024 need a privilege; "+flag+" "+other)}
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		err = errors.New(dns.Err) // without the name, which may be hidden
	}
	return nil, unfinished{fmt.Errorf("%s: %w", what, err)}
}

// spaced puts a space before the unit: 64 MiB.
func spaced(size string) string {
	digits := strings.TrimRight(size, "KMGiB")
	if digits == size {
		return size + " bytes"
	}
	return digits + " " + size[len(digits):]
}
