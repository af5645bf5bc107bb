//go:build !linux

package programtest

import "syscall"

func endWithUs() *syscall.SysProcAttr { return nil }
