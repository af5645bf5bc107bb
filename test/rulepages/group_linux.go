package rulepages

import "syscall"

// ownGroup puts a server into a process group of its own, and has it stopped where the tests end without stopping it.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// endGroup ends what the server left behind.
func endGroup(leader int) { syscall.Kill(-leader, syscall.SIGKILL) }
