package redisstore

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/bearcache/bearcache/test/redistest"
)

func BenchmarkGet(b *testing.B) {
	s := open(b, at(redistest.Start(b)))
	for _, size := range []int{1 << 10, 16 << 10} {
		key, record := rand.Text(), make([]byte, size)
		if err := s.Set(b.Context(), key, record, time.Hour); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Get(b.Context(), key); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%dKiB, parallel", size>>10), func(b *testing.B) {
			b.SetParallelism(8)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					if _, err := s.Get(b.Context(), key); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkSet(b *testing.B) {
	s := open(b, at(redistest.Start(b)))
	for _, size := range []int{1 << 10, 16 << 10} {
		key, record := rand.Text(), make([]byte, size)
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Set(b.Context(), key, record, time.Hour); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDown(b *testing.B) {
	server := redistest.Start(b)
	s := open(b, at(server))
	if err := s.Ping(b.Context()); err != nil {
		b.Fatal(err)
	}
	server.Kill()
	s.breakers[0] = newBreaker(1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Get(b.Context(), "k"); err == nil {
			b.Fatal("it answers")
		}
	}
}

func BenchmarkLog(b *testing.B) {
	server := redistest.Start(b)
	l := open(b, at(server)).Log("purges")
	var epoch string
	var number uint64
	entry := make([]byte, 200)
	b.Run("Append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if epoch, number, err = l.Append(b.Context(), entry); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Since, nothing new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, _, err := l.Since(b.Context(), epoch, number); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Log(server.CLI("info", "commandstats"))
}
