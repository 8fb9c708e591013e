package db

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// Root may write anywhere, so the test opens the file as nobody. The file system
// identity belongs to the thread, which ends with the test's goroutine because it
// stays locked.
func TestFolderThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() {
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			if err := syscall.Setfsuid(65534); err != nil {
				failed <- err
				return
			}
		}
		_, err := Open(t.Context(), "sqlite:"+filepath.Join(folder, "keydesk.db"))
		failed <- err
	}()
	if err := <-failed; !errors.Is(err, ErrNotWritable) {
		t.Errorf("error is %v, want ErrNotWritable", err)
	}
}
