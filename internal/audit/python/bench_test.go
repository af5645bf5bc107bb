package python

import (
	"os"
	"testing"
)

// BenchmarkParse reads a part of CPython's library again and again.
func BenchmarkParse(b *testing.B) {
	python := findInterpreter(b)
	var texts [][]byte
	size := 0
	for _, path := range sources(b, []string{python.library}, 10) {
		if text, err := os.ReadFile(path); err == nil {
			texts = append(texts, text)
			size += len(text)
		}
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, text := range texts {
			Parse(text)
		}
	}
}
