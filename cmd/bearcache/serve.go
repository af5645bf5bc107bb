package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"slices"
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
	Admin                *config.AdminAddress `placeholder:"ADDRESS|off" help:"Where operators look, purge and revoke (default 127.0.0.1:8081)."`
	AdminToken           *config.SecretRef    `env:"-" placeholder:"SOURCE" help:"What operators must send there, in Authorization: Bearer: env:VAR or file:PATH. Without one BEARCACHE_ADMIN_TOKEN is used if it is set; without any, the address must be a loopback one."`
	Store                *config.Store        `placeholder:"memory|URL" help:"Where responses are kept beside memory: redis://HOST or another URL of package redisstore, for several nodes (default memory: nowhere)."`
	StorePassword        *config.SecretRef    `env:"-" placeholder:"SOURCE" help:"The store's password: env:VAR or file:PATH. Without one BEARCACHE_STORE_PASSWORD is used if it is set."`
	StorePrefix          *config.StorePrefix  `placeholder:"WORD" help:"What names in the store begin with; gateways that differ in secret or origin need different ones (default bearcache)."`
	StoreCA              *config.Path         `name:"store-ca" placeholder:"FILE" help:"The authorities that vouch for the store, in PEM, in place of the system's; for rediss://."`
	StoreCertificate     *config.Path         `placeholder:"FILE" help:"The certificate that the store knows this node by, in PEM; for rediss://."`
	StoreKey             *config.SecretRef    `env:"-" placeholder:"SOURCE" help:"The key of that certificate, in PEM: env:VAR or file:PATH. Without one BEARCACHE_STORE_KEY is used if it is set."`
	SentinelPassword     *config.SecretRef    `env:"-" placeholder:"SOURCE" help:"The password of the sentinels in redis+sentinel://, not of the store: env:VAR or file:PATH. Without one BEARCACHE_SENTINEL_PASSWORD is used if it is set."`
	Partition            *config.Partition    `placeholder:"token|claims" help:"What tells readers apart: each token, or the claims of verified ones, so that a new token of the same user finds what the old one left (default token)."`
	AuthenticatedSharing *config.Sharing      `placeholder:"never|explicit" help:"What releases a bearer's response to other readers: nothing, or the origin's public, must-revalidate and s-maxage, as RFC 9111 §3.5 has it (default never)."`
	Memory               *config.Size         `placeholder:"SIZE" help:"Bound of all stored responses together (default 64MiB)."`
	MaxBody              *config.Size         `placeholder:"SIZE" help:"Bound of one stored response; larger ones pass unstored, and so does what is one reader's alone above an eighth of the memory (default 1MiB)."`
	MaxTokenLength       *config.Size         `placeholder:"BYTES" help:"Longer bearer tokens are refused (default 4096)."`
	Realm                *config.Realm        `placeholder:"TEXT" help:"Realm of challenges (default api)."`
	Credentials          []config.FieldName   `placeholder:"FIELD" help:"Request fields that say who asks (default Authorization,Cookie,X-Api-Key)."`
	URLTokens            *config.URLTokens    `name:"url-tokens" placeholder:"refuse|pass" help:"Tokens in a URL: answer 400, or pass them on uncached (default refuse)."`
	UpstreamTimeout      *config.Duration     `placeholder:"DURATION" help:"How long the origin may take to begin its answer (default 30s)."`
	Secret               *config.SecretRef    `env:"-" placeholder:"SOURCE" help:"The key of all digests, 16 bytes or more: env:VAR or file:PATH. Without one BEARCACHE_SECRET is used if it is set, and otherwise a random one."`
	PreviousSecret       *config.SecretRef    `env:"-" placeholder:"SOURCE" help:"The secret before this one, or the next, for an exchange without a stop: env:VAR or file:PATH. Without one BEARCACHE_PREVIOUS_SECRET is used if it is set."`
	CredentialLifetime   *config.Duration     `placeholder:"DURATION" help:"How long a response is kept for credentials that state no end (default 24h)."`
	Log                  *config.LogFormat    `placeholder:"text|json" help:"Format of the access log on standard output (default text)."`
	Verify               verifyFlags          `embed:"" prefix:"verify-"`
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
	adminTimeout   = 10 * time.Second // of a whole request: operators ask for little
	maxHeader      = 64 << 10
	maxConnections = 10_000 // of all clients: some 10 KiB and a descriptor each, and one more to the origin
	maxOperators   = 64
	hearTimeout    = 5 * time.Second // for what was revoked, at the start
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
	if err := flags.over(e, file); err != nil {
		var problems config.Errors
		if errors.As(err, &problems) {
			for _, p := range problems {
				p.Key = e.written(p.Key, args)
			}
		}
		e.misspelt(file)
		return err
	}
	serve := file.Serve
	secrets, err := readSecrets(ctx, e, serve)
	if err != nil {
		e.misspelt(file)
		return err
	}
	store, err := openStore(ctx, e, serve)
	if err != nil {
		return err
	}

	// A reader of the logs that goes away, or stops reading, ends or holds up nothing.
	signal.Ignore(syscall.SIGPIPE)
	notes := gateway.NewLog(e.stderr, nil)
	defer notes.Close(logTimeout)
	e.stderr = notes
	logger := slog.New(redact.Handler(slog.NewTextHandler(e.stderr, nil), nil))
	verifier, err := newVerifier(ctx, e, file.Verify, logger)
	defer verifier.close()
	if err != nil {
		return err
	}
	sink := gateway.NewLog(e.stdout, lossOf(logger))
	defer sink.Close(logTimeout)
	route, readers := policies(file.Routes, *serve.Partition)
	options := gateway.Options{
		Upstream: serve.Upstream.URL(),
		Cache: &bearcache.Cache{
			Memory: int64(*serve.Memory), MaxBody: int64(*serve.MaxBody), Secret: secrets.node, PreviousSecret: secrets.previous,
			CredentialLifetime: time.Duration(*serve.CredentialLifetime), Credentials: fieldNames(serve.Credentials), Logger: logger,
			ShareReleased: *serve.AuthenticatedSharing == config.SharingExplicit,
		},
		Route:           route,
		Syntax:          bearer.Syntax{MaxLength: int(*serve.MaxTokenLength)},
		Realm:           serve.Realm.String(),
		AdminToken:      secrets.admin,
		UnsafeURLTokens: *serve.URLTokens == config.URLTokensPass,
		Timeout:         time.Duration(*serve.UpstreamTimeout),
		Access:          slog.New(accessHandler(sink, *serve.Log)),
		Lost:            sink.Dropped,
		Logger:          logger,
	}
	if v := file.Verify; !v.Absent() {
		options.Verifier, options.Issuer, options.Readers = verifier.Verifier, v.Issuer.String(), readers
		options.Leeway = time.Duration(*v.Leeway)
		options.Remember, options.RememberBad = time.Duration(*v.Remember), time.Duration(*v.RememberBad)
		options.RefuseAnonymous = *v.Anonymous == config.NobodyRefuse
	}
	if store != nil {
		defer store.Close()
		options.Cache.Store, options.Cache.PurgeLog = store, store.Log(purgeLog)
		options.RevocationLog, options.Store = store.LogOf(revocationLog, gateway.LongLog), store.Ping
	}
	g, err := gateway.New(options)
	if err != nil {
		return err
	}
	// net/http's Transport writes here what it received and cannot place.
	log.SetFlags(0)
	log.SetOutput(g.ErrorLog().Writer())
	if verifier.ready != nil {
		go verifier.ready(ctx) // that it fails the verifier's log says
	}
	return listenAndServe(ctx, e, file, g, warnings(e, file, args))
}

