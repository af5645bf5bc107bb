package labs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Outcome is what became of one lab.
type Outcome struct {
	Lab    *Lab
	Took   time.Duration // of the scan
	Memory int64         // bytes that the scanner held at most; 0: not known
	Score  Score
	Err    error  // no score: a server did not start, a proof failed, a scan was not completed
	Logs   string // where they are, if something failed
}

// Good reports whether the scanner saw the deployment as it is.
func (o Outcome) Good() bool { return o.Err == nil && o.Score.Good() }

// AtATime is how many labs run at once unless somebody says otherwise: most of the time they wait for a
// stored response to expire.
const AtATime = 8

// Run runs labs, so many at a time, with the scanner at binary.
func Run(ctx context.Context, list []*Lab, binary string, atATime int) []Outcome {
	outcomes := make([]Outcome, len(list))
	turn := make(chan struct{}, max(atATime, 1))
	var group sync.WaitGroup
	for i, lab := range list {
		turn <- struct{}{}
		group.Go(func() {
			outcomes[i] = lab.run(ctx, binary)
			<-turn
		})
	}
	group.Wait()
	return outcomes
}

// run shows by the lab's proof that it is as it says, starts it anew, since the proof left its
// traces in the caches, and scans it with the scanner at binary.
func (l *Lab) run(ctx context.Context, binary string) (o Outcome) {
	o.Lab = l
	dir, err := os.MkdirTemp("", "bearcache-lab-"+l.Name+"-")
	if err != nil {
		o.Err = err
		return o
	}
	defer func() {
		if o.Good() {
			os.RemoveAll(dir)
		} else {
			o.Logs = dir
		}
	}()
	if o.Err = os.Chmod(dir, 0o755); o.Err != nil { // Squid becomes another user, who must get through
		return o
	}
	if len(l.Proof) > 0 {
		if o.Err = l.Prove(ctx, binary, filepath.Join(dir, "proof"), l.Proof); o.Err != nil {
			o.Err = fmt.Errorf("the lab is not as it says: %w", o.Err)
			return o
		}
	}
	o.Err = l.with(ctx, binary, filepath.Join(dir, "scan"), func(r *running, ctx context.Context) error {
		started := time.Now()
		rep, err := r.scan(ctx)
		if err == nil {
			o.Took, o.Memory, o.Score = time.Since(started), rep.memory, score(l, rep)
		}
		return err
	})
	return o
}

// Prove starts the lab's servers and makes the requests of steps. An error is something that is not so.
func (l *Lab) Prove(ctx context.Context, binary, dir string, steps []Step) error {
	return l.with(ctx, binary, dir, func(r *running, ctx context.Context) error { return r.prove(ctx, steps) })
}

// Report starts the lab's servers and scans them. An error is a scan that gave no complete report.
func (l *Lab) Report(ctx context.Context, binary, dir string) (rep *Report, err error) {
	err = l.with(ctx, binary, dir, func(r *running, ctx context.Context) error {
		rep, err = r.scan(ctx)
		return err
	})
	return rep, err
}

// with runs do while the servers do.
func (l *Lab) with(ctx context.Context, binary, dir string, do func(*running, context.Context) error) error {
	r, err := start(ctx, l, binary, dir)
	defer r.stop()
	if err != nil {
		return err
	}
	if err := do(r, ctx); err != nil {
		return err
	}
	return r.ended()
}
