package gateway

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Log writes lines on a goroutine of its own: a slow or full sink loses lines, it never holds up a
// request, nor the end of the process.
type Log struct {
	mu      sync.RWMutex // closed, and with it the end of lines
	closed  bool
	lines   chan []byte
	done    chan struct{}
	dropped atomic.Uint64
}

// NewLog starts writing to w. Close stops it. trouble is told when w begins to fail, by an error, and when
// it has recovered, or at the end, how many lines were lost by that; nil: nobody can be told.
func NewLog(w io.Writer, trouble func(lost uint64, err error)) *Log {
	l := &Log{lines: make(chan []byte, 8192), done: make(chan struct{})}
	if trouble == nil {
		trouble = func(uint64, error) {}
	}
	go func() {
		defer close(l.done)
		lost := uint64(0) // since w last took a line
		for line := range l.lines {
			_, err := w.Write(line)
			switch {
			case err != nil:
				l.dropped.Add(1)
				if lost++; lost == 1 {
					trouble(0, err)
				}
			case lost > 0:
				trouble(lost, nil)
				lost = 0
			}
		}
		if lost > 0 {
			trouble(lost, nil)
		}
	}()
	return l
}

// Write takes a line; it never blocks and never fails. After Close lines are lost.
func (l *Log) Write(line []byte) (int, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		l.dropped.Add(1)
		return len(line), nil
	}
	select {
	case l.lines <- bytes.Clone(line):
	default:
		l.dropped.Add(1)
	}
	return len(line), nil
}

// Dropped counts lines that were lost.
func (l *Log) Dropped() uint64 { return l.dropped.Load() }

// Close writes what was taken and returns, after patience at the latest: a pipe that nobody reads
// would take the rest never. It reports whether all was written.
func (l *Log) Close(patience time.Duration) bool {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.lines)
	}
	l.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-l.done:
		return true
	case <-timer.C:
		return false
	}
}

// ErrorLog is for the ErrorLog of an http.Server, and for the log package, to which net/http's
// Transport writes. Much of what they say quotes a client or the upstream: what an operator must know
// is said in words of our own, the rest is counted.
func (g *Gateway) ErrorLog() *log.Logger { return log.New(notes{g}, "", 0) }

type notes struct{ gateway *Gateway }

func (n notes) Write(p []byte) (int, error) {
	logger, line := n.gateway.options.Logger, string(p)
	switch {
	case strings.HasPrefix(line, "http: panic serving "): // the value, and a trace that the value may imitate
		logger.Error("a request failed: its handler panicked")
	case strings.HasPrefix(line, "http: Accept error: "):
		logger.Error("cannot accept connections", "error", acceptError(line))
	case strings.HasPrefix(line, "Unsolicited response received"):
		logger.Warn("the upstream sent what nobody had asked for; the connection was closed")
	default:
		n.gateway.unlogged.Add(1)
	}
	return len(p), nil
}

// acceptError is the reason in the operating system's words.
func acceptError(line string) string {
	for _, number := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EPERM, syscall.EINVAL} {
		if strings.Contains(line, ": "+number.Error()) {
			return number.Error()
		}
	}
	return "other"
}

// panicked says where a handler panicked: the type of the value, not the value, which may hold what a
// client sent. It is called while the stack is still there.
func (g *Gateway) panicked(value any) {
	if value == http.ErrAbortHandler { // the origin broke off, see brokeOff
		return
	}
	g.options.Logger.Error("a request failed: a handler panicked", "type", fmt.Sprintf("%T", value), "at", panicFrames())
}

// panicFrames are the functions that were running, the innermost first.
func panicFrames() string {
	var counters [64]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(0, counters[:])])
	var names []string
	for panicking := false; len(names) < 5; {
		frame, more := frames.Next()
		if panicking && !strings.HasPrefix(frame.Function, "runtime.") {
			names = append(names, frame.Function)
		}
		panicking = panicking || frame.Function == "runtime.gopanic"
		if !more {
			break
		}
	}
	return strings.Join(names, " < ")
}
