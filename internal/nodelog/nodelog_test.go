package nodelog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearcache/bearcache/internal/seal"
	"github.com/bearcache/bearcache/storetest"
)

var box = seal.New([]byte("a secret of all nodes"))

// follower notes what a node calls.
type follower struct {
	*Node
	mu      sync.Mutex // guards what follows
	events  []string
	trouble []error
}

func follow(t *testing.T, log Log, change func(*Options)) *follower {
	f := &follower{}
	note := func(format string, args ...any) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.events = append(f.events, fmt.Sprintf(format, args...))
	}
	o := Options{
		Log: log, Use: "test", Boxes: []*seal.Box{box},
		Apply:   func(number uint64, entry []byte) { note("%d %s", number, entry) },
		Begin:   func(_ string, floor uint64) { note("begin %d", floor) },
		Trouble: func(err error) { f.trouble = append(f.trouble, err) },
	}
	if change != nil {
		change(&o)
	}
	f.Node = Start(o)
	t.Cleanup(func() { f.Close() })
	return f
}

// heard is what was noted since it was called last.
func (f *follower) heard() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer func() { f.events = nil }()
	return strings.Join(f.events, ", ")
}

func settle() { time.Sleep(2 * time.Second); synctest.Wait() }

func add(t *testing.T, log Log, entry []byte) {
	t.Helper()
	if _, _, err := log.Append(t.Context(), entry); err != nil {
		t.Fatal(err)
	}
}

func TestFollow(t *testing.T) {
	for _, tt := range []struct {
		name   string
		do     func(t *testing.T, m *storetest.Memory, l *storetest.MemoryLog)
		want   string
		unread uint64
	}{
		{"nothing", func(*testing.T, *storetest.Memory, *storetest.MemoryLog) {}, "", 0},
		{"an entry", func(t *testing.T, _ *storetest.Memory, l *storetest.MemoryLog) {
			add(t, l, box.Seal([]byte("c"), "test"))
		}, "3 c", 0},
		{"of another use", func(t *testing.T, _ *storetest.Memory, l *storetest.MemoryLog) {
			add(t, l, box.Seal([]byte("c"), "other"))
			add(t, l, box.Seal([]byte("d"), "test"))
		}, "begin 3, 4 d", 1},
		{"of another secret", func(t *testing.T, _ *storetest.Memory, l *storetest.MemoryLog) {
			add(t, l, seal.New([]byte("the previous secret")).Seal([]byte("c"), "test"))
			add(t, l, seal.New([]byte("a third secret")).Seal([]byte("d"), "test"))
		}, "3 c, begin 4", 1},
		{"lost", func(_ *testing.T, _ *storetest.Memory, l *storetest.MemoryLog) { l.Lose() }, "begin 0", 0},
		{"lost, and written again", func(t *testing.T, _ *storetest.Memory, l *storetest.MemoryLog) {
			l.Lose()
			add(t, l, box.Seal([]byte("e"), "test"))
		}, "begin 0, 1 e", 0},
		{"rolled back", func(_ *testing.T, _ *storetest.Memory, l *storetest.MemoryLog) { l.RollBack(1) }, "begin 0, 1 a", 0},
		{"trimmed", func(t *testing.T, _ *storetest.Memory, l *storetest.MemoryLog) {
			l.Keep(2)
			for _, text := range []string{"c", "d", "e", "f"} {
				add(t, l, box.Seal([]byte(text), "test"))
			}
		}, "begin 4, 5 e, 6 f", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := storetest.New()
				l := m.Log("log")
				f := follow(t, l, func(o *Options) { o.Boxes = append(o.Boxes, seal.New([]byte("the previous secret"))) })
				for _, text := range []string{"a", "b"} {
					add(t, l, box.Seal([]byte(text), "test"))
				}
				settle()
				if got := f.heard(); got != "begin 0, 1 a, 2 b" {
					t.Errorf("at the start: %s", got)
				}
				tt.do(t, m, l)
				settle()
				if got := f.heard(); got != tt.want || f.Unread() != tt.unread {
					t.Errorf("%s, %d unread; want %s, %d", got, f.Unread(), tt.want, tt.unread)
				}
				if epoch, first, _, _ := l.Since(t.Context(), "", 0); f.Position().Epoch != epoch || f.Position().Number < first-1 || f.Deaf(time.Second) {
					t.Errorf("it is at %+v", f.Position())
				}
			})
		})
	}
}

