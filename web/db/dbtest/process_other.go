//go:build !linux

package dbtest

import "syscall"

// unprivileged leaves the server's processes to the user who runs the tests.
func unprivileged(string) (*syscall.SysProcAttr, error) { return nil, nil }
