//go:build !race

package bearer

import (
	"context"
	"testing"
)

// Not under the race detector, which has a sync.Pool forget at random.
func TestRememberedAllocations(t *testing.T) {
	m, token := remembered(t)
	if n := testing.AllocsPerRun(100, func() { m.Verify(context.Background(), token) }); n > 2 {
		t.Errorf("%v allocations", n)
	}
}
