package bearer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	maxDocument  = 1 << 20 // bytes of a key set, of metadata, of a file of keys
	fetchTimeout = 10 * time.Second
)

// endpoint parses a URL of ours: https, or http to a loopback address, with a host, and without user
// information or a fragment. No error repeats it.
func endpoint(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return nil, errors.New("it is no absolute URL")
	case u.User != nil || u.Fragment != "":
		return nil, errors.New("it has user information or a fragment")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u)):
		return nil, errors.New("it must be https, or http on this machine")
	}
	return u, nil
}

func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// clientFor is a client as the one given, or with a pool of its own, that follows redirects at most within
// their origin. Where a redirect may lead, an answer may come from somebody else.
func clientFor(given *http.Client, redirects bool) *http.Client {
	var client http.Client
	if given != nil {
		client = *given
	} else if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = transport.Clone()
		transport.MaxResponseHeaderBytes = 64 << 10
		client.Transport = transport
	}
	client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		first := via[0].URL
		switch {
		case !redirects:
			return http.ErrUseLastResponse
		case r.URL.Scheme != first.Scheme || r.URL.Host != first.Host:
			return errors.New("it redirects to another origin")
		case len(via) > 3:
			return errors.New("it redirects too often")
		}
		return nil
	}
	return &client
}

// fetch sends r and reads the whole answer, limit bytes at most. No error holds more of the URL than its host.
func fetch(client *http.Client, r *http.Request, limit int64) (status int, body []byte, err error) {
	r.Header.Set("Accept", "application/json")
	response, err := client.Do(r)
	if err != nil {
		return 0, nil, fmt.Errorf("ask %s: %w", r.URL.Host, plain(err))
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		return 0, nil, fmt.Errorf("read the answer of %s: %w", r.URL.Host, plain(err))
	case int64(len(body)) > limit:
		return 0, nil, fmt.Errorf("read the answer of %s: it has more than %d bytes", r.URL.Host, limit)
	}
	return response.StatusCode, body, nil
}

// plain is err without the URL, whose path or query may tell more than a log should.
func plain(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// document is what GET of a URL answers with 200.
func document(ctx context.Context, client *http.Client, u string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, errors.New("it is no URL")
	}
	status, body, err := fetch(client, r, maxDocument)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s answered %d", r.URL.Host, status)
	}
	return body, err
}

// health tells an operator when something begins to fail, fails in another way, and works again: a line
// for each of these, and not for each request.
type health struct {
	mu   sync.Mutex
	last string // what the last line said; empty: that it works, or none was written
}

func (h *health) note(log *slog.Logger, what string, err error) {
	now := ""
	if err != nil {
		now = err.Error()
	}
	h.mu.Lock()
	changed := now != h.last
	h.last = now
	h.mu.Unlock()
	if log == nil {
		log = slog.Default()
	}
	switch {
	case !changed:
	case err != nil:
		log.Warn("bearer: "+what, "error", now)
	default:
		log.Info("bearer: " + what + " works again")
	}
}
