//go:build !unix

package db

import (
	"fmt"
	"os"
)

// lockFile only creates the file: without flock there is no lock that a killed
// process would give back.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotWritable, err)
	}
	return file, nil
}

func unlockFile(file *os.File) error { return file.Close() }
