package rulepages

import (
	"os/exec"
	"syscall"
	"time"
)

// started is a program that runs, with those that it starts itself.
type started struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

func (p *started) start() error {
	p.cmd.SysProcAttr = ownGroup()
	p.cmd.WaitDelay = 5 * time.Second // for processes of its own that have its output
	if err := p.cmd.Start(); err != nil {
		return err
	}
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	return nil
}

// stop ends the program, and returns when it has ended.
func (p *started) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
	}
	endGroup(p.cmd.Process.Pid)
	<-p.ended
}
