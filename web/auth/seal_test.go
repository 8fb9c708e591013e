package auth

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"keydesk/web/db/dbtest"
)

// Replicas have the same key from the same file, and it isn't the file's.
func TestSignInKey(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "codes.key")
	if _, err := SignInKey(file); !errors.Is(err, ErrKeyFile) {
		t.Errorf("without a file: %v", err)
	}
	if _, err := OpenCodes(openDB(t, dbtest.SQLite(t)), file); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	one, err := SignInKey(file)
	if err != nil || len(one) != 64 || bytes.Contains(one, content) {
		t.Errorf("%d bytes, %v", len(one), err)
	}
	if two, err := SignInKey(file); err != nil || !bytes.Equal(one, two) {
		t.Errorf("another time another key, %v", err)
	}
}
