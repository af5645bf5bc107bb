package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) Store { return New() })
	RunLog(t, func(_ *testing.T, kept int) (a, b PurgeLog) {
		m := New()
		if kept > 0 {
			m.Log("log").Keep(kept)
		}
		return m.Log("log"), m.Log("log")
	})
}

func TestFaults(t *testing.T) {
	calls := map[string]func(ctx context.Context, m *Memory) error{
		"get":    func(ctx context.Context, m *Memory) error { _, err := m.Get(ctx, "a"); return err },
		"set":    func(ctx context.Context, m *Memory) error { return m.Set(ctx, "b", nil, time.Hour) },
		"delete": func(ctx context.Context, m *Memory) error { return m.Delete(ctx, "a") },
		"append": func(ctx context.Context, m *Memory) error { _, _, err := m.Log("log").Append(ctx, nil); return err },
		"since":  func(ctx context.Context, m *Memory) error { _, _, _, err := m.Log("log").Since(ctx, "", 0); return err },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := New()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				m.Fail()
				if err := call(ctx, m); !errors.Is(err, ErrFailed) {
					t.Errorf("fail: %v", err)
				}
				m.Delay(time.Millisecond)
				if before := time.Now(); call(ctx, m) != nil || time.Since(before) != time.Millisecond {
					t.Errorf("delay: %v", time.Since(before))
				}
				m.Hang()
				if before := time.Now(); !errors.Is(call(ctx, m), context.DeadlineExceeded) || time.Since(before) != 999*time.Millisecond {
					t.Errorf("hang: %v", time.Since(before))
				}
				m.Work()
				if err := call(t.Context(), m); err != nil {
					t.Errorf("work: %v", err)
				}
				if m.Calls() != 4 {
					t.Errorf("%d calls", m.Calls())
				}
			})
		})
	}
}

func TestDropWrites(t *testing.T) {
	m := New()
	set(t, m, "a", []byte("old"))
	epoch := add(t, m.Log("log"), "one", 1)
	m.DropWrites()
	set(t, m, "a", []byte("new"))
	set(t, m, "b", []byte("new"))
	if err := m.Delete(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	add(t, m.Log("log"), "two", 2)
	m.Work()
	want(t, get(t, m, "a")[0], []byte("old"))
	want(t, get(t, m, "b")[0], nil)
	follow(t, m.Log("log"), epoch, 0, 1, "one")
}

func TestTampering(t *testing.T) {
	m := New()
	fill := func() {
		set(t, m, "a", []byte("first"))
		set(t, m, "b", []byte("second"))
	}
	for _, tt := range []struct {
		name string
		do   func() bool
		a, b string
	}{
		{"a byte", func() bool { return m.Corrupt("a", 1) }, "fhrst", "second"},
		{"the last byte", func() bool { return m.Corrupt("a", -1) }, "firsu", "second"},
		{"cut", func() bool { return m.Truncate("b", 2) }, "first", "se"},
		{"swapped", func() bool { return m.Swap("a", "b") }, "second", "first"},
		{"changed", func() bool {
			return m.Change("a", func(r []byte) []byte { return append(r, '!') })
		}, "first!", "second"},
		{"replayed", func() bool {
			set(t, m, "a", []byte("newer"))
			return m.Replay("a")
		}, "first", "second"},
		{"replayed after deletion", func() bool {
			_ = m.Delete(t.Context(), "b")
			return m.Replay("b")
		}, "first", "second"},
	} {
		fill()
		if !tt.do() {
			t.Errorf("%s: not done", tt.name)
		}
		want(t, get(t, m, "a")[0], []byte(tt.a))
		want(t, get(t, m, "b")[0], []byte(tt.b))
	}
	if m.Corrupt("c", 0) || m.Truncate("c", 0) || m.Swap("a", "c") || m.Replay("c") {
		t.Error("done to what is not there")
	}
	add(t, m.Log("log"), "an entry", 1)
	set(t, m, "a", []byte("newer"))
	if keys := m.Keys(); !slices.Equal(keys, []string{"a", "b"}) {
		t.Errorf("keys %q", keys)
	}
	for _, text := range []string{"a\nnewer\n", "a\nfirst\n", "second", "an entry"} {
		if !strings.Contains(m.Dump(), text) {
			t.Errorf("the dump has no %q", text)
		}
	}
	m.Flush()
	want(t, get(t, m, "a")[0], nil)
}

func TestLostLog(t *testing.T) {
	m := New()
	l := m.Log("log")
	first := add(t, l, "one", 1)
	add(t, l, "two", 2)
	add(t, l, "three", 3)
	l.RollBack(2)
	second, n, entries := since(t, l, first, 3)
	if second == first || n != 1 || !slices.Equal(entries, []string{"one", "two"}) {
		t.Errorf("rolled back: %q from %d on", entries, n)
	}
	add(t, l, "another three", 3)
	for _, lose := range []func(){l.Lose, m.Flush} {
		before, _, _ := since(t, l, "", 0)
		lose()
		after, n, entries := since(t, l, before, 3)
		if after == before || n != 1 || len(entries) != 0 {
			t.Errorf("lost: %q from %d on", entries, n)
		}
		add(t, l, "one", 1)
	}
	if e := add(t, m.Log("other"), "one", 1); e == second {
		t.Error("two logs are one")
	}
}
