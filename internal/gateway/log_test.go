package gateway

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bearcache/bearcache"
)

func bigCache() *bearcache.Cache { return &bearcache.Cache{Memory: 256 << 20, MaxBody: 64 << 20} }

// A pipe that nobody reads does not keep the process from ending, and what comes later is lost, not a
// panic.
func TestLogClosesInTime(t *testing.T) {
	s := &sink{stuck: make(chan bool), arrived: make(chan bool)}
	l := NewLog(s, nil)
	io.WriteString(l, "stuck\n")
	<-s.arrived
	io.WriteString(l, "waiting\n")
	closed := make(chan bool)
	go func() { closed <- l.Close(time.Millisecond) }()
	select {
	case all := <-closed:
		if all {
			t.Error("all was written, it says")
		}
	case <-time.After(5 * time.Second):
		t.Fatal("it waits for a sink that takes nothing")
	}
	before := l.Dropped()
	if n, err := io.WriteString(l, "late\n"); n != 5 || err != nil || l.Dropped() != before+1 {
		t.Errorf("%d, %v, %d dropped", n, err, l.Dropped())
	}
	close(s.stuck)
	if !l.Close(5 * time.Second) { // again
		t.Error("it never ended")
	}
	if got := s.String(); got != "stuck\nwaiting\n" {
		t.Errorf("written: %q", got)
	}
}

// failing is a sink that does not take every line.
type failing struct{}

func (failing) Write(p []byte) (int, error) {
	if strings.HasPrefix(string(p), "fail") {
		return 0, errors.New("nobody reads this pipe any more")
	}
	return len(p), nil
}

// Lines that could not be written are counted, and somebody is told: when it begins, and when it is over.
func TestLogCountsWhatCouldNotBeWritten(t *testing.T) {
	for _, tt := range []struct {
		lines []string
		lost  uint64
		told  string
	}{
		{[]string{"a", "b"}, 0, ""},
		{[]string{"fail", "fail", "fail"}, 3, "failing, 3 lost"},
		{[]string{"a", "fail", "fail", "b", "c"}, 2, "failing, 2 lost"},
		{[]string{"fail", "b", "fail", "fail", "c", "fail"}, 4, "failing, 1 lost, failing, 2 lost, failing, 1 lost"},
	} {
		var told []string
		l := NewLog(failing{}, func(lost uint64, err error) {
			if err != nil {
				told = append(told, "failing")
				return
			}
			told = append(told, fmt.Sprintf("%d lost", lost))
		})
		for _, line := range tt.lines {
			io.WriteString(l, line)
		}
		if !l.Close(5*time.Second) || l.Dropped() != tt.lost {
			t.Errorf("%v: %d lines dropped", tt.lines, l.Dropped())
		}
		if got := strings.Join(told, ", "); got != tt.told {
			t.Errorf("%v: told %q", tt.lines, got)
		}
	}
}

// Of what net/http says only what an operator must know is said, and in other words.
func TestErrorLog(t *testing.T) {
	var log buffer
	g := newGateway(t, Options{Upstream: raw(t, nil), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	l := g.ErrorLog()
	l.Printf("http: panic serving %v: %v\n%s", "127.0.0.1:1", "hunter2", "goroutine 1 [running]:\nhunter2()")
	l.Printf("http: Accept error: %v; retrying in %v", "accept tcp 127.0.0.1:1: accept4: too many open files", time.Second)
	l.Printf("Unsolicited response received on idle HTTP channel starting with %q; err=%v", "hunter2", io.EOF)
	l.Printf("http: TLS handshake error from %s: %v", "127.0.0.1:1", "hunter2")
	l.Printf("http: URL query contains semicolon, hunter2")
	for _, want := range []string{"a request failed", "too many open files", "what nobody had asked for"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in %s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "hunter2") || g.unlogged.Load() != 2 {
		t.Errorf("%d left out, logged: %s", g.unlogged.Load(), log.String())
	}
}

// A handler's panic is said with its place, and without its value.
func TestPanic(t *testing.T) {
	var log buffer
	w := start(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, nil)
	front := w.gateway.access(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panics("hunter2") }))
	server := httptest.NewUnstartedServer(front)
	server.Config.ErrorLog = w.gateway.ErrorLog()
	server.Start()
	defer server.Close()
	w.address = server.Listener.Addr().String()
	if a := w.send("GET /a"); a.err == nil {
		t.Errorf("answered with %d", a.status)
	}
	w.record()
	s := log.String()
	if strings.Contains(s, "hunter2") || !strings.Contains(s, "type=*net.OpError") || !strings.Contains(s, "gateway.panics < ") || strings.Count(s, "\n") != 1 {
		t.Errorf("logged: %s", s)
	}
}

func panics(text string) {
	panic(&net.OpError{Op: text, Err: errors.New(text)})
}
