//go:build !linux

package rulepages

import (
	"os"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return nil }

func endGroup(leader int) {
	if p, err := os.FindProcess(leader); err == nil {
		p.Kill()
	}
}
