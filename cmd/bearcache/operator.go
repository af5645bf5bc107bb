package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/internal/report"
	"github.com/bearcache/bearcache/redact"
)

// adminFlags say where a gateway's admin listener is, and what it wants.
type adminFlags struct {
	common
	Admin      string            `placeholder:"URL" help:"The gateway's admin listener (default: what the configuration file says, or else http://127.0.0.1:8081)."`
	AdminToken *config.SecretRef `env:"-" placeholder:"SOURCE" help:"The token that it wants: env:VAR or file:PATH. Without one BEARCACHE_ADMIN_TOKEN is used if it is set."`
}

// gatewayAt is an admin listener.
type gatewayAt struct {
	url   *url.URL
	token redact.Secret // zero: none is sent
}

// operatorTimeout bounds an order: a gateway answers it at once.
const operatorTimeout = 30 * time.Second

// gateway finds the listener, and warns where a secret would be read on the way to it.
func (f adminFlags) gateway(ctx context.Context, e env, secret bool) (at gatewayAt, err error) {
	file, err := f.load()
	if err != nil {
		return at, err
	}
	address := f.Admin
	if address == "" {
		if file.Serve.Admin != nil {
			address = file.Serve.Admin.String()
		} else {
			address = config.Defaults().Admin.String()
		}
	}
	if at.url, err = adminURL(address); err != nil {
		return at, err
	}
	ref := f.AdminToken
	if ref == nil {
		ref = file.Serve.AdminToken
	}
	if ref = e.orVariable(ref, "BEARCACHE_ADMIN_TOKEN"); ref != nil {
		at.token, _, err = readSecret(ctx, e, ref.String(), sought{"the operators' token", "--admin-token ", "BEARCACHE_ADMIN_TOKEN"})
		if err != nil {
			return at, err
		}
	}
	if at.url.Scheme == "http" && !loopbackHost(at.url.Hostname()) && (secret || !at.token.IsZero()) {
		fmt.Fprintf(e.stderr, "warning: a token goes to %s over plain http, where it can be read on the way; use https, or a tunnel to the loopback address\n", report.Plain(at.url.Host))
	}
	return at, nil
}

// adminURL reads a URL, or an address as serve.admin has it: of every interface, the one of this machine.
func adminURL(text string) (*url.URL, error) {
	const flag, example = "--admin", "write for example http://127.0.0.1:8081"
	if text == config.AdminOff.String() {
		return nil, problem("this gateway has no admin listener (admin: off)", "give it one, such as admin: 127.0.0.1:8081, or say --admin URL")
	}
	if !strings.Contains(text, "://") {
		host, port, err := net.SplitHostPort(text)
		if err != nil {
			return nil, problem(flag+" must be the URL of an admin listener", example)
		}
		if host == "" || net.ParseIP(host).IsUnspecified() {
			host = "127.0.0.1"
		}
		text = "http://" + net.JoinHostPort(host, port)
	}
	u, err := baseURL(flag, text)
	if err == nil && u.Path != "" && u.Path != "/" {
		err = problem(flag+" must have no path", example)
	}
	return u, err
}

// order sends one, and returns the gateway's answer. The token goes to the listener's origin alone: no redirect is
// followed, and no proxy of the environment used.
func (at gatewayAt) order(ctx context.Context, path string, content any) (*orderAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, operatorTimeout)
	defer cancel()
	body, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at.url.JoinPath(path).String(), bytes.NewReader(body))
	if err != nil {
		return nil, problem("--admin must be the URL of an admin listener", "write for example http://127.0.0.1:8081")
	}
	r.Header.Set("Content-Type", "application/json")
	if !at.token.IsZero() {
		r.Header.Set("Authorization", "Bearer "+at.token.Reveal())
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(r)
	if err != nil {
		return nil, at.unreached(err)
	}
	defer resp.Body.Close()
	return at.understand(resp)
}

// orderAnswer is what a gateway says.
type orderAnswer struct {
	Records    int    `json:"records"`
	Until      string `json:"until"`
	Note       string `json:"note"`
	OtherNodes string `json:"other_nodes"`
	Error      string `json:"error"`
}

// ofMember is a sentence about a member of an order. Each has the name of the flag that it was made of.
var ofMember = regexp.MustCompile(`^(url|prefix|tag|subject|issuer|jti|until): `)

func (at gatewayAt) understand(resp *http.Response) (*orderAnswer, error) {
	where := report.Plain(at.url.Host)
	var a orderAnswer
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind != "application/json" || json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&a) != nil || (a.Error == "") == (a.OtherNodes == "") {
		remedy := "serve says where its listener is when it starts; name that with --admin"
		if !at.token.IsZero() {
			remedy += "; the operators' token was sent there, and must be exchanged if somebody else can have read it"
		}
		return nil, unfinished{problem(fmt.Sprintf("%s is no admin listener of bearcache: it answered %d", where, resp.StatusCode), remedy)}
	}
	said := report.Plain(redact.New(nil).Text(a.Error))
	switch {
	case resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusAccepted:
		return &a, nil
	case resp.StatusCode == http.StatusUnauthorized && at.token.IsZero():
		return nil, problem(where+" wants the operators' token", "give it with --admin-token env:VAR or file:PATH")
	case resp.StatusCode == http.StatusUnauthorized:
		return nil, problem(where+" does not take this token", "it is the one of the gateway's admin_token")
	case resp.StatusCode < 500 && ofMember.MatchString(said):
		return nil, errors.New("--" + said)
	case resp.StatusCode < 500:
		return nil, fmt.Errorf("%s: %s", where, said)
	}
	return nil, unfinished{fmt.Errorf("%s: %s", where, said)}
}

// unreached says why nobody answered.
func (at gatewayAt) unreached(err error) error {
	where := report.Plain(at.url.Host)
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return unfinished{problem("nothing listens on "+where, "start bearcache serve, or name its admin listener with --admin URL")}
	case errors.Is(err, http.ErrSchemeMismatch):
		return unfinished{problem(where+" speaks http, and no https", "write --admin http://"+where)}
	case errors.As(err, &timeout) && timeout.Timeout():
		return unfinished{problem(where+" did not answer in time", "see whether the gateway is well: "+at.url.JoinPath("healthz").String())}
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return unfinished{fmt.Errorf("%s cannot be asked: %s", where, report.Plain(redact.New(nil).Text(err.Error())))}
}

// nodes says what holds on other nodes; an error where they are not told yet.
func (a *orderAnswer) nodes(e env, what string) error {
	switch a.OtherNodes {
	case "none":
		fmt.Fprintln(e.stdout, "no other nodes: this gateway shares its store with nobody")
	case "not told yet":
		return unfinished{errors.New("other nodes could not be told yet: the gateway goes on trying for as long as it runs; see whether its store can be reached (" + what + ")")}
	default:
		fmt.Fprintln(e.stdout, "on other nodes: "+report.Plain(a.OtherNodes))
	}
	return nil
}
