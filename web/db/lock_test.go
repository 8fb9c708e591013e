package db_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"keydesk/web/db"
)

// holder is set in a process that only holds a database open; see TestHolder.
const holder = "KEYDESK_TEST_HOLD"

// TestHolder is the other process: it opens the database it is told and stays until
// it is killed.
func TestHolder(t *testing.T) {
	url := os.Getenv(holder)
	if url == "" {
		return
	}
	d, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	os.Stdout.WriteString("open\n")
	_, _ = os.Stdin.Read(make([]byte, 1))
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "keydesk.db")
	other := exec.Command(os.Args[0], "-test.run=^TestHolder$")
	other.Env = append(os.Environ(), holder+"="+url)
	// Held open: the process would end with its input.
	input, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	output, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); err != nil || line != "open\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	_, err = db.Open(t.Context(), url)
	if !errors.Is(err, db.ErrInUse) || !strings.Contains(err.Error(), strings.TrimPrefix(url, "sqlite:")) {
		t.Errorf("error is %v, want ErrInUse and the file's name", err)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait() // says that it was killed
	put(t, open(t, url), "u", "x")
}

// A file that is reached by two names is one database.
func TestLockFollowsLinks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keydesk.db")
	first, err := db.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Open(t.Context(), "sqlite:"+link); !errors.Is(err, db.ErrInUse) {
		t.Errorf("through a link: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, "sqlite:"+link)
}