// over puts flags over file over defaults, and checks what that is.
func (f *serveFlags) over(e env, file *config.File) error {
	file.Serve = config.Serve{
		Upstream: f.Upstream, Listen: f.Listen, Admin: f.Admin, AdminToken: f.AdminToken, Store: f.Store, StorePassword: f.StorePassword, StorePrefix: f.StorePrefix,
		StoreCA: f.StoreCA, StoreCertificate: f.StoreCertificate, StoreKey: f.StoreKey, SentinelPassword: f.SentinelPassword,
		Partition: f.Partition, AuthenticatedSharing: f.AuthenticatedSharing, Memory: f.Memory, MaxBody: f.MaxBody,
		MaxTokenLength: f.MaxTokenLength, Realm: f.Realm, Credentials: f.Credentials, URLTokens: f.URLTokens, UpstreamTimeout: f.UpstreamTimeout,
		Secret: f.Secret, PreviousSecret: f.PreviousSecret, CredentialLifetime: f.CredentialLifetime, Log: f.Log,
	}.Or(file.Serve).Or(config.Defaults())
	s := &file.Serve
	s.Secret = e.orVariable(s.Secret, "BEARCACHE_SECRET")
	s.PreviousSecret = e.orVariable(s.PreviousSecret, "BEARCACHE_PREVIOUS_SECRET")
	s.AdminToken = e.orVariable(s.AdminToken, "BEARCACHE_ADMIN_TOKEN")
	if s.Store.Shared() && !s.Store.HoldsPassword() {
		s.StorePassword = e.orVariable(s.StorePassword, "BEARCACHE_STORE_PASSWORD")
	}
	if s.Store.TLS() {
		s.StoreKey = e.orVariable(s.StoreKey, "BEARCACHE_STORE_KEY")
	}
	if s.Store.Sentinels() {
		s.SentinelPassword = e.orVariable(s.SentinelPassword, "BEARCACHE_SENTINEL_PASSWORD")
	}
	file.Verify = f.Verify.over(e, file.Verify)
	if file.Verify.Absent() {
		for _, variable := range verifySecrets {
			if e.orVariable(nil, variable) != nil {
				return problem(variable+" is set, and nothing verifies tokens", "give --verify-issuer and --verify-audience, or unset it")
			}
		}
	}
	if err := file.Check(); err != nil {
		return err
	}
	if s.Upstream == nil {
		return problem("there is no origin to serve", "give --upstream URL, for example http://127.0.0.1:5000")
	}
	return nil
}

