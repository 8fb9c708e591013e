//go:build !unix

package localaccount

import "os"

// lockFile only creates the file: without flock there is no lock that a killed process would give back.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
}

func unlockFile(file *os.File) error { return file.Close() }

// syncFolder has nothing to do where folders cannot be opened as files.
func syncFolder(string) error { return nil }