// A log that is longer than an answer is read to its end, in order, and only then is everything heard.
func TestLongLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := storetest.New().Log("log")
		want := "begin 0"
		for i := range 2500 {
			add(t, l, box.Seal(fmt.Append(nil, i), "test"))
			want += fmt.Sprintf(", %d %d", i+1, i)
		}
		f := follow(t, l, nil)
		settle()
		if f.heard() != want {
			t.Error("it was not read in order")
		}
	})
}

// wrapped changes what a log does.
type wrapped struct {
	Log
	since  func()
	append func(Log, context.Context, []byte) (string, uint64, error)
	answer func(epoch string, first uint64, entries [][]byte, err error) (string, uint64, [][]byte, error)
}

func (w wrapped) Since(ctx context.Context, epoch string, after uint64) (string, uint64, [][]byte, error) {
	if w.since != nil {
		w.since()
	}
	if w.answer == nil {
		return w.Log.Since(ctx, epoch, after)
	}
	return w.answer(w.Log.Since(ctx, epoch, after))
}

func (w wrapped) Append(ctx context.Context, entry []byte) (string, uint64, error) {
	if w.append == nil {
		return w.Log.Append(ctx, entry)
	}
	return w.append(w.Log, ctx, entry)
}

// What is told is in the log at last, whatever that does for a while, and is said to be once it is.
func TestTell(t *testing.T) {
	during := func(fault func(*storetest.Memory)) func(*storetest.Memory, *storetest.MemoryLog) Log {
		return func(m *storetest.Memory, l *storetest.MemoryLog) Log {
			fault(m)
			time.AfterFunc(10*time.Second, m.Work)
			return l
		}
	}
	for _, tt := range []struct {
		name   string
		log    func(*storetest.Memory, *storetest.MemoryLog) Log
		late   bool // it takes until the log works
		copies int
	}{
		{"works", func(_ *storetest.Memory, l *storetest.MemoryLog) Log { return l }, false, 1},
		{"fails", during((*storetest.Memory).Fail), true, 1},
		{"hangs", during((*storetest.Memory).Hang), true, 1},
		{"is too slow", during(func(m *storetest.Memory) { m.Delay(2 * time.Second) }), true, 1},
		{"loses what it takes", during((*storetest.Memory).DropWrites), true, 1},
		{"takes it and fails", func(_ *storetest.Memory, l *storetest.MemoryLog) Log {
			return wrapped{Log: l, append: func(l Log, ctx context.Context, entry []byte) (string, uint64, error) {
				l.Append(ctx, entry)
				return "", 0, errors.New("failed")
			}}
		}, false, 1},
		{"is lost at once", func(_ *storetest.Memory, l *storetest.MemoryLog) Log {
			first := true
			return wrapped{Log: l, append: func(_ Log, ctx context.Context, entry []byte) (string, uint64, error) {
				epoch, number, err := l.Append(ctx, entry)
				if first {
					first = false
					l.Lose()
				}
				return epoch, number, err
			}}
		}, false, 1},
		{"takes no other", func(_ *storetest.Memory, l *storetest.MemoryLog) Log {
			return wrapped{Log: l, append: func(l Log, ctx context.Context, entry []byte) (string, uint64, error) {
				if len(entry) > 100 {
					return "", 0, errors.New("too long")
				}
				return l.Append(ctx, entry)
			}}
		}, false, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := storetest.New()
				f := follow(t, tt.log(m, m.Log("log")), nil)
				var long, done atomic.Int64
				if tt.name == "takes no other" {
					for range 2 * tellers {
						f.Tell(make([]byte, 100), func() { long.Add(1) })
					}
				}
				synctest.Wait()
				if !f.Tell([]byte("a"), func() { done.Add(1) }) || !f.Tell([]byte("b"), nil) {
					t.Error("it is refused")
				}
				time.Sleep(5 * time.Second)
				if (done.Load() == 0) != tt.late {
					t.Errorf("after 5 s done was called %d times", done.Load())
				}
				time.Sleep(20 * time.Second)
				if done.Load() != 1 || long.Load() != 0 {
					t.Errorf("done was called %d times, and %d times for what is refused", done.Load(), long.Load())
				}
				heard := f.heard()
				if i := strings.LastIndex(heard, "begin"); strings.Count(heard[i:], " a") != tt.copies || strings.Count(heard[i:], " b") != 1 {
					t.Errorf("heard: %s", heard)
				}
				if n := f.Waiting(); n != 0 && long.Load() == 0 && tt.name != "takes no other" {
					t.Errorf("%d are waiting", n)
				}
			})
		})
	}
}