// orVariable is ref, or else the variable that is the secret itself, if it is set.
func (e env) orVariable(ref *config.SecretRef, variable string) *config.SecretRef {
	if value, ok := e.getenv(variable); ref == nil && ok && value != "" {
		return &config.SecretRef{Env: variable}
	}
	return ref
}

// warnings are what an operator should know at the start.
func warnings(e env, file *config.File, args []string) []string {
	serve := file.Serve
	list := append(serve.Warnings(), unknownVariables(e, file)...)
	switch where := e.written("serve.store", args); {
	case !serve.Store.HoldsPassword():
	case where == "--store":
		list = append(list, "the password in --store can be read by every user of this machine; give it with --store-password env:VAR or file:PATH")
	case where == "serve.store":
		list = append(list, config.PasswordInFile)
	}
	if value, _ := e.getenv("BEARCACHE_STORE_PASSWORD"); value != "" && serve.Store.HoldsPassword() {
		list = append(list, "BEARCACHE_STORE_PASSWORD is not used: the store's URL holds a password")
	}
	return list
}

// loopbackHost reports a host that only this machine reaches. A name is not looked up: what it means may
// change.
func loopbackHost(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// secrets are those of a node. Those that nobody gave are nil or zero.
type secrets struct {
	node, previous []byte
	admin          redact.Secret
}

func readSecrets(ctx context.Context, e env, serve config.Serve) (s secrets, err error) {
	if s.node, err = nodeSecret(ctx, e, serve.Secret, sought{"the secret", "--secret ", "BEARCACHE_SECRET"}); err != nil {
		return s, err
	}
	if s.previous, err = nodeSecret(ctx, e, serve.PreviousSecret, sought{"the previous secret", "--previous-secret ", "BEARCACHE_PREVIOUS_SECRET"}); err != nil {
		return s, err
	}
	switch {
	case s.node == nil && serve.Store.Shared():
		return s, problem("a store needs a secret that all its nodes have", "make one with: openssl rand -hex 32, and give it in BEARCACHE_SECRET, or in a file with --secret file:PATH")
	case s.node == nil && s.previous != nil:
		return s, problem("there is a previous secret and none now", "give the one that counts now in BEARCACHE_SECRET, or with --secret")
	case s.node != nil && bytes.Equal(s.node, s.previous):
		return s, problem("the previous secret is the one that counts now, so that nothing is exchanged", "give the one before it, or the next, or none")
	case serve.AdminToken == nil:
		return s, nil
	}
	s.admin, _, err = readSecret(ctx, e, serve.AdminToken.String(), sought{"the operators' token", "--admin-token ", "BEARCACHE_ADMIN_TOKEN"})
	if err == nil && len(s.admin.Reveal()) < 16 {
		err = problem("the operators' token has fewer than 16 bytes ("+serve.AdminToken.String()+")", "make one with: openssl rand -hex 32")
	}
	if err == nil && !gateway.Sendable(s.admin) {
		err = problem("the operators' token cannot be sent in Authorization: Bearer ("+serve.AdminToken.String()+"): it has spaces or other characters that are in no bearer token, or more than 4,096 bytes", "make one with: openssl rand -hex 32")
	}
	return s, err
}

// nodeSecret reads a key of the digests; nil: there is none.
func nodeSecret(ctx context.Context, e env, ref *config.SecretRef, of sought) ([]byte, error) {
	if ref == nil {
		return nil, nil
	}
	s, _, err := readSecret(ctx, e, ref.String(), of)
	if err != nil {
		return nil, err
	}
	if len(s.Reveal()) < 16 {
		return nil, problem(of.whose+" has fewer than 16 bytes ("+ref.String()+")", "make one with: openssl rand -hex 32")
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
func listenAndServe(ctx context.Context, e env, file *config.File, g *gateway.Gateway, warnings []string) error {
	serve := file.Serve
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
	lines = append(lines, kept(file)...)
	for _, warning := range warnings {
		lines = append(lines, "warning: "+warning)
	}
	fmt.Fprintln(e.stderr, strings.Join(lines, "\n"))

	// Requests that come meanwhile wait: they may show what was revoked before this node was there.
	switch err := g.ReachStore(ctx); {
	case ctx.Err() != nil:
	case err != nil:
		fmt.Fprintf(e.stderr, "warning: the store cannot be reached yet (%v); until it can, nothing is answered from what is stored, and tokens that were revoked pass to the origin\n", err)
	case !g.Hears(ctx, hearTimeout):
		fmt.Fprintf(e.stderr, "warning: what was revoked is not known after %v; until it is, nothing is answered from what is stored, and tokens that were revoked pass to the origin\n", hearTimeout)
	}
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

// kept says at the start what is stored for whom.
func kept(file *config.File) []string {
	serve, per := file.Serve, "bearer"
	if serve.Partition.ByClaims {
		per = "reader (" + serve.Partition.String() + ")"
	}
	shared := "nothing shared between readers"
	switch group := slices.ContainsFunc(file.Routes, func(r config.Route) bool { return r.Partition != nil && r.Partition.ByScope }); {
	case *serve.AuthenticatedSharing == config.SharingExplicit:
		shared = "what the origin releases is shared between readers (RFC 9111 §3.5)"
	case group:
		shared = "shared between readers where routes say so"
	}
	lines := []string{fmt.Sprintf("one partition per %s, %s in memory, %s", per, spaced(serve.Memory.String()), shared)}
	if serve.Store.Shared() {
		lines = append(lines, "records shared on "+serve.Store.String())
	}
	if line := verified(file.Verify); line != "" {
		lines = append(lines, line)
	}
	return lines
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
