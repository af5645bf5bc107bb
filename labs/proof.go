package labs

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// prove makes the requests of a proof, in order. An error is a lab that is not as it says.
func (r *running) prove(ctx context.Context, steps []Step) error {
	for i, step := range steps {
		if step.Wait > 0 {
			select {
			case <-time.After(step.Wait):
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		var err error
		for range max(step.Within, 1) {
			if err = r.take(ctx, step); err == nil || ctx.Err() != nil {
				break
			}
		}
		if err != nil {
			return fmt.Errorf("step %d of the proof: %w", i+1, err)
		}
	}
	return nil
}

var plain = &http.Client{
	Timeout:       20 * time.Second,
	Transport:     &http.Transport{DisableKeepAlives: true}, // so that every worker of a server is met
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (r *running) take(ctx context.Context, s Step) error {
	req, err := r.request(ctx, s)
	if err != nil {
		return err
	}
	resp, err := plain.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	return r.hold(s, resp, string(data))
}

func (r *running) request(ctx context.Context, s Step) (*http.Request, error) {
	method, path := http.MethodGet, s.Get
	switch {
	case s.Head != "":
		method, path = http.MethodHead, s.Head
	case s.Options != "":
		method, path = http.MethodOptions, s.Options
	}
	path, err := r.fill(path, Server{})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+r.address[r.lab.Target]+path, nil)
	if err != nil {
		return nil, err
	}
	token, err := r.fill(s.Bearer, Server{})
	switch {
	case err != nil:
		return nil, err
	case token != "" || s.As == "nobody":
	case s.As == "forged":
		token = r.cast.values["forged"]
	case r.cast.tokens[s.As] == "":
		return nil, fmt.Errorf("as: %q is no identity of the lab, nor nobody or forged", s.As)
	default:
		token = r.cast.tokens[s.As]
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for name, value := range s.Send {
		if value, err = r.fill(value, Server{}); err != nil {
			return nil, err
		}
		req.Header.Set(name, value)
	}
	return req, nil
}

// hold compares a response with what the step says of it.
func (r *running) hold(s Step, resp *http.Response, body string) error {
	asked := fmt.Sprintf("%s %s as %s", resp.Request.Method, cmp.Or(s.Get, s.Head, s.Options), cmp.Or(s.As, "a token of its own"))
	shown := strings.TrimSpace(body[:min(len(body), 300)])
	if want := cmp.Or(s.Status, http.StatusOK); resp.StatusCode != want {
		return fmt.Errorf("%s: got %d, want %d: %s", asked, resp.StatusCode, want, shown)
	}
	for _, list := range []struct {
		words words
		want  bool
	}{{s.Has, true}, {s.Lacks, false}} {
		for _, word := range list.words {
			word, err := r.fill(word, Server{})
			if err != nil {
				return err
			}
			if strings.Contains(body, word) != list.want {
				return fmt.Errorf("%s: that the body holds %q is %v: %s", asked, word, !list.want, shown)
			}
		}
	}
	for name, want := range s.Fields {
		want, err := r.fill(want, Server{})
		if err != nil {
			return err
		}
		got := strings.Join(resp.Header.Values(name), ", ")
		if want == "" && got != "" || !strings.Contains(got, want) {
			return fmt.Errorf("%s: %s is %q, want %q", asked, name, got, want)
		}
	}
	for name, field := range s.Keep {
		if r.cast.values[name] = resp.Header.Get(field); r.cast.values[name] == "" {
			return fmt.Errorf("%s: there is no %s to keep", asked, field)
		}
	}
	return nil
}