// done is called after the entry was applied.
func TestDoneComesLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var applied atomic.Uint64
		f := follow(t, storetest.New().Log("log"), func(o *Options) { o.Apply = func(uint64, []byte) { applied.Add(1) } })
		for i := range uint64(10) {
			f.Tell(nil, func() {
				if applied.Load() != i+1 || f.Position().Number != i+1 {
					t.Errorf("entry %d is done, and %d were applied", i, applied.Load())
				}
			})
			settle()
		}
	})
}

// The position says that the entry was applied.
func TestPositionComesLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := storetest.New().Log("log")
		for range 3 {
			add(t, l, box.Seal(nil, "test"))
		}
		var f *follower
		ready := make(chan bool)
		f = follow(t, l, func(o *Options) {
			o.Apply = func(number uint64, _ []byte) {
				<-ready
				if f.Position().Number != number-1 {
					t.Errorf("at entry %d the position is %d", number, f.Position().Number)
				}
			}
		})
		close(ready)
		settle()
	})
}

// What is appended while the log is read may be in the next answer only.
func TestToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := storetest.New().Log("log")
		f := follow(t, wrapped{Log: l, answer: func(epoch string, first uint64, entries [][]byte, err error) (string, uint64, [][]byte, error) {
			time.Sleep(500 * time.Millisecond)
			return epoch, first, entries, err
		}}, nil)
		for range 20 {
			f.Tell([]byte("a"), nil)
			time.Sleep(130 * time.Millisecond)
		}
		settle()
		if n := f.Position().Number; n != 20 || f.Waiting() != 0 {
			t.Errorf("%d entries, %d waiting", n, f.Waiting())
		}
	})
}

// What counts is when the log was asked: what came into it since may be missing in the answer.
func TestHeardWhenAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := storetest.New()
		m.Delay(900 * time.Millisecond)
		f := follow(t, m.Log("log"), nil)
		for range 500 {
			if !f.Deaf(850 * time.Millisecond) {
				t.Fatal("it calls heard what came meanwhile")
			}
			time.Sleep(10 * time.Millisecond)
		}
		if f.Deaf(3 * time.Second) {
			t.Error("it is deaf")
		}
	})
}

func TestTellIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := storetest.New()
		m.Fail()
		f := follow(t, m.Log("log"), nil)
		var done atomic.Int64
		for i := range queue + 10 {
			if ok := f.Tell([]byte("a"), func() { done.Add(1) }); ok != (i < queue) {
				t.Fatalf("entry %d: %v", i, ok)
			}
		}
		m.Work()
		time.Sleep(time.Minute)
		if done.Load() != queue || f.Waiting() != 0 || f.Position().Number != queue {
			t.Errorf("%d are done, %d waiting, %+v", done.Load(), f.Waiting(), f.Position())
		}
		f.Close()
		if f.Tell([]byte("a"), func() { t.Error("done") }) {
			t.Error("a closed node takes more")
		}
	})
}

// A log that can be read and takes nothing is said once, and once that it takes something again.
func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := storetest.New()
		var refuse atomic.Bool
		var mu sync.Mutex
		var stuck []error
		log := wrapped{Log: m.Log("log"), append: func(l Log, ctx context.Context, entry []byte) (string, uint64, error) {
			if refuse.Load() {
				return "", 0, errors.New("no")
			}
			return l.Append(ctx, entry)
		}}
		f := follow(t, log, func(o *Options) {
			o.Stuck = func(err error) {
				mu.Lock()
				defer mu.Unlock()
				stuck = append(stuck, err)
			}
		})
		said := func(want int) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if len(stuck) != want || want > 0 && (stuck[want-1] == nil) != (want%2 == 0) || len(f.trouble) > 0 {
				t.Errorf("%v; the log is in trouble: %v", stuck, f.trouble)
			}
		}
		refuse.Store(true)
		f.Tell([]byte("a"), nil)
		time.Sleep(time.Second)
		said(0)
		time.Sleep(time.Minute)
		said(1)
		refuse.Store(false)
		settle()
		said(2)
		if f.Waiting() != 0 {
			t.Errorf("%d are waiting", f.Waiting())
		}
	})
}

func TestDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := storetest.New()
		m.Fail()
		f := follow(t, m.Log("log"), nil)
		settle()
		if !f.Deaf(time.Hour) || len(f.trouble) != 1 || f.trouble[0] == nil {
			t.Errorf("it never heard anything, and is not deaf; trouble: %v", f.trouble)
		}
		m.Work()
		settle()
		if f.Deaf(time.Second) || len(f.trouble) != 2 || f.trouble[1] != nil {
			t.Errorf("it is deaf; trouble: %v", f.trouble)
		}
		for _, fault := range []func(){m.Fail, m.Hang, func() { m.Delay(2 * time.Second) }} {
			fault()
			time.Sleep(4 * time.Second)
			if f.Deaf(5*time.Second) || !f.Deaf(3*time.Second) {
				t.Error("it does not know since when it heard nothing")
			}
			time.Sleep(1100 * time.Millisecond)
			if !f.Deaf(5 * time.Second) {
				t.Error("it is not deaf")
			}
			m.Work()
			settle()
			if f.Deaf(time.Second) {
				t.Error("it does not come back")
			}
		}
		heard := *f.Node.heard.Load()
		heard.wall -= int64(time.Hour) // the machine slept, and the monotonic clock with it
		f.Node.heard.Store(&heard)
		if !f.Deaf(5 * time.Second) {
			t.Error("it slept, and is not deaf")
		}
	})
}

// A node that is busy reading what others say has not heard everything.
func TestDeafWhileReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := storetest.New().Log("log")
		next := uint64(0)
		f := follow(t, wrapped{Log: l, answer: func(epoch string, _ uint64, _ [][]byte, err error) (string, uint64, [][]byte, error) {
			time.Sleep(time.Second)
			next += page
			return epoch, next + 1 - page, slices.Repeat([][]byte{box.Seal([]byte("a"), "test")}, page), err
		}}, nil)
		time.Sleep(10 * time.Second)
		if !f.Deaf(time.Hour) {
			t.Error("it has not heard the end")
		}
		if f.heard() == "" {
			t.Error("it has heard nothing")
		}
	})
}

// A log that lies costs its node the ear, and no more than a few calls a second.
func TestLyingLog(t *testing.T) {
	for name, answer := range map[string]func(string, uint64, [][]byte, error) (string, uint64, [][]byte, error){
		"without an epoch": func(_ string, first uint64, entries [][]byte, err error) (string, uint64, [][]byte, error) {
			return "", first, entries, err
		},
		"repeats itself": func(epoch string, _ uint64, _ [][]byte, err error) (string, uint64, [][]byte, error) {
			return epoch, 0, make([][]byte, 1), err
		},
		"numbers without end": func(epoch string, _ uint64, _ [][]byte, err error) (string, uint64, [][]byte, error) {
			return epoch, 1<<64 - 1, make([][]byte, 3), err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				l := storetest.New().Log("log")
				add(t, l, box.Seal([]byte("a"), "test"))
				f := follow(t, wrapped{Log: l, answer: answer, since: func() { calls++ }}, nil)
				time.Sleep(10 * time.Second)
				synctest.Wait()
				if !f.Deaf(time.Second) || calls > 30 {
					t.Errorf("deaf: %v, %d calls", f.Deaf(time.Second), calls)
				}
				if heard := f.heard(); heard != "" && !strings.HasPrefix(heard, "begin") {
					t.Errorf("an entry before the beginning: %s", heard)
				}
			})
		})
	}
}

// The bubble does not end while a goroutine of a closed node is left.
func TestClose(t *testing.T) {
	for name, fault := range map[string]func(*storetest.Memory){"works": (*storetest.Memory).Work, "fails": (*storetest.Memory).Fail, "hangs": (*storetest.Memory).Hang} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := storetest.New()
				fault(m)
				f := follow(t, m.Log("log"), nil)
				for range 10 {
					f.Tell([]byte("a"), nil)
				}
				time.Sleep(time.Millisecond)
				before := time.Now()
				f.Close()
				f.Close()
				if took := time.Since(before); took > closeLimit || name == "works" && took > time.Second {
					t.Errorf("it took %v", took)
				}
				if len(f.trouble) > 1 {
					t.Errorf("trouble: %v", f.trouble)
				}
			})
		})
	}
}

