package programtest

import "syscall"

// endWithUs has the process killed with the tests: where they panic or run out of time, no clean-up runs.
func endWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
