package labs

import (
	"os"
	"syscall"
)

// ownGroup puts a server into a process group of its own, and has it stopped where we end without
// stopping it.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

func endGroup(leader int) { syscall.Kill(-leader, syscall.SIGKILL) }

// mostMemory is how many bytes a process that has ended held at most.
func mostMemory(p *os.ProcessState) int64 {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return int64(usage.Maxrss) << 10
	}
	return 0
}