// However the log fails, loses and forgets: what was told and is said to be done is known to every node, or the node was told
// since that it knows nothing; each hears what there is in order; and at the end everything is told.
func TestFaultsAgainstAModel(t *testing.T) {
	for round := range 60 {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(round), 5))
			m := storetest.New()
			l := m.Log("log")
			type node struct {
				*follower
				mu      sync.Mutex      // guards what follows
				known   map[string]bool // since it began last
				last    uint64
				forgets int
			}
			var nodes []*node
			for range 3 {
				n := &node{known: map[string]bool{}}
				n.follower = follow(t, l, func(o *Options) {
					o.Apply = func(number uint64, entry []byte) {
						n.mu.Lock()
						defer n.mu.Unlock()
						if number != n.last+1 {
							t.Errorf("entry %d comes after %d", number, n.last)
						}
						n.known[string(entry)], n.last = true, number
					}
					o.Begin = func(_ string, floor uint64) {
						n.mu.Lock()
						defer n.mu.Unlock()
						n.forgets++
						n.known, n.last = map[string]bool{}, floor
					}
				})
				nodes = append(nodes, n)
			}
			settle()
			type entry struct {
				forgets [3]int // before it was told
				done    atomic.Int64
			}
			told := map[string]*entry{}
			check := func(when string) {
				synctest.Wait()
				for text, e := range told {
					for i, n := range nodes {
						n.mu.Lock()
						if e.done.Load() > 0 && !n.known[text] && n.forgets == e.forgets[i] {
							t.Errorf("%s: node %d does not know %s", when, i, text)
						}
						n.mu.Unlock()
					}
					if e.done.Load() > 1 {
						t.Errorf("%s is done %d times", text, e.done.Load())
					}
				}
			}
			for step := range 200 {
				switch random.IntN(12) {
				case 0:
					m.Fail()
				case 1:
					m.Hang()
				case 2:
					m.DropWrites()
				case 3:
					m.Delay(time.Duration(random.IntN(1500)) * time.Millisecond)
				case 4, 5:
					m.Work()
				case 6:
					if random.IntN(10) == 0 {
						l.Lose()
					}
				case 7:
					if p := nodes[0].Position().Number; p > 0 && random.IntN(5) == 0 {
						l.RollBack(p - uint64(random.IntN(int(min(p, 5)))))
					}
				case 8:
					l.Keep(1 + random.IntN(20))
				default:
					text, e := fmt.Sprint(step), &entry{}
					for i, n := range nodes {
						n.mu.Lock()
						e.forgets[i] = n.forgets
						n.mu.Unlock()
					}
					if nodes[random.IntN(3)].Tell([]byte(text), func() { e.done.Add(1) }) {
						told[text] = e
					}
				}
				time.Sleep(time.Duration(random.IntN(500)) * time.Millisecond)
			}
			l.Keep(1000)
			m.Work()
			time.Sleep(time.Minute)
			check("at the end")
			for text, e := range told {
				if e.done.Load() != 1 {
					t.Errorf("%s is done %d times", text, e.done.Load())
				}
			}
			first := nodes[0].Position()
			for _, n := range nodes {
				if n.Position() != first || n.Deaf(time.Second) || n.Waiting() != 0 {
					t.Errorf("%+v, deaf: %v, %d waiting; the first is at %+v", n.Position(), n.Deaf(time.Second), n.Waiting(), first)
				}
			}
			if len(told) < 20 {
				t.Errorf("%d were told", len(told))
			}
		})
	}
}

// Who reads steadily what others append has heard everything each time.
func TestHeardWhileOthersAppend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := uint64(0)
		f := follow(t, wrapped{Log: storetest.New().Log("log"), answer: func(epoch string, _ uint64, _ [][]byte, err error) (string, uint64, [][]byte, error) {
			time.Sleep(100 * time.Millisecond)
			next += 9
			return epoch, next - 8, slices.Repeat([][]byte{box.Seal([]byte("a"), "test")}, 9), err
		}}, nil)
		time.Sleep(10 * time.Second)
		if f.Deaf(time.Second) {
			t.Error("it is deaf")
		}
	})
}

// Close gives what was told a while to be appended, and says how much was not.
func TestCloseTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.New()
		log := store.Log("log")
		n := Start(Options{Log: log, Use: "test", Boxes: []*seal.Box{box}, Apply: func(uint64, []byte) {}, Begin: func(string, uint64) {}})
		time.Sleep(time.Second)
		store.Fail()
		n.Tell([]byte("a"), nil)
		time.AfterFunc(time.Second, store.Work)
		if left := n.Close(); left != 0 {
			t.Errorf("%d were not told", left)
		}
		n = Start(Options{Log: log, Use: "test", Boxes: []*seal.Box{box}, Apply: func(uint64, []byte) {}, Begin: func(string, uint64) {}})
		store.Fail()
		n.Tell([]byte("b"), nil)
		if left := n.Close(); left != 1 {
			t.Errorf("%d were not told, want 1", left)
		}
	})
}
